"""A guess warns, a rule refuses: what `make data` does with rows that leave the contract."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from support.dataset_runner import DatasetRunner, StepResult
from tabwright.dataset.compare import main as compare_schema
from tabwright.io import sample

ROWS = 60
KIND = "outside the contract"


def table(rows: int = ROWS) -> pd.DataFrame:
    """A column for each rule that is guessed, and a target."""
    turn = np.arange(rows)
    return pd.DataFrame(
        {
            "ticket": [f"T{n:05d}" for n in turn],
            "age": 20 + turn * 7 % 40,
            "city": np.array(["Bern", "Lyon", "Rome"])[turn % 3],
            "member": np.array(["yes", "no"])[turn % 2],
            "bought": np.array(["no", "yes"])[turn * 5 % 7 % 2],
        }
    ).astype("str")


def delivery() -> pd.DataFrame:
    """Three more rows, each outside what the first table holds."""
    more = table(ROWS + 3).tail(3)
    more["city"] = ["Graz", "", "Graz"]
    more["age"] = ["130", "140", "30"]
    more["ticket"] = ["T00001", "T90001", "T90002"]
    return pd.concat([table(), more])


@cache
def learned(runner: DatasetRunner) -> Path:
    """The project with the contract that is inferred from the first table."""
    table().to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "bought").worked
    return runner.keep("learned")


def learn(runner: DatasetRunner, **data: Any) -> None:
    """Go back to the contract of the first table."""
    runner.clear(learned(runner))
    runner.set(**data)


def remake(runner: DatasetRunner, rows: pd.DataFrame) -> StepResult:
    """Another delivery of the table under the same contract."""
    rows.to_csv(runner.raw / "table.csv", index=False)
    return runner.make_dataset()


def compare(runner: DatasetRunner, *options: str) -> None:
    """StepResult `make schema`."""
    compare_schema(runner.project, list(options))


def kept(runner: DatasetRunner) -> pd.DataFrame:
    """Rows of every part, in the order of the tickets."""
    parts = [runner.table(name) for name in ("train", "test", "unlabelled")]
    return pd.concat(parts, ignore_index=True)


def warnings(runner: DatasetRunner) -> list[dict[str, str]]:
    """What is said about the data beside the rows that are rejected."""
    return json.loads((runner.root / "reports/warnings.json").read_text(encoding="utf-8"))["issues"]


def edit(runner: DatasetRunner, column: str, old: str, new: str) -> None:
    """Change the line of a column in the contract."""
    text = runner.schema_file.read_text(encoding="utf-8")
    text, count = re.subn(rf"(?m)^(  {column}: .*?){re.escape(old)}", rf"\g<1>{new}", text)
    assert count == 1
    runner.schema_file.write_text(text, encoding="utf-8")


def test_rows_beyond_a_guess_are_kept_and_counted(runner: DatasetRunner) -> None:
    learn(runner)
    run = remake(runner, delivery())
    assert run.worked, run.message
    assert len(runner.table("rejected")) == 0
    assert len(kept(runner)) == ROWS + 3
    assert (kept(runner)["city"] == "Graz").sum() == 2
    found = [one for one in warnings(runner) if one["kind"] == KIND]
    assert {(one["column"], one["message"]) for one in found} == {
        ("city", "'Graz' in 2 rows, expected one of Bern, Lyon, Rome"),
        ("city", "an empty cell in 1 row, expected a value"),
        ("age", "'130' (1), '140' (1) in 2 rows, expected a value from 0 to 80"),
        ("ticket", "'T00001' in 1 row, expected a value of its own"),
    }
    for one in found:
        assert f"column '{one['column']}': {one['message']}" in run.output
        assert "`make schema UPDATE=1`" in one["remedy"]
        assert "`strict: true`" in one["remedy"]


@pytest.mark.parametrize(
    ("column", "rows"), [("city", [61, 62, 63]), ("age", [61, 62]), ("ticket", [61])]
)
def test_a_declared_rule_rejects(runner: DatasetRunner, column: str, rows: list[int]) -> None:
    learn(runner, max_rejected=0.2)
    edit(runner, column, "{type", "{strict: true, type")
    run = remake(runner, delivery())
    assert run.worked, run.message
    assert runner.table("rejected")["rejected_row"].tolist() == rows
    assert set(runner.table("rejected")["rejected_column"]) == {column}
    assert len(kept(runner)) == ROWS + 3 - len(rows)
    assert column not in {one["column"] for one in warnings(runner) if one["kind"] == KIND}


def test_a_cell_of_another_type_rejects_its_row_alone(runner: DatasetRunner) -> None:
    learn(runner)
    rows = delivery().reset_index(drop=True)
    rows.loc[4, ["age", "city"]] = ["many", "Oslo"]
    run = remake(runner, rows)
    assert run.worked, run.message
    rejected = runner.table("rejected")
    assert rejected["rejected_row"].tolist() == [5]
    assert rejected["rejected_rule"].tolist() == ["a number"]
    assert not any("Oslo" in one["message"] for one in warnings(runner))


def test_a_class_that_is_not_listed_is_rejected_and_told_how_to_add(runner: DatasetRunner) -> None:
    learn(runner)
    rows = table()
    rows.loc[3, "bought"] = "perhaps"
    run = remake(runner, rows)
    assert run.worked, run.message
    assert runner.table("rejected")["rejected_row"].tolist() == [4]
    assert "row 4, column 'bought': 'perhaps', expected one of no, yes" in run.output
    assert "`make schema UPDATE=1` adds a class" in run.output
    compare(runner, "--update")
    assert runner.make_dataset().worked
    assert len(runner.table("rejected")) == 0


def test_an_update_widens_a_guess_and_no_declared_rule(runner: DatasetRunner) -> None:
    learn(runner)
    edit(runner, "city", "{type", "{strict: true, type")
    delivery().to_csv(runner.raw / "table.csv", index=False)
    compare(runner, "--update")
    columns = runner.schema.columns
    assert columns["city"].categories == ["Bern", "Lyon", "Rome"]
    assert not columns["city"].nullable
    assert columns["age"].range == [0, 200]
    assert columns["ticket"].unique is False


def test_a_number_that_models_overflow_on_rejects(runner: DatasetRunner) -> None:
    learn(runner)
    rows = table()
    rows.loc[3, "age"] = "1.7976931348623157e308"
    run = remake(runner, rows)
    assert run.worked, run.message
    assert runner.table("rejected")["rejected_row"].tolist() == [4]


def test_strict_is_read_back_and_true_or_false(runner: DatasetRunner) -> None:
    learn(runner)
    assert "strict:" not in runner.schema_file.read_text(encoding="utf-8").split("columns:\n")[-1]
    edit(runner, "city", "{type", "{strict: yes, type")
    schema = runner.schema
    assert schema.columns["city"].strict is True
    runner.save_schema(schema)
    assert runner.schema == schema
    edit(runner, "city", "strict: true", "strict: maybe")
    assert "strict must be true or false" in runner.make_dataset().message


@pytest.mark.parametrize("column", ["age", "member"])
def test_categories_of_what_is_no_category_are_refused(runner: DatasetRunner, column: str) -> None:
    learn(runner)
    edit(runner, column, "{", "{categories: [1, 2], ")
    message = runner.make_dataset().message
    assert f"column '{column}'" in message
    assert "has no categories" in message


def test_what_is_ignored_may_keep_its_keys(runner: DatasetRunner) -> None:
    learn(runner)
    edit(runner, "age", "type: numeric", "type: numeric, role: ignore")
    edit(runner, "city", "type: category", "type: category, role: ignore")
    assert runner.make_dataset().worked


def with_sentinel(rows: int = 200) -> pd.DataFrame:
    """Air where -200 stands for missing in two columns, written in two ways, and in the target."""
    random = np.random.default_rng(1)
    air = pd.DataFrame(random.normal(50, 9, (rows, 3)).round(1), columns=["CO", "NOx", "C6H6"])
    air = air.astype("str")
    air.loc[::9, "CO"], air.loc[::7, "NOx"], air.loc[::8, "C6H6"] = "-200", "-200.0", "-200"
    air["site"] = np.where(np.arange(rows) % 3 == 0, "-200", "b")
    return air


def test_a_sentinel_is_missing_by_one_edit_however_it_is_written(runner: DatasetRunner) -> None:
    with_sentinel().to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "C6H6").worked
    (found,) = [one for one in warnings(runner) if one["kind"] == "sentinel"]
    assert "-200 stands apart" in found["message"]
    assert all(name in found["message"] for name in ("'CO'", "'NOx'", "'C6H6'"))
    assert "source.missing" in found["remedy"]
    text = runner.schema_file.read_text(encoding="utf-8")
    assert text.count("missing: ['']") == 1
    text = text.replace("missing: ['']", "missing: ['', '-200']")
    runner.schema_file.write_text(text, encoding="utf-8")
    run = runner.make_dataset()
    assert run.worked, run.message
    found = {one["column"] for one in warnings(runner)}
    assert not found & {"CO", "NOx", "C6H6"}  # no empty cell beyond the contract
    assert len(runner.table("unlabelled")) == 25
    rows = kept(runner)
    assert rows[["CO", "NOx"]].isna().sum().tolist() == [23, 29]
    assert rows["site"].isna().sum() == (with_sentinel()["site"] == "-200").sum()


def test_a_marker_of_a_column_is_missing_there_alone(runner: DatasetRunner) -> None:
    with_sentinel().to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "C6H6").worked
    edit(runner, "NOx", "{type", "{missing: [-200], type")
    assert runner.make_dataset().worked
    rows = kept(runner)
    assert rows[["CO", "NOx", "site"]].isna().sum().tolist() == [0, 29, 0]
    assert runner.schema.columns["NOx"].missing == ["-200"]


# More rows than are looked at --------------------------------------------------------------------


def test_a_file_keeps_the_contract_that_was_guessed_from_it(runner: DatasetRunner) -> None:
    rows = table(900)
    rows.loc[700, ["city", "age"]] = ["Graz", "9999"]
    rows.loc[701, ["city", "age"]] = ["", "-400"]
    rows.loc[702, "member"] = "unknown"
    rows.loc[703, "bought"] = "perhaps"
    rows.to_csv(runner.clear() / "table.csv", index=False)
    with mock.patch.object(sample, "MAX_ROWS", 50):
        run = runner.run("table.csv", "bought")
    assert run.worked, run.message
    assert len(runner.table("rejected")) == 0
    assert len(kept(runner)) == 900
    assert KIND not in {one["kind"] for one in warnings(runner)}
    columns = runner.schema.columns
    assert columns["city"].categories == ["Bern", "Graz", "Lyon", "Rome"]
    assert columns["city"].nullable
    assert columns["member"].categories == ["no", "unknown", "yes"]
    assert columns["bought"].categories == ["no", "perhaps", "yes"]


def test_many_categories_beyond_a_sample_are_not_listed(runner: DatasetRunner) -> None:
    rows = table(900)
    rows.loc[rows.index[::20], "city"] = [f"town {n}" for n in range(45)]
    rows.to_csv(runner.clear() / "table.csv", index=False)
    with mock.patch.object(sample, "MAX_ROWS", 50):
        assert runner.run("table.csv", "bought").worked
    assert runner.schema.columns["city"].categories is None
    assert len(runner.table("rejected")) == 0


# Values that look alike, and what the data dictionary shows --------------------------------------


@pytest.mark.parametrize("other", ["bern", "BERN", "Be\u00a0rn", "Be rn", "Be\u200brn"])
def test_values_alike_but_for_case_or_blanks_are_named(runner: DatasetRunner, other: str) -> None:
    rows = table()
    rows.loc[[0, 6], "city"] = other
    rows.loc[[7, 21], "bought"] = "Yes"
    rows.to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "bought").worked
    found = {one["column"]: one["message"] for one in warnings(runner) if one["kind"] == "spelling"}
    assert set(found) == {"bought", "city"}
    assert found["bought"].endswith("'Yes' (2) differ only in case, spaces or .0")
    assert "'Bern' (18)" in found["city"]


def test_classes_that_are_one_number_are_named(runner: DatasetRunner) -> None:
    rows = table()
    rows["bought"] = [("0", "1", "0.0", "1.0")[n % 4] for n in range(ROWS)]
    rows.to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "bought").worked
    assert len([one for one in warnings(runner) if one["kind"] == "spelling"]) == 2


def test_the_dictionary_shows_only_what_many_rows_share(runner: DatasetRunner) -> None:
    rows = table()
    rows["name"] = [f"Ada {n % 30}" for n in range(ROWS)]
    rows["mail"] = [f"{n % 40}@example.org" for n in range(ROWS)]
    rows["town"] = np.where(rows.index < 3, "Hidden", rows["city"])
    rows.to_csv(runner.clear() / "table.csv", index=False)
    assert runner.run("table.csv", "bought").worked
    text = (runner.root / "references/data_dictionary.md").read_text(encoding="utf-8")
    assert "| city | category | 0.0% | 3: Bern, Lyon, Rome |" in text
    assert not re.search("Ada|example.org|Hidden|T0", text)
    assert re.search(r"\| town \| category \| 0.0% \| 4: (Bern|Lyon|Rome), .*, \.\.\. \|", text)


@pytest.mark.parametrize(
    "source",
    [
        "https://box.blob.core.windows.net/x/t.csv?sv=2024-01-01&sig=abc%3D",
        "https://bucket.s3.amazonaws.com/t.csv?X-Amz-Signature=abc",
        "https://bucket.s3.amazonaws.com/t.csv?X%2DAmz%2DSecurity%2DToken=abc",
        "https://host/t.csv?a=1&access_token=abc",
        "https://host/t.csv?api-key=abc",
        "https://host/t.csv?key=abc",
        "https://host/t.csv#token=abc",
        "https://host/t.csv?user=me&password=abc",
        "https://abc@host/t.csv",
        "s3://bucket/t.csv?AWSAccessKeyId=abc&Expires=1",
        "postgresql://host/shop?password=abc",
        "mssql+pyodbc:///?odbc_connect=PWD%3Dabc",
        "snowflake://me@account/shop?token=abc",
    ],
)
def test_an_address_with_a_secret_is_refused(runner: DatasetRunner, source: str) -> None:
    learn(runner)
    runner.set(source=source)
    message = runner.make_dataset().message
    assert "data.source" in message
    assert ".env" in message
    assert "abc" not in message


@pytest.mark.parametrize(
    "source",
    [
        "https://host/design/t.csv?version=1&design=2&passengers=3&authuser=0",
        "https://host/key=1/token/t@2.csv?assign=x",
        "s3://bucket/monkey/t.csv",
        "postgresql://me@host/shop?sslmode=verify-full&sslkey=/etc/key.pem",
    ],
)
def test_an_address_without_one_is_taken(runner: DatasetRunner, source: str) -> None:
    learn(runner)
    runner.set(source=source)
    assert runner.make_dataset().worked
