"""Reading, the contract, and the split."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
from under_test import (
    contract,
    dictionary,
    errors,
    infer_schema,
    make_dataset,
    read,
    schema,
)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_back_as_written(
    separator: str, encoding: str, tmp_path: Path, raw: pd.DataFrame
) -> None:
    raw.loc[0, "remark"] = f'Größe "L"{separator} two\nlines'
    path = tmp_path / "raw.csv"
    raw.to_csv(path, sep=separator, encoding=encoding, index=False)
    pd.testing.assert_frame_equal(read.read_table(path), raw.fillna(""), check_dtype=False)


def test_decimal_comma_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    rows = "".join(f"{n},25;{n % 2}\n" for n in range(12))
    path.write_text("price;y\n" + rows, encoding="utf-8")
    found = infer_schema.infer_schema(read.read_table(path), "price", read.sniff(path))
    assert (found.source.separator, found.source.decimal, found.task) == (";", ",", "regression")
    typed, problems = contract.apply_contract(read.read_table(path), found)
    assert problems.empty
    assert typed["price"].tolist() == [n + 0.25 for n in range(12)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n1,2,3\n", "not a table"),
        (b'a,b\n"1,2\n', "not a table"),
        (b"\x1f\x8b\x08\x00\x81\x9d", "not a text file"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    path.write_bytes(content)
    with pytest.raises(errors.ProjectError, match=words):
        read.read_table(path)


def test_every_kind_of_column_is_recognised(agreed) -> None:
    assert {name: column.kind for name, column in agreed.columns.items()} == {
        "customer_id": "identifier",
        "visits": "numeric",
        "spent": "numeric",
        "city": "category",
        "member": "boolean",
        "joined": "datetime",
        "remark": "text",
        "bought": "category",
    }
    assert agreed.task == "classification"
    assert agreed.columns["spent"].nullable
    assert not agreed.columns["city"].nullable


def test_columns_with_types_are_recognised(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "day": [datetime.date(2024, 1, 1 + n % 28) for n in range(40)],
            "zone": pd.date_range("2024", periods=40, tz="Europe/Vienna"),
            "count": pd.array([1, 2, None, 4] * 10, dtype="Int64"),
            "label": pd.Categorical(["x", "y"] * 20),
            "share": [float("inf"), *[n / 40 for n in range(39)]],
            "y": [True, False] * 20,
        }
    )
    table.to_parquet(tmp_path / "raw.parquet")
    raw = read.read_table(tmp_path / "raw.parquet")
    found = infer_schema.infer_schema(raw, "y", schema.Source())
    kinds = [column.kind for column in found.columns.values()]
    assert kinds == ["datetime", "datetime", "numeric", "category", "numeric", "category"]
    typed, problems = contract.apply_contract(raw, found)
    assert problems[["row", "column"]].to_numpy().tolist() == [[0, "share"]]
    assert typed["zone"][0] == pd.Timestamp("2023-12-31 23:00")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([1, 2, 3], "classification"),
        (["a", "b", "b"], "classification"),
        ([0.5, 1.5, 2.5], "regression"),
        (range(30), "regression"),
    ],
)
def test_task_follows_from_the_target(values: list, task: str) -> None:
    table = pd.DataFrame({"x": range(30), "y": pd.Series(list(values) * 10)[:30].astype(str)})
    assert infer_schema.infer_schema(table, "y", schema.Source()).task == task


def test_contract_is_read_back_as_written(agreed, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    schema.save_schema(agreed, path)
    assert schema.load_schema(path) == agreed


def test_guesses_worth_a_look_are_shown(agreed) -> None:
    assert infer_schema.summary(agreed).splitlines() == [
        "classification of 'bought'",
        "  2 numeric, 2 category, 1 identifier, 1 boolean, 1 datetime, 1 text columns",
        "  no feature: customer_id",
        "  dates read: joined as %Y-%m-%d",
    ]


def test_words_for_empty_cells_are_found_and_None_is_a_class() -> None:
    table = pd.DataFrame({"x": ["1", "NA", "", "4"] * 5, "y": ["None", "minor"] * 10})
    found = infer_schema.infer_schema(table, "y", schema.Source())
    assert found.source.missing == ["", "NA"]
    assert found.columns["y"].categories == ["None", "minor"]
    typed, problems = contract.apply_contract(table, found)
    assert problems.empty
    assert typed["x"].isna().sum() == 10


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: numeric", "kind: number", "'visits': kind is 'number'"),
        ("kind: numeric", "kind: category", "kind category has no range"),
        ("categories: [Bern, Graz, Lyon]", "categories: [yes, no]", "need quotes"),
        ("categories: [Bern, Graz, Lyon]", "categories: [no]", "need quotes"),
        ("task: classification", "task: regression", "'bought' is of kind numeric"),
        ("categories: ['no', 'yes']", "nullable: true", "with its classes listed"),
    ],
)
def test_wrong_edits_of_the_contract_are_named(
    old: str, new: str, words: str, agreed, tmp_path: Path
) -> None:
    path = tmp_path / "schema.yaml"
    schema.save_schema(agreed, path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(errors.ProjectError, match=words):
        schema.load_schema(path)


def test_numbers_may_be_listed_as_categories(agreed, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    agreed.columns["city"].categories = [0, 1, 2007]
    schema.save_schema(agreed, path)
    assert schema.load_schema(path).columns["city"].categories == ["0", "1", "2007"]


def test_typing_typed_rows_changes_nothing(raw: pd.DataFrame, agreed) -> None:
    once, _ = contract.apply_contract(raw, agreed)
    twice, problems = contract.apply_contract(once, agreed)
    assert problems.empty
    pd.testing.assert_frame_equal(once, twice)


def test_each_broken_rule_is_named_once(raw: pd.DataFrame, agreed) -> None:
    raw.loc[0, "visits"] = "many"
    raw.loc[1, "visits"] = "9999"
    raw.loc[2, "city"] = "Rome"
    raw.loc[3, "city"] = None
    raw.loc[4, "joined"] = "yesterday"
    raw.loc[5, "member"] = "perhaps"
    _, problems = contract.apply_contract(raw, agreed)
    found = set(zip(problems["row"], problems["column"], strict=True))
    assert len(problems) == len(found)
    assert found == {
        (0, "visits"),
        (1, "visits"),
        (2, "city"),
        (3, "city"),
        (4, "joined"),
        (5, "member"),
    }
    text = contract.describe(problems)
    assert "row 1, column 'visits': 'many', expected a number" in text
    assert "row 3, column 'city': 'Rome', expected one of Bern, Graz, Lyon" in text


def test_missing_column_is_named_with_its_likely_name(raw: pd.DataFrame, agreed) -> None:
    with pytest.raises(errors.ProjectError, match=r"'visits' \(did you mean 'visit'\?\)"):
        contract.apply_contract(raw.rename(columns={"visits": "visit"}), agreed)


def test_no_row_is_lost(raw: pd.DataFrame, agreed) -> None:
    raw.loc[[3, 30], "visits"] = "many"
    clean, rejected, _ = make_dataset.reject(raw, agreed)
    parts = make_dataset.split(clean, agreed, 0.25, 1)
    assert len(rejected) == 2
    assert rejected["visits"].tolist() == ["many", "many"]
    assert rejected["rejected_because"].tolist() == ["visits: expected a number"] * 2
    together = sorted(rejected["customer_id"].tolist() + pd.concat(parts)["customer_id"].tolist())
    assert together == sorted(raw["customer_id"])


def test_train_and_test_share_no_row_and_keep_proportions(trained) -> None:
    train, test = trained.train, trained.test
    assert not set(train["customer_id"]) & set(test["customer_id"])
    shares = [(part["bought"] == "yes").mean() for part in (train, test)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    assert trained.unlabelled["bought"].isna().all()


def test_a_class_with_one_row_does_not_stop_the_split(raw: pd.DataFrame, agreed) -> None:
    clean, _ = contract.apply_contract(raw, agreed)
    clean.loc[clean["bought"].first_valid_index(), "bought"] = "perhaps"
    parts = make_dataset.split(clean, agreed, 0.25, 1)
    assert sum(map(len, parts)) == len(clean)


def test_target_without_contrast_is_refused(raw: pd.DataFrame, agreed) -> None:
    clean, _ = contract.apply_contract(raw.assign(bought="yes"), agreed)
    with pytest.raises(errors.ProjectError, match="nothing to learn"):
        make_dataset.split(clean, agreed, 0.25, 1)


def test_dictionary_has_a_line_for_every_column(raw: pd.DataFrame, agreed) -> None:
    agreed.columns["visits"].description = "visits | a month"
    clean, _ = contract.apply_contract(raw, agreed)
    lines = dictionary.data_dictionary(clean, agreed).splitlines()
    assert [line.split(" | ")[0] for line in lines[7:]] == [f"| {name}" for name in agreed.columns]
    assert "visits \\| a month" in lines[8]
