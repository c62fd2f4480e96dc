"""Parquet, JSON and Excel files which are damaged, or hold no table."""

import json
from functools import partial

import pyarrow as pa
from support.broken import (
    CUT,
    ROWS,
    Case,
    add,
    assert_explained,
    csv,
    every,
    frame,
    outcome,
    parquet,
    put,
    zipped,
)
from support.dataset_runner import DatasetRunner
from support.workbook import workbook

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    assert_explained(outcome(runner, case), case)


@case("table.parquet", "'place'", "nested|struct|list|kind|type")
def parquet_with_nested_columns(raw):
    place = pa.array([{"x": n, "tags": ["a", "b"]} for n in range(ROWS)])
    return put(raw, "table.parquet", parquet(pa.table(frame()).append_column("place", place)))


@case("table.parquet", CUT + "|not a Parquet")
def parquet_cut_off(raw):
    content = parquet()
    return put(raw, "table.parquet", content[: len(content) // 2])


@case("table.parquet", CUT + "|not a Parquet|page|read")
def parquet_damaged_within(raw):
    content = bytearray(parquet(frame(3000)))
    content[100:4000] = bytes(3900)
    return put(raw, "table.parquet", bytes(content))


@case("table.parquet|'y'", "no (row|value)|empty|only")
def parquet_without_rows(raw):
    return put(raw, "table.parquet", parquet(frame(0)))


@case("table.parquet", "no column|'y'|empty")
def parquet_without_columns(raw):
    return put(raw, "table.parquet", parquet(pa.table({})))


@case("parts", "b.parquet", "column|'size'")
def parquet_parts_of_different_columns(raw):
    put(raw, "parts/a.parquet", parquet())
    put(raw, "parts/b.parquet", parquet(frame().drop(columns="size")))
    return "parts"


@case("table.json", "table|rows|list|records")
def json_number(raw):
    return put(raw, "table.json", b"42")


@case("table.json", "table|rows|list|records")
def json_list_of_numbers(raw):
    return put(raw, "table.json", b"[1, 2, 3]")


@case("table.json", "table|rows|records|empty")
def json_empty_list(raw):
    return put(raw, "table.json", b"[]")


@case("table.json", "table|nested|'place'|cell")
def json_of_nested_objects(raw):
    rows = [{**row, "place": {"x": [1, {"deep": 2}]}} for row in frame().to_dict("records")]
    return put(raw, "table.json", json.dumps(rows).encode())


@case("table.json", "JSON", CUT + "|line|character|column")
def json_cut_off(raw):
    return put(raw, "table.json", frame().to_json(orient="records").encode()[:-100])


@case("table.jsonl", "line|row", "7|JSON")
def json_lines_with_a_broken_one(raw):
    lines = frame().to_json(orient="records", lines=True).splitlines()
    lines[6] = lines[6][:-5]
    return put(raw, "table.jsonl", "\n".join(lines).encode())


@case("table.jsonl", "line|row|object|table")
def json_lines_of_numbers(raw):
    return put(raw, "table.jsonl", b"1\n2\n3\n" * 10)


@case("table.xlsx", "empty|no (row|table|column|cell)|'y'")
def excel_with_an_empty_sheet(raw):
    return put(raw, "table.xlsx", workbook({"Sheet1": []}))


@case("table.xlsx", "Prices", "Sheet1", params={"select": "Prices"})
def excel_without_that_sheet(raw):
    rows = [list(frame().columns), *frame().to_numpy().tolist()]
    return put(raw, "table.xlsx", workbook({"Sheet1": rows}))


@case("table.xlsx", CUT + "|not|Excel")
def excel_cut_off(raw):
    content = workbook({"Sheet1": [list(frame().columns), *frame().to_numpy().tolist()]})
    return put(raw, "table.xlsx", content[: len(content) // 2])


@case("table.xlsx", r"\bno|Excel")
def other_zip_named_excel(raw):
    return put(raw, "table.xlsx", zipped(table_csv=csv()))
