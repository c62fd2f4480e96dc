"""Parting rows: clean and rejected, then train, test and unlabelled."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from support.small_table import PARAMS, make_raw, set_params, split_table
from tabwright.dataset import check_rows, infer, split
from tabwright.io import sample
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema


@pytest.fixture
def make(project: Project):
    """Check and split raw rows and return the tables that are written, by name."""

    def run(raw: pd.DataFrame | str, schema: Schema, **data: object) -> SimpleNamespace:
        text = raw if isinstance(raw, str) else raw.to_csv(index=False)
        project.raw_file.write_text(text, encoding="utf-8")
        set_params(project, replace(PARAMS, data=replace(PARAMS.data, **data)))
        with check_rows.check_rows(project, schema) as checked:
            split.split_rows(project, schema, checked.clean_file)
        names = ("clean", "rejected", "train", "test", "unlabelled")
        files = {name: getattr(project, f"{name}_file") for name in names}
        return SimpleNamespace(**{name: pd.read_parquet(path) for name, path in files.items()})

    return run


def test_no_row_is_lost(raw: pd.DataFrame, schema, make) -> None:
    raw.loc[[3, 30], "visits"] = "many"
    raw.loc[3, "city"] = "Rome"
    text = raw.to_csv(index=False) + "C9999,1,2\n"
    made = make(text, schema)
    found = made.rejected[["rejected_row", "rejected_column", "rejected_value", "rejected_rule"]]
    assert found.to_numpy().tolist() == [
        [4, "visits", "many", "a number"],
        [31, "visits", "many", "a number"],
        [241, "", "C9999,1,2", "8 cells, not 3"],
    ]
    assert made.rejected["customer_id"].tolist()[:2] == ["C0003", "C0030"]
    kept = [made.train, made.test, made.unlabelled]
    together = pd.concat(kept)["customer_id"].tolist()
    assert sorted([*together, "C0003", "C0030"]) == sorted(raw["customer_id"])
    assert len(made.clean) == len(together)


def test_what_must_be_unique_is_kept_once(raw: pd.DataFrame, schema, make) -> None:
    raw.loc[[5, 9], "customer_id"] = "C0001"
    raw.loc[2, "visits"] = "many"
    assert len(make(raw, schema).clean) == len(raw) - 1  # guessed: they are kept
    schema.columns["customer_id"].strict = True
    made = make(raw, schema)
    unique = made.rejected[made.rejected["rejected_column"] == "customer_id"]
    assert unique["rejected_row"].tolist() == [6, 10]
    assert unique["rejected_value"].tolist() == ["C0001", "C0001"]
    assert made.clean["customer_id"].is_unique


@pytest.mark.parametrize(("duplicates", "kept"), [("keep", 250), ("reject", 240)])
def test_repeated_rows_are_kept_or_rejected(duplicates, kept, raw, schema, make) -> None:
    schema.columns["customer_id"].unique = None
    made = make(pd.concat([raw, raw.head(10)]), schema, duplicates=duplicates)
    assert len(made.clean) == kept
    assert made.rejected["rejected_row"].tolist() == list(range(241, 241 + 250 - kept))


def test_train_and_test_share_no_row_and_keep_proportions(trained) -> None:
    train, test = trained.train, trained.test
    assert not set(train["customer_id"]) & set(test["customer_id"])
    assert trained.unlabelled["bought"].isna().all()


@pytest.mark.parametrize("identified", [True, False])
def test_added_rows_move_no_row(identified: bool, schema) -> None:
    schema.columns["customer_id"].unique = identified or None
    old, new = make_raw(200), pd.concat([make_raw(200), make_raw(300, seed=5)])
    before = split_table(apply_contract(old, schema)[0].reset_index(drop=True), schema)
    after = split_table(apply_contract(new, schema)[0].reset_index(drop=True), schema)
    for name, rows in before.items():
        assert rows.index.tolist() == [row for row in after[name].index if row < 200]


def test_each_class_is_held_out_in_proportion(schema) -> None:
    schema.columns["customer_id"].unique = None
    table = pd.DataFrame({"bought": ["yes"] * 700 + ["no"] * 40 + ["perhaps"]})
    schema.columns["bought"].categories = ["no", "perhaps", "yes"]
    held_out = split_table(table, schema)["test"]["bought"].value_counts()
    assert held_out.to_dict() == {"yes": 175, "no": 10}


def test_the_same_batches_in_other_sizes_split_alike(raw: pd.DataFrame, schema) -> None:
    schema.columns["customer_id"].unique = None
    typed, _ = apply_contract(raw, schema)
    piecewise = split.Split(schema, PARAMS.data, 1)
    pieces = [
        piecewise.assign(typed.iloc[start : start + 37]) for start in range(0, len(typed), 37)
    ]
    whole = split.Split(schema, PARAMS.data, 1).assign(typed)
    assert [part for piece in pieces for part in piece] == whole.tolist()


def test_groups_stay_together_and_later_rows_are_held_out(raw: pd.DataFrame, schema, make) -> None:
    raw["remark"] = [f"group {number % 30}" for number in raw.index]
    schema.columns["remark"].type = "category"
    made = make(raw, schema, split="group", split_by="remark")
    assert not set(made.train["remark"]) & set(made.test["remark"])
    made = make(raw, schema, split="chronological", split_by="joined")
    assert made.train["joined"].max() < made.test["joined"].min()
    assert 0.2 < len(made.test) / (len(made.test) + len(made.train)) < 0.3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"split": "group", "split_by": "town"}, "'town', which is no column"),
        (
            {"split": "chronological", "split_by": "city"},
            "'city', which is no column .* with dates",
        ),
    ],
)
def test_a_wrong_column_to_split_by_is_named(change: dict, words: str, schema) -> None:
    with pytest.raises(ProjectError, match=words):
        split.require_split_column(schema, replace(PARAMS.data, **change))


def test_target_without_contrast_is_refused(raw: pd.DataFrame, schema, make) -> None:
    with pytest.raises(ProjectError, match="nothing to learn"):
        make(raw.assign(bought="yes"), schema)


def test_too_few_labelled_rows_are_refused(raw: pd.DataFrame, schema, make) -> None:
    raw["bought"] = raw["bought"].where(raw.index < 9)
    with pytest.raises(ProjectError, match=r"only \d rows have a value of 'bought'"):
        make(raw, schema)


def test_sample_does_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MAX_ROWS", 50)
    table = pd.DataFrame({"x": range(1000)})
    whole, rows = sample.sample([table], 1)
    pieces, _ = sample.sample((table.iloc[start : start + 60] for start in range(0, 1000, 60)), 1)
    assert rows == 1000
    assert len(whole) == 50
    pd.testing.assert_frame_equal(whole, pieces)
    assert infer.sample is sample.sample
