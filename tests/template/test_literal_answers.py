"""Answers reach the project as they were typed, whatever they hold."""

import tomllib

import configobj
import pytest
import yaml
from support.generator import Generator
from support.in_process import generated

LITERAL = [
    'He said "yes"',
    "it's 'quoted'",
    "three ''' and \"\"\"",
    "back\\slash \\n \\u0041 at the end \\",
    "emoji 🐧, a family 👩‍👩‍👧 and Ünïcödé",
    "日本語のプロジェクト",
    "$(touch pwned) ${HOME} $HOME",
    "`touch pwned`",
    "; touch pwned #",
    "| touch pwned && touch pwned > pwned",
    "<script>alert(1)</script> &amp;",
    "# no comment",
    "- item: [a, b], {c: d} *e* !f",
    "null",
    "100 % %s %(name)s {0} {name}",
    "../../etc/passwd",
    "--help",
    "class",
    "con",
    "numpy",
]


@pytest.mark.parametrize("text", LITERAL)
def test_text_is_literal(text: str, generator: Generator) -> None:
    project = generator(project_name=text, project_slug="p", description=text, author_name=text)
    settings = tomllib.loads(project.read("pyproject.toml"))
    about = settings["project"]
    assert settings["tool"]["tabwright"]["title"] == text
    assert about["description"] == text
    assert about["authors"] == [{"name": text}]
    assert project.read("README.md").startswith(f"# {text}\n\n{text}\n")
    assert text in project.read("LICENSE")
    assert not list(generator.folder.rglob("pwned"))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Birds of 2024\n\nsize;sex\n1;f\n2;m\n", "sex"),
        ("1,f\n2,m\n", "#1"),
        ("1,f\n2,m\n", "-1"),
        ("1,f\n2,m\n", "column_1"),
        ("Polls,Polls\n1,2\n", "Polls.1"),
        ("size  sex\n 1    f\n 12   m\n", "sex"),
        ("size,größe\n1,2\n", "größe"),
    ],
)
def test_target_is_found_where_the_project_finds_it(
    text: str, target: str, generator: Generator
) -> None:
    (generator.folder / "table.csv").write_text(text, encoding="cp1252")
    assert generator.run(raw_data="table.csv", target=target, venv=False).returncode == 0


@pytest.mark.parametrize("target", ["\"q\" 's' \\n", "Fare (£) ü", "- a: b # c", "${x} $(x) %"])
def test_column_and_file_are_literal(target: str, generator: Generator) -> None:
    table = generator.folder / "a b ü 'c' $(touch pwned) `d`.csv"
    table.write_text("id;" + '"' + target.replace('"', '""') + '"\n1;2\n', encoding="utf-8")
    project = generator(project_slug="p", raw_data=table.name, target=target)
    params = yaml.safe_load(project.read("params.yaml"))["data"]
    assert params["target"] == target
    assert params["raw"] == f"data/raw/{table.name}"
    assert (project.path / params["raw"]).read_bytes() == table.read_bytes()


@pytest.mark.parametrize("folder", ["../shared drive/a b", "../ü", "/srv/a,b;c", "~/it's # here"])
def test_remote_folder_is_literal(folder: str, generator: Generator) -> None:
    project = generator(project_slug="p", dvc_remote=folder)
    config = configobj.ConfigObj(str(project.path / ".dvc" / "config"), encoding="utf-8")
    expected = f"../{folder}" if folder.startswith("..") else folder
    assert config['remote "storage"']["url"] == expected


QUERY = """SELECT "a b", 'it''s: #1' AS c FROM x WHERE y LIKE '%z' -- \\ $(touch pwned) ${x}"""


def test_query_is_literal(generator: Generator) -> None:
    project = generator(
        raw_data=f"postgresql://me@host:5432/Shop?sslmode=require#{QUERY}", target="c"
    )
    params = yaml.safe_load(project.read("params.yaml"))["data"]
    assert params["source"] == "postgresql://me@host:5432/Shop?sslmode=require"
    assert params["select"] == QUERY
    assert params["raw"] == "data/raw/shop.parquet"


@pytest.mark.parametrize(
    ("answer", "raw", "select"),
    [
        ("book.xlsx#Sheet #2", "data/raw/book.xlsx", "Sheet #2"),
        ("Book.Xlsx#Sheet 2", "data/raw/Book.Xlsx", "Sheet 2"),
        ("book.xlsx", "data/raw/book.xlsx", None),
        ("a#b.csv", "data/raw/a#b.csv", None),
        ("parts#1", "data/raw/parts#1", None),
        ("sqlite:///shop.db#main.orders", "data/raw/main_orders.parquet", "main.orders"),
    ],
)
def test_part_after_a_mark(answer: str, raw: str, select: str | None, generator: Generator) -> None:
    for name in ("book.xlsx", "Book.Xlsx", "a#b.csv", "shop.db"):
        (generator.folder / name).write_text("a,sex\n1,2\n", encoding="utf-8")
    (generator.folder / "parts#1").mkdir()
    (generator.folder / "parts#1" / "a.csv").write_text("a,sex\n1,2\n", encoding="utf-8")
    project = generator(project_slug="p", raw_data=answer, target="sex")
    params = yaml.safe_load(project.read("params.yaml"))["data"]
    assert params["raw"] == raw
    assert params.get("select") == select
    assert ("source" in params) == ("://" in answer)
    assert (project.path / raw).exists() == ("://" not in answer)


def test_table_is_found_from_where_the_command_is_typed(generator: Generator) -> None:
    (generator.folder / "table.csv").write_text("a,y\n1,2\n", encoding="utf-8")
    done = generator.run("-o", "elsewhere", raw_data="table.csv", target="y", venv=False)
    assert done.returncode == 0, done.stdout
    assert (generator.folder / "elsewhere/my-ml-project/data/raw/table.csv").exists()


def test_empty_folder_is_used(generator: Generator) -> None:
    (generator.folder / "my-ml-project").mkdir()
    assert generator.run("-f", venv=False).returncode == 0
    assert (generator.folder / "my-ml-project/dvc.yaml").exists()


def test_target_of_the_example_is_known() -> None:
    assert "  target: 'sex' #" in generated().read("params.yaml")
