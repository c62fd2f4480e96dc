"""Columns that no model looks at come out of a prediction as they went in."""

import csv
import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.dummy import DummyClassifier
from support.dataset_runner import DatasetRunner
from support.read_table import read_table
from tabwright.evaluation import predictions
from tabwright.io import typed
from tabwright.io.source import Source
from tabwright.prediction.predict import show
from tabwright.prediction.predict_file import predict_file
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema

KEYS = [1582218195625938945, None, 1582218195625938949]


def predicted(runner: DatasetRunner, name: str, output: str, **options: Any) -> Path:
    """Predict `data/raw/<name>` by the columns `size` and `y`."""
    columns = {
        "size": Column("numeric"),
        "on": Column("datetime", role="ignore", format="%d.%m.%Y"),
        "y": Column("category", categories=["a", "b"]),
    }
    schema = Schema("y", "classification", columns, Source())
    model = DummyClassifier().fit(pd.DataFrame({"size": [1.0, 2.0, 3.0]}), ["a", "b", "b"])
    predict_file(runner.raw / name, runner.raw / output, model, schema, **options)
    return runner.raw / output


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_lines_keep_long_integers_and_floats(runner: DatasetRunner) -> None:
    cards = [4.912345678123456, 0.1, 1e22]
    rows = [{"key": k, "card": c, "size": 1} for k, c in zip(KEYS, cards, strict=True)]
    (runner.clear() / "new.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = written(predicted(runner, "new.jsonl", "out.csv"))
    assert [row["key"] for row in found] == ["1582218195625938945", "", "1582218195625938949"]
    assert [float(row["card"]) for row in found] == cards
    assert [float(row["probability_a"]) for row in found] == [1 / 3] * 3


def test_text_is_written_as_it_was(runner: DatasetRunner) -> None:
    cells = ["007", " two blanks ", "1e3", "NA", "4.9123456781234567", 'a "b"', "\u00a0x", "1,5"]
    text = "key;size\n" + "".join(f'"{cell.replace(chr(34), chr(34) * 2)}";1\n' for cell in cells)
    (runner.clear() / "new.csv").write_text(text, encoding="utf-8")
    found = written(predicted(runner, "new.csv", "out.csv"))
    assert [row["key"] for row in found] == cells


COLUMNS: dict[str, pa.Array] = {
    "amount": pa.array([Decimal("99.90"), None, Decimal("1.00")], pa.decimal128(9, 2)),
    "day": pa.array([datetime.date(2024, 1, 2), None, datetime.date(2024, 1, 3)]),
    "town": pa.array(["Graz", None, "Bonn"]).dictionary_encode(),
    "key": pa.array(KEYS),
    "short": pa.array([1, None, 3], pa.int8()),
    "yes": pa.array([True, None, False]),
    "note": pa.array(["x", None, "007"], pa.large_string()),
    "seen": pa.array([datetime.datetime(2024, 1, 2, 3), None, None], pa.timestamp("ms", "UTC")),
    "ratio": pa.array([0.1, 0.2, 0.3], pa.float32()),
}


def test_parquet_keeps_its_types(runner: DatasetRunner) -> None:
    table = pa.table(COLUMNS | {"size": [1.0, 2.0, 3.0]})
    pq.write_table(table, runner.clear() / "new.parquet")
    out = pq.read_table(predicted(runner, "new.parquet", "out.parquet"))
    for name in COLUMNS:
        assert out[name].type == table[name].type, name
        assert out[name].to_pylist() == table[name].to_pylist(), name


def test_parquet_as_text_has_all_digits(runner: DatasetRunner) -> None:
    pq.write_table(pa.table(COLUMNS | {"size": [1.0, 2.0, 3.0]}), runner.clear() / "new.parquet")
    first, second, _ = written(predicted(runner, "new.parquet", "out.csv"))
    assert {name: first[name] for name in ("amount", "day", "key", "short", "note", "ratio")} == {
        "amount": "99.90",
        "day": "2024-01-02",
        "key": "1582218195625938945",
        "short": "1",
        "note": "x",
        "ratio": "0.1",
    }
    assert {second[name] for name in ("amount", "day", "town", "key", "short", "yes")} == {""}


def test_dates_with_a_type_are_written_as_the_schema_has_them(runner: DatasetRunner) -> None:
    days = [datetime.datetime(2024, 1, 20), None, datetime.datetime(2024, 2, 1)]
    dates = {"on": pa.array(days, pa.timestamp("us")), "off": pa.array(days, pa.timestamp("ns"))}
    pq.write_table(pa.table(dates | {"size": [1.0, 2.0, 3.0]}), runner.clear() / "new.parquet")
    found = written(predicted(runner, "new.parquet", "out.csv"))
    assert [row["on"] for row in found] == ["20.01.2024", "", "01.02.2024"]
    assert [row["off"] for row in found] == ["2024-01-20", "", "2024-02-01"]


NAMED: dict[str, Any] = {
    "a date": pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], name="key"),
    "a word": pd.Index(["x", "y", "z"], name="key"),
    "a range": pd.RangeIndex(10, 40, 10, name="key"),
    "two": pd.MultiIndex.from_tuples([("x", 1), ("y", 2), ("z", 3)], names=["key", "part"]),
}


