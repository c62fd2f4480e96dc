"""The contract: inferred, written, edited, kept."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
from support.read_table import read_table
from tabwright.dataset import dictionary, infer
from tabwright.io.source import Source
from tabwright.project.errors import ProjectError
from tabwright.schema import rules
from tabwright.schema.column import Column
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import load_schema, save_schema


def test_every_kind_of_column_is_recognised(schema) -> None:
    assert {name: column.role or column.type for name, column in schema.columns.items()} == {
        "customer_id": "identifier",
        "visits": "numeric",
        "spent": "numeric",
        "city": "category",
        "member": "boolean",
        "joined": "datetime",
        "remark": "text",
        "bought": "category",
    }
    assert schema.task == "classification"
    assert schema.columns["spent"].nullable
    assert not schema.columns["city"].nullable


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
    raw = read_table(tmp_path / "raw.parquet")
    found = infer_schema(raw, "y", Source())
    kinds = [column.role or column.type for column in found.columns.values()]
    assert kinds == ["datetime", "datetime", "numeric", "category", "numeric", "category"]
    typed, problems = apply_contract(raw, found)
    assert problems[["rejected_row", "rejected_column"]].to_numpy().tolist() == [[1, "share"]]
    assert typed["zone"].iloc[0] == pd.Timestamp("2023-12-31 23:00")


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
    assert infer_schema(table, "y", Source()).task == task


def test_contract_is_read_back_as_written(schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    save_schema(schema, path)
    assert load_schema(path) == schema


def test_guesses_worth_a_look_are_shown(schema) -> None:
    assert infer.summary(schema).splitlines() == [
        "classification of 'bought'",
        "  2 numeric, 2 category, 1 identifier, 1 boolean, 1 datetime, 1 text columns",
        "  no feature: customer_id",
        "  dates read: joined as %Y-%m-%d",
    ]


def test_one_odd_cell_does_not_make_numbers_words() -> None:
    table = pd.DataFrame(
        {
            "x": [str(n) for n in range(29)] + ["12 apples"],
            "z": [str(n % 7) for n in range(29)] + ["unknown"],
            "at": [f"{n % 24:02}:30" for n in range(30)],
            "y": ["a", "b"] * 15,
        }
    )
    found = infer_schema(table, "y", Source())
    assert [found.columns[name].type for name in "xz"] == ["numeric", "numeric"]
    assert found.columns["at"].format == "%H:%M"
    assert found.source.missing == ["", "unknown"]
    _, problems = apply_contract(table, found)
    assert problems["rejected_value"].tolist() == ["12 apples"]


def test_words_for_empty_cells_are_found_and_None_is_a_class() -> None:
    table = pd.DataFrame({"x": ["1", "NA", "", "4"] * 5, "y": ["None", "minor"] * 10})
    found = infer_schema(table, "y", Source())
    assert found.source.missing == ["", "NA"]
    assert found.columns["y"].categories == ["None", "minor"]
    typed, problems = apply_contract(table, found)
    assert problems.empty
    assert typed["x"].isna().sum() == 10


def test_marker_among_numbers_that_is_a_word_elsewhere_is_that_of_the_column() -> None:
    numbers = ["-" if n % 4 == 1 else f"{n}.5" for n in range(28)]
    table = pd.DataFrame({"x": numbers, "z": ["-", "+"] * 14, "y": ["a", "b"] * 14})
    found = infer_schema(table, "y", Source())
    assert found.source.missing == [""]
    assert (found.columns["x"].type, found.columns["x"].missing) == ("numeric", ["-"])
    assert found.columns["z"].categories == ["+", "-"]
    typed, problems = apply_contract(table, found)
    assert typed["x"].isna().sum() == 7
    assert problems.empty


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: numeric", "type: number", "'visits': type is 'number'"),
        ("type: numeric", "type: category", "type category has no range"),
        ("city: {type: category", "city: {type: numeric", "type numeric has no categories"),
        ("task: classification", "task: regression", "'bought' is of type numeric"),
        ("categories: ['no', 'yes']", "description: target", "with its classes listed"),
        ("{type: numeric", "{nullable: true, type: numeric", "'nullable' occurs twice"),
        ("  city:", "  visits:", r"line \d+ \(visits: .*'visits' occurs twice"),
        ("  visits: {", "- visits: {", "not valid YAML"),
        ("type: numeric", "type: [numeric]", r"'visits': type is \['numeric'\], not"),
        ("task:", "job:", "task is missing"),
    ],
)
def test_wrong_edits_of_the_contract_are_named(
    old: str, new: str, words: str, schema, tmp_path: Path
) -> None:
    path = tmp_path / "schema.yaml"
    save_schema(schema, path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=words):
        load_schema(path)


def test_words_of_the_contract_are_text(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(
        """\
