"""The table in a sheet of a workbook."""

import openpyxl
import pandas as pd
import pytest
from support.dataset_runner import DatasetRunner
from support.read_table import read_table
from support.workbook import workbook
from tabwright.io.read import detect

CELLS = [[f"0{2100 + n}", f"{n}E2", n, n + 0.5, ("yes", "no")[n % 3 > 0]] for n in range(30)]
NAMES = ["zip", "part", "n", "m", "y"]


def test_text_of_digits_stays_text(runner: DatasetRunner) -> None:
    path = runner.clear() / "table.xlsx"
    path.write_bytes(workbook({"Sheet": [NAMES, *CELLS]}))
    found = read_table(path)
    assert found[["zip", "part"]].to_numpy().tolist() == [row[:2] for row in CELLS]
    assert found["n"].dtype == "int64"
    assert found["m"].dtype == "float64"


@pytest.mark.parametrize("name", ["table.xlsx", "table.csv"])
def test_codes_with_an_e_are_no_numbers(runner: DatasetRunner, name: str) -> None:
    rows = pd.DataFrame(CELLS, columns=NAMES)
    path = runner.clear() / name
    rows.to_csv(path, index=False) if name.endswith("csv") else rows.to_excel(path, index=False)
    assert runner.run(name, "y").worked
    columns = runner.schema.columns
    assert columns["part"].role == "identifier" or columns["part"].type == "category"
    assert columns["m"].type == "numeric"


PLAIN = [
    [f"z{n % 9}", "ab"[n % 2], n * 7 % 30, n + 0.5, ("yes", "no")[n % 3 > 0]] for n in range(30)
]
ABOVE: dict[str, list[list[object]]] = {
    "a title": [["Survey of 2024"], []],
    "titles in cells": [["Survey", 2024, "by", "hand", "x"]],
    "units": [],
}


@pytest.mark.parametrize("above", ABOVE)
def test_table_in_a_sheet_is_found(runner: DatasetRunner, above: str) -> None:
    units = [[None, None, "cm", "kg", None]] if above == "units" else []
    rows = [*ABOVE[above], NAMES, *units, *PLAIN[:9], [], *PLAIN[9:]]
    end = [[], ["Source: the survey of 2024"], ["* by hand"]]
    (runner.clear() / "table.xlsx").write_bytes(workbook({"Sheet": [*rows, *end]}))
    run = runner.run("table.xlsx", "y", max_rejected=0.5)
    assert run.worked, run
    made = pd.concat(runner.table(name) for name in ("train", "test", "unlabelled"))
    assert sorted(made["n"]) == list(range(30))
    assert list(made) == NAMES
    rejected = runner.table("rejected")
    assert rejected["rejected_value"].tolist() == ["Source: the survey of 2024", "* by hand"]
    assert rejected["rejected_row"].tolist() == [33, 34]


@pytest.mark.parametrize("above", [[], [["Survey"], []]])
def test_merged_cells_hold_their_value_in_each_row(
    runner: DatasetRunner, above: list[list[object]]
) -> None:
    path, first = runner.clear() / "table.xlsx", len(above) + 2
    path.write_bytes(workbook({"Sheet": [*above, NAMES, *PLAIN]}))
    book = openpyxl.load_workbook(path)
    if above:
        book.active.merge_cells("A1:E1")
    book.active.merge_cells(f"A{first}:A{first + 3}")
    book.active.merge_cells(f"B{first + 1}:C{first + 2}")
    book.save(path)
    found = read_table(path, detect(path, "", ["y"]))
    assert found["zip"].tolist()[:5] == ["z0", "z0", "z0", "z0", "z4"]
    assert found["part"].tolist()[:4] == ["a", "b", "b", "b"]
    assert found["n"].fillna(-1).tolist()[:4] == [0, -1, -1, 21]


@pytest.mark.parametrize("cover", [[["About this book"]], [["a", "b"], [1, 2], [3, 4]], []])
def test_other_sheets_are_named_where_the_first_has_no_table(
    runner: DatasetRunner, cover: list[list[object]]
) -> None:
    (runner.clear() / "table.xlsx").write_bytes(
        workbook({"Read me": cover, "Data": [NAMES, *CELLS]})
    )
    run = runner.run("table.xlsx", "y")
    assert "'Read me'" in run.message
    assert "'Data'" in run.message
    assert "#Data" in run.message
    assert runner.run("table.xlsx", "y", select="Data").worked


def test_what_was_read_and_left_out_is_said(runner: DatasetRunner) -> None:
    sheets = {"Data": [["Survey"], NAMES, [None, None, "cm", "kg", None], *PLAIN], "More": [["x"]]}
    (runner.clear() / "table.xlsx").write_bytes(workbook(sheets))
    runner.set(raw="data/raw/table.xlsx", target="y")
    said = runner.infer().output
    for words in ("'Data'", "'More'", "Survey", "cm"):
        assert words in said