@pytest.mark.parametrize("index", NAMED.values(), ids=NAMED)
def test_named_index_is_a_column(runner: DatasetRunner, index: pd.Index) -> None:
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0]}, index=index)
    table.to_parquet(runner.clear() / "new.parquet")
    found = read_table(runner.raw / "new.parquet")
    assert list(found) == [*index.names, "size"]
    assert found["key"].tolist() == table.reset_index()["key"].tolist()
    assert found.index.tolist() == [1, 2, 3]
    out = pd.read_parquet(predicted(runner, "new.parquet", "out.parquet"))
    assert out["key"].tolist() == table.reset_index()["key"].tolist()


def test_text_and_numbers_of_all_types_are_read(runner: DatasetRunner) -> None:
    columns = {
        "view": pa.array([" a ", None, "b"], pa.string_view()),
        "key": pa.array([2**64 - 1, None, 2**64 - 3], pa.uint64()),
    }
    path = runner.clear() / "new.parquet"
    pq.write_table(pa.table(columns), path)
    found = read_table(path)
    assert found["view"].fillna("").tolist() == ["a", "", "b"]
    assert found["key"].dropna().tolist() == [2**64 - 1, 2**64 - 3]
    pq.write_table(pa.table({"bytes": pa.array([b"ab"], pa.binary(2))}), path)
    with pytest.raises(ProjectError, match="'bytes'"):
        read_table(path)


def test_index_without_a_name_is_none(runner: DatasetRunner) -> None:
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0]})
    path = runner.clear() / "new.parquet"
    for rows in (table, table.iloc[[2, 0]]):
        rows.to_parquet(path)
        assert list(read_table(path)) == ["size"]


def test_keys_of_training_rows_keep_their_digits(runner: DatasetRunner) -> None:
    keys = [1582218195625938945 + 2 * n if n % 7 else None for n in range(40)]
    table = {"key": pa.array(keys), "size": [n % 9 + 0.5 for n in range(40)], "y": ["a", "b"] * 20}
    pq.write_table(pa.table(table), runner.clear() / "table.parquet")
    found = read_table(runner.raw / "table.parquet")["key"]
    assert [None if pd.isna(key) else int(key) for key in found] == keys