target: 2007
task: classification
source: {separator: ',', missing: ['', NA, null]}
columns:
  yes: {type: numeric, range: [0, .inf]}
  2007:
    type: category
    nullable: no
    categories:
    - yes
    - 007
    - 1.50
""",
        encoding="utf-8",
    )
    found = load_schema(path)
    assert found.source.missing == ["", "NA", "null"]
    assert found.columns == {
        "yes": Column("numeric", range=[0, float("inf")]),
        "2007": Column("category", False, categories=["yes", "007", "1.50"]),
    }


def test_columns_have_a_line_each_unless_it_is_long(schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    schema.columns["member"].description = "pays a fee and gets the letter " * 3
    save_schema(schema, path)
    lines = path.read_text(encoding="utf-8").split("columns:\n")[-1].splitlines()
    assert lines[2].startswith("  spent: {type: numeric, nullable: true, range: [")
    assert lines[4:7] == ["  member:", "    type: boolean", "    nullable: false"]
    assert len(lines) == len(schema.columns) + 3


def test_typing_typed_rows_changes_nothing(raw: pd.DataFrame, schema) -> None:
    once, _ = apply_contract(raw, schema)
    twice, problems = apply_contract(once, schema)
    assert problems.empty
    pd.testing.assert_frame_equal(once, twice)


def test_each_broken_rule_is_named_once(raw: pd.DataFrame, schema) -> None:
    raw.loc[0, "visits"] = "many"
    raw.loc[1, "visits"] = "9999"
    raw.loc[2, "city"] = "Rome"
    raw.loc[3, "city"] = None
    raw.loc[4, "joined"] = "yesterday"
    raw.loc[5, "member"] = "perhaps"
    _, problems = apply_contract(raw, schema)
    found = set(zip(problems["rejected_row"], problems["rejected_column"], strict=True))
    assert len(problems) == len(found)
    assert found == {
        (0, "visits"),
        (1, "visits"),
        (2, "city"),
        (3, "city"),
        (4, "joined"),
        (5, "member"),
    }
    text = rules.describe(problems)
    assert "row 0, column 'visits': 'many', expected a number" in text
    assert "row 2, column 'city': 'Rome', expected one of Bern, Graz, Lyon" in text


def test_missing_column_is_named_with_its_likely_name(raw: pd.DataFrame, schema) -> None:
    with pytest.raises(ProjectError, match=r"'visits' \(did you mean 'visit'\?\)"):
        apply_contract(raw.rename(columns={"visits": "visit"}), schema)


def test_only_training_rows_need_their_identifier(raw: pd.DataFrame, schema) -> None:
    bare = raw.drop(columns=["customer_id", "bought"])
    assert apply_contract(bare, schema, target=False)[1].empty
    with pytest.raises(ProjectError, match="missing from the file: 'customer_id'"):
        apply_contract(raw.drop(columns="customer_id"), schema)


def test_dictionary_has_a_line_for_every_column(raw: pd.DataFrame, schema) -> None:
    schema.columns["visits"].description = "visits | a month"
    clean, _ = apply_contract(raw, schema)
    lines = dictionary.data_dictionary(clean, schema).splitlines()
    assert [line.split(" | ")[0] for line in lines[7:]] == [f"| {name}" for name in schema.columns]
    assert "visits \\| a month" in lines[8]


def test_a_role_leaves_the_type_and_its_rules(schema, raw, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    save_schema(schema, path)
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("visits: {type: numeric,", "visits: {type: numeric, role: ignore,"), "utf-8"
    )
    ignored = load_schema(path)
    assert "visits" not in ignored.features
    assert "visits" not in apply_contract(raw, ignored)[0]
    assert ignored.columns["visits"].range == schema.columns["visits"].range
    path.write_text(
        text.replace("visits: {type: numeric,", "visits: {type: numeric, role: identifier,"),
        "utf-8",
    )
    assert pd.api.types.is_string_dtype(apply_contract(raw, load_schema(path))[0]["visits"])


def test_kinds_of_older_schemas_are_types_and_roles(schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    save_schema(schema, path)
    text = path.read_text("utf-8").replace("type: text, role: identifier", "kind: identifier")
    path.write_text(
        text.replace("type: ", "kind: ").replace("kind: numeric", "kind: ignore", 1), "utf-8"
    )
    old = load_schema(path)
    found = {name: (column.type, column.role) for name, column in old.columns.items()}
    first = next(n for n, column in schema.columns.items() if column.type == "numeric")
    assert found == {
        name: (column.type, "ignore" if name == first else column.role)
        for name, column in schema.columns.items()
    }
