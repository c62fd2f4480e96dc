"""Which lines of a file are its header, which are rows, and what their numbers are."""

from collections.abc import Sequence

import pandas as pd
import pytest
from support.dataset_runner import DatasetRunner, StepResult
from support.read_table import read_table
from tabwright.dataset.observed import detect_source
from tabwright.io.read import detect, read_batches

BODY = [f"{'ab'[n % 2]}{n},{n}.5,{n * 3 % 7}.25,{('yes', 'no')[n % 3 > 0]}" for n in range(1, 31)]


def table(
    runner: DatasetRunner, text: str, target: str = "y", name: str = "table.csv"
) -> pd.DataFrame:
    """The rows of a text, when its target is known."""
    path = runner.clear() / name
    path.write_bytes(text.encode())
    return pd.concat(read_batches(path, detect(path, "", [target]), []))


def made(runner: DatasetRunner, text: str, **params: object) -> StepResult:
    (runner.clear() / "table.csv").write_text(text, encoding="utf-8")
    return runner.run("table.csv", "y", **params)


HEADERS = ["s,9.81,9.72,y", "2019,2020,2021,y", "1,2,3,y", "s,1e3,-5,y"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("above", ["", "Report\n\n", "Report,of,2024,x\n"])
def test_line_with_the_target_is_the_header(runner: DatasetRunner, header: str, above: str) -> None:
    found = table(runner, "\n".join([above + header, *BODY, ""]))
    assert list(found) == header.split(",")
    assert len(found) == len(BODY)


def test_new_file_has_the_header_of_the_contract(runner: DatasetRunner) -> None:
    assert made(runner, "\n".join(["s,9.81,9.72,y", *BODY, ""])).worked
    new = runner.raw / "new.csv"
    new.write_text("9.72,y,9.81,s\n1.5,yes,2.5,a1\n", encoding="utf-8")
    schema = runner.schema
    source = detect_source(new, schema)
    found = pd.concat(read_batches(new, source, known=schema.known_columns))
    assert found.to_dict("records") == [{"9.72": "1.5", "y": "yes", "9.81": "2.5", "s": "a1"}]


def test_target_that_is_a_cell_somewhere_makes_no_header(runner: DatasetRunner) -> None:
    found = table(runner, "\n".join(["s,n,m,z", *BODY, ""]), target="yes")
    assert list(found) == ["s", "n", "m", "z"]


@pytest.mark.parametrize("again", ["s,n,m,y", "S, n,M ,Y", "s,n,m,y\n\ns,n,m,y"])
def test_header_between_parts_is_no_row(runner: DatasetRunner, again: str) -> None:
    run = made(runner, "\n".join(["s,n,m,y", *BODY[:15], again, *BODY[15:], ""]))
    assert run.worked, run
    schema = runner.schema
    assert schema.columns["y"].categories == ["no", "yes"]
    assert len(runner.table("rejected")) == 0
    assert "repeat the header" in run.output


def test_units_between_parts_are_no_rows(runner: DatasetRunner) -> None:
    top = ["s,n,m,y", ",cm,kg,"]
    found = table(runner, "\n".join([*top, *BODY[:15], *top, *BODY[15:], ""]))
    assert len(found) == len(BODY)


INCOMPLETE = ["Rome,n/k,n/k,no", "Rome,?,?,", "Oslo,unknown,missing,yes", "a2,x,z,no"]


@pytest.mark.parametrize("row", INCOMPLETE)
def test_first_row_without_its_numbers_is_a_row(runner: DatasetRunner, row: str) -> None:
    found = table(runner, "\n".join(["s,n,m,y", row, *BODY, ""]))
    assert found.iloc[0].tolist() == row.split(",")


@pytest.mark.parametrize("units", [",cm,kg,", "name,[cm],[kg],class", ",-,kg,", ",%,%,"])
def test_units_are_no_row(runner: DatasetRunner, units: str) -> None:
    found = table(runner, "\n".join(["s,n,m,y", units, *BODY, ""]))
    assert len(found) == len(BODY)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("words", [["'Hello'", "'90s mix", "O'Malley"], ["'Hello'", "x", "y"]])
def test_apostrophes_are_text(runner: DatasetRunner, separator: str, words: Sequence[str]) -> None:
    rows = [[words[n % 3], str(n), ("yes", "no")[n % 2]] for n in range(30)]
    lines = [separator.join(row) for row in [["song", "n", "y"], *rows]]
    found = table(runner, "\n".join([*lines, "remark without cells", ""]))
    assert found.to_numpy().tolist() == rows


def test_apostrophes_that_part_cells_are_quotes(runner: DatasetRunner) -> None:
    rows = [f"'a, {n}',{n},'it''s'" for n in range(9)]
    found = table(runner, "\n".join(["'s','n','y'", *rows, ""]))
    assert found["s"].tolist() == [f"a, {n}" for n in range(9)]
    assert set(found["y"]) == {"it's"}


@pytest.mark.parametrize("blank", ["\u00a0", "\u2007", "\u202f", "\u200b", "\ufeff", " \u00a0 "])
@pytest.mark.parametrize("name", ["table.csv", "table.xlsx", "table.jsonl", "table.parquet"])
def test_blanks_of_all_kinds_are_no_part_of_a_cell(
    runner: DatasetRunner, blank: str, name: str
) -> None:
    rows = pd.DataFrame({f"y{blank}": ["Rome", f"Rome{blank}", f"{blank}Rome"], "n": [1, 2, 3]})
    path = runner.clear() / name
    match path.suffix:
        case ".csv":
            rows.to_csv(path, index=False)
        case ".xlsx":
            rows.to_excel(path, index=False)
        case ".jsonl":
            rows.to_json(path, orient="records", lines=True)
        case _:
            rows.to_parquet(path)
    assert read_table(path)["y"].tolist() == ["Rome"] * 3


@pytest.mark.parametrize("target", ["caf\u00e9", "cafe\u0301"])
@pytest.mark.parametrize("name", ["caf\u00e9", "cafe\u0301"])
def test_names_of_one_look_are_one_name(runner: DatasetRunner, name: str, target: str) -> None:
    (runner.clear() / "table.csv").write_text(f"n,{name}\n" + "1,a\n2,b\n" * 9, encoding="utf-8")
    runner.set(raw="data/raw/table.csv", target=target)
    assert not runner.infer().message
    assert list(runner.schema.columns) == ["n", "caf\u00e9"]


def test_names_alike_but_for_a_blank_are_told_apart(runner: DatasetRunner) -> None:
    path = runner.clear() / "table.parquet"
    pd.DataFrame({"a": [1], "a ": [2], "b": [3]}).to_parquet(path)
    assert read_table(path).to_dict("records") == [{"a": 1, "a.1": 2, "b": 3}]


def test_row_numbers_count_every_line_below_the_header(runner: DatasetRunner) -> None:
    lines = ["s,n,m,y", *BODY]
    lines[10:10] = ["", ",,,", "  "]  # rows 10, 11, 12
    lines[20] = "a20,much,1,yes"
    lines[25] = "a25,1"
    run = made(runner, "Title\n\n" + "\n".join(lines), max_rejected=0.5)
    assert run.worked, run
    found = runner.table("rejected")
    assert found["rejected_row"].tolist() == [20, 25]
    assert "row 20, column 'n': 'much'" in run.output


def test_repeated_rows_have_their_numbers(runner: DatasetRunner) -> None:
    lines = ["s,n,m,y", *BODY]
    lines[5:5] = ["", ",,,"]  # rows 5 and 6
    lines += [BODY[0], "", BODY[1]]  # rows 33 and 35
    run = made(runner, "\n".join(lines), max_rejected=0.5, duplicates="reject")
    assert run.worked, run
    assert runner.table("rejected")["rejected_row"].unique().tolist() == [33, 35]


def test_json_lines_count_empty_lines(runner: DatasetRunner) -> None:
    path = runner.clear() / "table.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n', encoding="utf-8")
    assert read_table(path)["a"].to_dict() == {1: 1, 3: 2}


@pytest.mark.parametrize("place", [3, 25])
def test_nul_in_a_cell_costs_its_row(runner: DatasetRunner, place: int) -> None:
    lines = ["s,n,m,y", *BODY]
    lines[place] = "a\0,1.5,2.5,yes"
    run = made(runner, "\n".join(lines), max_rejected=0.5)
    assert run.worked, run
    found = runner.table("rejected")
    assert found["rejected_row"].tolist() == [place]
    assert "NUL" in found["rejected_rule"][0]


def test_remarks_below_a_padded_text_table_are_set_aside(runner: DatasetRunner) -> None:
    run = made(runner, "\n".join(["s,n,m,y", *BODY, ",,,", "Source: a survey,,,"]))
    assert run.worked, run
    assert runner.table("rejected")["rejected_value"].tolist() == ["Source: a survey"]