def test_what_is_printed_is_what_was_written(runner: DatasetRunner, capsys) -> None:
    path = runner.clear() / "out.csv"
    path.write_text(
        "key,predicted_y,probability_a\n1582218195625938945,None,0.123456\n,NA,1.0\n", "utf-8"
    )
    show(path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["1582218195625938945", "None", "0.1235"]
    assert lines[2].split() == ["NA", "1"]


def test_row_without_a_finite_prediction_has_its_number(runner: DatasetRunner, monkeypatch) -> None:
    (runner.clear() / "new.csv").write_text("key,size\na,1\n\nb,2\nc,3\n", encoding="utf-8")
    values = np.array([[0.5, 0.5], [0.5, float("nan")], [0.5, 0.5]])
    monkeypatch.setattr(predictions, "predict_scores", lambda *_: values)
    found = written(predicted(runner, "new.csv", "out.csv"))
    assert [row["predicted_y"] for row in found] == ["b", "", "b"]
    assert "finite" in found[1]["prediction_note"]
    with pytest.raises(ProjectError, match=r"row 3\b"):
        predicted(runner, "new.csv", "out.csv", strict=True)


# Rows that are none, in their place ---------------------------------------------------------------

RAGGED = "key,size\na,1\nb,2,3\nc,\nd\ne,5\n"


@pytest.mark.parametrize("rows", [2, 100_000])
@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_ragged_rows_stay_in_place(runner: DatasetRunner, output, rows) -> None:
    (runner.clear() / "new.csv").write_text(RAGGED, encoding="utf-8")
    with runner.in_batches(rows):
        path = predicted(runner, "new.csv", output)
    found = written(path) if output.endswith("csv") else pd.read_parquet(path).to_dict("records")
    assert [row["key"] for row in found] == [*"abcde"]
    assert [bool(row["predicted_y"]) and row["predicted_y"] == "b" for row in found] == [
        *(True, False, True, False, True)
    ]
    assert ["cells" in str(row["prediction_note"]) for row in found] == [0, 1, 0, 1, 0]


def test_rows_of_two_files_stay_in_place(runner: DatasetRunner) -> None:
    (runner.clear() / "new").mkdir()
    for name in ("1.csv", "2.csv"):
        (runner.raw / "new" / name).write_text(RAGGED, encoding="utf-8")
    found = written(predicted(runner, "new", "out.csv"))
    assert [row["key"] for row in found] == [*"abcdeabcde"]
    assert [row["predicted_y"] for row in found] == ["b", "", "b", "", "b"] * 2


def test_a_row_with_a_nul_keeps_its_cells(runner: DatasetRunner) -> None:
    text = "key;size;z\n" + "a;1;x\n" * 9 + "b;2\0;y\nc;3;z\n"
    (runner.clear() / "new.csv").write_text(text, encoding="utf-8")
    found = written(predicted(runner, "new.csv", "out.csv"))
    assert [row["key"] for row in found] == [*"aaaaaaaaabc"]
    assert found[9]["z"] == "y"
    assert found[9]["predicted_y"] == ""


@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_footnotes_of_a_workbook_stay_in_place(runner: DatasetRunner, output) -> None:
    rows = {"key": [1, 2, 3], "size": [1, 2, 3], "note": ["x", "y", "z"]}
    end = pd.DataFrame({"key": [None, "* made by hand"]})
    pd.concat([pd.DataFrame(rows), end]).to_excel(runner.clear() / "new.xlsx", index=False)
    path = predicted(runner, "new.xlsx", output)
    found = pd.read_csv(path) if output.endswith("csv") else pd.read_parquet(path)
    assert found["key"].tolist()[:3] == [1, 2, 3]
    assert found["predicted_y"].isna().tolist() == [False, False, False, True]
    assert "made by hand" in found["prediction_note"][3]


# Types that show only further down ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([None, None], [5, 1582218195625938945]),
        ([None, None], ["x", "007"]),
        ([1, 2], [2.5, None]),
        ([1, 2], ["x", "y"]),
        (["x", "y"], [1, 2]),
        ([True, None], ["x", 1]),
    ],
)
@pytest.mark.parametrize("omitted", [False, True])
def test_type_of_a_column_may_show_further_down(
    runner: DatasetRunner, first: list[Any], later: list[Any], omitted: bool
) -> None:
    rows = [{"key": key, "size": 1} for key in [*first, *later]]
    if omitted:
        rows = [{n: cell for n, cell in row.items() if cell is not None} for row in rows]
    (runner.clear() / "new.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with runner.in_batches(2), pytest.MonkeyPatch.context() as patch:
        patch.setattr(typed, "BATCH_ROWS", 2)
        out = pq.read_table(predicted(runner, "new.jsonl", "out.parquet"))
    kept = {type(cell) for cell in out["key"].to_pylist()} - {type(None)}
    assert len(kept) == 1
    kind = kept.pop()
    assert out["key"].to_pylist() == [
        None if c is None else (str(c).lower() if c is True else kind(c)) for c in [*first, *later]
    ]
    assert out["predicted_y"].to_pylist() == ["b"] * 4
