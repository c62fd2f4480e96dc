"""`make schema`: what differs between the contract and today's file, and the update."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tabwright.dataset import observed, update
from tabwright.dataset.compare import differences
from tabwright.io import read, sample
from tabwright.io.source import Source
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.guess import infer_schema
from tabwright.schema.schema import load_schema, save_schema


@pytest.fixture
def schema(raw: pd.DataFrame, tmp_path: Path) -> object:
    """The contract of the raw rows, written to a file with edits of the owner."""
    path = tmp_path / "schema.yaml"
    save_schema(infer_schema(raw, "bought", Source()), path)
    text = path.read_text(encoding="utf-8")
    edits = {"  city:": "  # by train\n  city:", "[0, 80]": "[-5, 80]", "'yes'": "yes"}
    for old, new in edits.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return load_schema(path)


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., list]:
    """Differences between a contract and rows, or the text of a file."""

    def run(today: pd.DataFrame | str | bytes, schema: object) -> list:
        path = tmp_path / "raw.csv"
        today = today if isinstance(today, str | bytes) else today.to_csv(index=False)
        path.write_bytes(today if isinstance(today, bytes) else today.encode())
        return list(differences(observed.profile(path, schema, seed=1), schema))

    return run


def widen(path: Path, found: list) -> None:
    """Write what can be settled into the contract."""
    update.update_schema(path, [(difference.column, difference.keys) for difference in found])


def change_everything(raw: pd.DataFrame) -> pd.DataFrame:
    raw.loc[[0, 1], "city"] = "Rome"
    raw.loc[2, "city"] = None
    raw.loc[3, "visits"] = "1000"
    raw.loc[4, "customer_id"] = "C0003"
    raw["joined"] = "31.12.2024"
    raw.loc[raw["bought"].isna(), "bought"] = "perhaps"
    return raw.assign(age="31")


def test_the_same_file_does_not_differ(raw, schema, compare) -> None:
    assert compare(raw, schema) == []


def test_each_difference_is_named(raw, schema, compare) -> None:
    waiting = raw["bought"].isna().sum()
    found = compare(change_everything(raw), schema)
    assert [str(difference) for difference in found] == [
        "column 'age': new; it seems to be {type: numeric, nullable: false, range: [10, 50]}",
        "column 'customer_id': repeated values in 1 row",
        "column 'visits': outside -5 to 80 in 1 row; the observed range is 0 to 1000",
        "column 'city': 2 rows with 'Rome', not among its 3 categories",
        "column 'city': empty in 1 row",
        (
            "column 'joined': not a date written like %Y-%m-%d in 240 of 240 rows: '31.12.2024'; "
            "dates seem to be written like %d.%m.%Y"
        ),
        f"column 'bought': {waiting} rows with 'perhaps', not among its 2 categories",
    ]


def test_update_allows_todays_rows_and_keeps_the_rest(raw, schema, compare, tmp_path) -> None:
    path = tmp_path / "schema.yaml"
    before = path.read_text(encoding="utf-8").splitlines()
    changed = change_everything(raw)
    widen(path, compare(changed, schema))
    wider = load_schema(path)
    assert compare(changed, wider) == []
    after = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before] == [
        "  customer_id: {type: text, role: identifier, nullable: false, unique: false}",
        "  visits: {type: numeric, nullable: false, range: [-5, 1500]}",
        "  city: {type: category, nullable: true, categories: [Bern, Graz, Lyon, Rome]}",
        "  joined: {type: datetime, nullable: false, format: '%d.%m.%Y'}",
        "  bought: {type: category, nullable: true, categories: ['no', yes, perhaps]}",
        "  age: {type: numeric, nullable: false, range: [10, 50]}",
    ]
    assert [line for line in before if line.startswith("positive")]
    assert not [line for line in after if line.startswith("positive")]  # of three classes
    assert after.index("  # by train") == before.index("  # by train") - 1


def test_what_is_gone_or_of_another_type_is_for_the_owner(raw, schema, compare, tmp_path) -> None:
    raw.loc[0, "visits"] = "many"
    raw.loc[1, "visits"] = "NA"
    found = compare(raw.rename(columns={"spent": "spend"}).drop(columns="bought"), schema)
    messages = [str(difference) for difference in found if not difference.keys]
    assert messages == [
        (
            "column 'visits': not a number in 2 of 240 rows: 'NA' (1), 'many' (1); if 'NA' is an "
            "empty cell, add it to source.missing"
        ),
        "column 'spent': not in the file (did you mean 'spend'?)",
        "column 'bought': not in the file",
    ]
    widen(tmp_path / "schema.yaml", found)
    wider = load_schema(tmp_path / "schema.yaml")
    assert wider.columns.pop("spend").type == "numeric"
    assert wider == schema


@pytest.mark.parametrize(
    ("write", "keys"),
    [
        (lambda text: text.replace(",", ";").replace(".", ","), {"separator", "decimal"}),
        (lambda text: text.encode("utf-16"), {"encoding"}),
        (lambda text: text.replace("Bern", "Zürich").encode("cp1252"), {"encoding"}),
        (lambda text: "from the shop\n\n" + text, {"skip_rows"}),
        (lambda text: text.replace("Bern", "Zürich"), set()),
    ],
)
def test_another_way_of_writing_is_seen(write, keys, raw, schema, compare, tmp_path) -> None:
    raw["remark"] = raw["remark"].str.replace(",", "")
    schema.columns["city"].categories.append("Zürich")
    found = compare(write(raw.to_csv(index=False)), schema)
    assert {key for difference in found for key in difference.keys} == keys
    assert {difference.column for difference in found} <= {None}
    path = tmp_path / "schema.yaml"
    widen(path, found)
    assert {
        key
        for key in vars(schema.source)
        if getattr(load_schema(path).source, key) != getattr(schema.source, key)
    } == keys


def test_more_rows_than_are_held_are_compared_batch_by_batch(
    raw, schema, compare, monkeypatch
) -> None:
    changed = change_everything(raw).drop(columns="age")
    whole = compare(changed, schema)
    monkeypatch.setattr(sample, "MAX_ROWS", 50)
    monkeypatch.setattr(read, "BATCH_ROWS", 7)
    assert compare(changed, schema) == whole


def test_names_without_end_are_no_categories(raw, schema, compare) -> None:
    (found,) = compare(raw.assign(city=raw["customer_id"]), schema)
    assert found.message.startswith("240 rows with 'C0000' (1), 'C0001' (1), ")
    assert found.message.endswith("; without `categories` any value is allowed")
    assert not found.keys


def test_ragged_rows_are_counted(raw, schema, compare) -> None:
    found = compare(raw.to_csv(index=False) + "C9999,1,2\n", schema)
    text = "the file: 1 row malformed, the first is row 241, expected 8 cells, not 3"
    assert list(map(str, found)) == [text]


def test_an_untouched_file_is_written_as_it_was(schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    schema.columns |= {
        "yes": Column("category", categories=["no", "007", "a: b", "", "1.50"]),
        "2007": Column("numeric", range=[-1e-7, float("inf")], description="a, b: c"),
        "": Column("category", categories=[f"category {n}" for n in range(20)]),
    }
    save_schema(schema, path)
    text = path.read_text(encoding="utf-8")
    update.update_schema(path, [])
    assert path.read_text(encoding="utf-8") == text
    assert load_schema(path) == schema


def test_a_table_without_rows_is_refused(raw, schema, compare) -> None:
    with pytest.raises(ProjectError, match="Add rows below its header"):
        compare(raw.head(0), schema)
