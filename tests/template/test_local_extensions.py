"""The answers worked out from others, as functions."""

import click
import pytest

from local_extensions import raw_data, unknown_answers, without_login


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ("example", ("none", "example", "", "", "penguins.csv")),
        ("a/b.csv", ("none", "a/b.csv", "", "", "b.csv")),
        ("C:\\data\\b.csv", ("none", "C:\\data\\b.csv", "", "", "b.csv")),
        ("parts/", ("none", "parts/", "", "", "parts")),
        ("a#b.csv", ("none", "a#b.csv", "", "", "a#b.csv")),
        ("Book.Xlsx#Sheet 2", ("none", "Book.Xlsx", "Sheet 2", "", "Book.Xlsx")),
        ("b.xLSB#a.xlsx#1", ("none", "b.xLSB", "a.xlsx#1", "", "b.xLSB")),
        ("B.Ods#", ("none", "B.Ods", "", "", "B.Ods")),
        ("x/y.xlsx.csv", ("none", "x/y.xlsx.csv", "", "", "y.xlsx.csv")),
        ("s3://b/a#b.csv", ("s3", "s3://b/a#b.csv", "", "s3://b/a#b.csv", "a#b.csv")),
        ("s3://b/T.XLS#1", ("s3", "s3://b/T.XLS", "1", "s3://b/T.XLS", "T.XLS")),
        ("http://h/t.csv?v=1#x", ("http", "http://h/t.csv?v=1", "", "http://h/t.csv?v=1", "t.csv")),
        (
            "https://h/T.Xlsx?v=1#x",
            ("http", "https://h/T.Xlsx?v=1", "x", "https://h/T.Xlsx?v=1", "T.Xlsx"),
        ),
        (
            "sqlite:///shop.db#main.orders",
            (
                "database",
                "sqlite:///shop.db",
                "main.orders",
                "sqlite:///../shop.db",
                "main_orders.parquet",
            ),
        ),
        (
            "sqlite:////srv/s.db#t",
            ("database", "sqlite:////srv/s.db", "t", "sqlite:////srv/s.db", "t.parquet"),
        ),
        (
            "sqlite:///C:/s.db#t",
            ("database", "sqlite:///C:/s.db", "t", "sqlite:///C:/s.db", "t.parquet"),
        ),
        (
            "postgresql://me@h/Shop?x=1#SELECT '#1' FROM y",
            (
                "postgresql",
                "postgresql://me@h/Shop?x=1",
                "SELECT '#1' FROM y",
                "postgresql://me@h/Shop?x=1",
                "shop.parquet",
            ),
        ),
        (
            "mysql+pymysql://h/s#Ünï",
            ("database", "mysql+pymysql://h/s", "Ünï", "mysql+pymysql://h/s", "uni.parquet"),
        ),
    ],
)
def test_parts_of_the_raw_data(answer: str, parts: tuple[str, ...]) -> None:
    names = ("source", "path", "select", "address", "file")
    assert tuple(raw_data(answer, name) for name in names) == parts


def test_an_answer_to_no_question_is_known_by_the_command_line() -> None:
    given = {"targt": "y", "target": "y"}
    with click.Context(click.Command("cookiecutter")) as context:
        context.params["extra_context"] = given
        assert unknown_answers({"target": ""}) == "targt"
        context.params["extra_context"] = '{"targt": "y"}'  # another program's
        assert unknown_answers({"target": ""}) == ""
    assert unknown_answers({"target": ""}) == ""


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("https://host/o/r.git", "https://host/o/r.git"),
        ("https://me:secret@host/o/r", "https://host/o/r"),
        ("HTTPS://secret@host/o/r", "HTTPS://host/o/r"),
        ("https://me:sec/ret@host/o/r", ""),
        ("https://host/o/r?private_token=secret", ""),
        ("ssh://git@host:22/o/r", "ssh://git@host:22/o/r"),
        ("ssh://git:secret@host/o/r", "ssh://git@host/o/r"),
        ("git@host:o/r.git", "git@host:o/r.git"),
        ("file:///srv/a@b/r", "file:///srv/a@b/r"),
    ],
)
def test_no_login_is_written_into_a_project(address: str, written: str) -> None:
    assert without_login(address) == written
