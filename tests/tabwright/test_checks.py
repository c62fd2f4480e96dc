"""What is said about the data, and what is not."""

import json
import warnings
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.small_table import PARAMS
from tabwright.dataset.checks import checks, columns, issue, rows
from tabwright.io.source import Source
from tabwright.project.files import write_json
from tabwright.schema.column import Column
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract

ROWS = 400
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=ROWS)
CLASS = RANDOM.choice(["no", "yes"], ROWS)


def said(columns: dict, target: object = CLASS, params=PARAMS, **types: str | Column) -> dict:
    """Check -> the columns with an issue, on a table of text cells with one honest feature."""
    table = pd.DataFrame({"noise": NOISE[: len(target)], **columns, "y": target})
    table = table.astype(object).where(table.notna(), None)
    table = table.map(str, na_action="ignore").astype("str")
    schema = infer_schema(table, "y", Source())
    for name, one in types.items():
        schema.columns[name] = one if isinstance(one, Column) else Column(one)
    typed, problems = apply_contract(table, schema)
    assert problems.empty
    test = np.arange(len(typed)) % 4 == 3
    with warnings.catch_warnings(action="error"):
        done = checks.run_checks(typed[~test], typed[test], schema, params)
    found = done.issues
    assert all(one.message and one.remedy for one in found)
    assert all(one.measure for one in done.checked)
    kinds_of = dict.fromkeys(one.kind for one in found)
    return {kind: [one.column for one in found if one.kind == kind] for kind in kinds_of}


def honest(seed: int, task: str) -> pd.DataFrame:
    """400 rows of everyday columns with missing cells, of which two tell something of the target."""
    random = np.random.default_rng(seed)
    normal, city = random.normal(size=ROWS), random.choice(["Bern", "Graz", "Lyon"], ROWS)
    days = pd.to_timedelta(random.integers(0, 700, ROWS), "D")
    columns = {
        "normal": normal.round(3),
        "amount": random.lognormal(3, 1, ROWS).round(2),
        "visits": random.poisson(2, ROWS) * (random.random(ROWS) < 0.4),
        "year": random.integers(1990, 2025, ROWS),
        "city": city,
        "code": random.choice([f"k{number}" for number in range(12)], ROWS),
        "member": random.choice(["yes", "no"], ROWS, p=[0.8, 0.2]),
        "joined": (pd.Timestamp("2024-01-01") + days).strftime("%Y-%m-%d"),
    }
    table = pd.DataFrame(columns).astype(object)
    table = table.mask(random.random(table.shape) < random.choice([0, 0.03, 0.1], table.shape[1]))
    value = normal + 0.5 * (city == "Bern") + random.normal(0, 1.5, ROWS)
    targets = {
        "binary": np.where(value > 0.5, "a", "b"),
        "multiclass": np.array(["u", "v", "w"])[np.digitize(value, [-0.5, 0.8])],
        "regression": np.round(100 + 10 * value, 2),
    }
    return table.assign(y=targets[task]).map(str, na_action="ignore").astype("str")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_honest_tables_raise_no_alarm(task: str) -> None:
    # By simulation: none of 180 tables of 120, 400 and 2,000 rows had one; here none of 8 may.
    for seed in range(8):
        table = honest(seed, task)
        schema = infer_schema(table, "y", Source())
        typed, _ = apply_contract(table, schema)
        test = np.arange(ROWS) % 4 == 3
        assert checks.run_checks(typed[~test], typed[test], schema, PARAMS).issues == []


def test_nothing_is_said_about_honest_rows(trained) -> None:
    found = checks.run_checks(trained.train, trained.test, trained.schema, PARAMS)
    assert found.issues == []
    assert str(found).startswith(f"data checks: no issues in {len(found.checked)} checks, ")
    scores = columns.scores_alone(trained.train, trained.schema, PARAMS.seed)
    closest = f"nearest {scores.idxmax()!r} with {scores.max():.2f}"
    leakage = issue.Checked("target leakage", "AUC of each column alone", "0.95", closest)
    assert leakage in found.checked


def test_a_repeated_row_below_the_limit_is_shown() -> None:
    table = pd.DataFrame({"x": [*range(299), 0]})
    (one,) = rows.duplicates(table)
    assert (one.limit, one.nearest) == ("1%", "1 of 300")


def test_columns_beyond_the_contract_are_named_together(trained) -> None:
    table = trained.train.assign(derived=1, other=2)
    (one,) = checks.new_columns(table, trained.schema)
    assert "left out: 'derived', 'other'" in one.message
    assert "`make schema UPDATE=1` adds them" in one.remedy
    assert list(checks.new_columns(trained.train, trained.schema)) == []


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (np.where(RANDOM.random(ROWS) < 0.05, -200, np.abs(NOISE) * 300), False),
        (np.where(RANDOM.random(ROWS) < 0.05, 9999, NOISE * 300), False),
        (np.where(RANDOM.random(ROWS) < 0.1, 9, RANDOM.integers(1, 5, ROWS)), False),
        (np.where(RANDOM.random(ROWS) < 0.5, 0, 100 + np.abs(NOISE)), True),  # a true zero
        (np.minimum(np.abs(NOISE), 1.5), True),  # the highest that is recorded
        (RANDOM.poisson(2, ROWS) - 1, True),
        (np.where(np.arange(ROWS) < 5, 9999, NOISE), True),  # few rows
        (RANDOM.integers(1, 5, ROWS), True),
    ],
)
def test_number_that_stands_apart_is_a_sentinel(cells: np.ndarray, kept: bool) -> None:
    assert said({"x": cells}) == ({} if kept else {"sentinel": ["x"]})


def test_sentinel_of_the_target_is_named() -> None:
    target = np.where(RANDOM.random(ROWS) < 0.05, -200, np.abs(NOISE[::-1]) * 300)
    assert said({}, target) == {"sentinel": ["y"]}


def test_columns_that_say_the_same_are_named() -> None:
    code = RANDOM.integers(0, 30, ROWS)
    same = {"code": code, "name": [f"name {n}" for n in code], "cubed": NOISE**3}
    assert said(same) == {"near duplicate": ["name", "cubed"]}
    assert said({"close": NOISE + RANDOM.normal(0, 0.2, ROWS)}) == {}


@pytest.mark.parametrize(
    ("leak", "target"),
    [
        (np.where(CLASS == "yes", "paid", "open"), CLASS),
        (np.where(CLASS == "yes", 1.5, None), CLASS),
        (np.where(CLASS == "yes", 5, 1) + NOISE / 10, CLASS),
        (NOISE[::-1] * 3 + 1, NOISE[::-1]),
        (np.where(CLASS == "yes", 7, 3), np.where(CLASS == "yes", 70, 30) + NOISE[::-1]),
    ],
)
def test_column_that_gives_the_target_away_is_named(leak: object, target: object) -> None:
    assert said({"leak": leak}, target)["leak"] == ["leak"]


def test_good_column_is_no_leak() -> None:
    good = (CLASS == "yes") + RANDOM.normal(0, 0.5, ROWS)
    assert said({"good": good}) == {}
    assert said({"good": NOISE[::-1] + RANDOM.normal(0, 0.5, ROWS)}, NOISE[::-1]) == {}


def test_gaps_that_follow_from_one_of_several_classes_are_named() -> None:
    label = RANDOM.choice(["a", "b", "c"], ROWS)
    asked = np.where(label == "a", None, RANDOM.integers(0, 9, ROWS).astype(object))
    assert said({"asked": asked}, label) == {"informative missingness": ["asked"]}


def test_repeated_rows_are_counted() -> None:
    table = {"noise": np.tile(NOISE[:50], 8), "more": np.tile(NOISE[50:100], 8)}
    assert said(table, np.tile(CLASS[:50], 8)) == {
        "train-test duplicates": [None],
        "repeats": [None],
    }
    assert said({**table, "number": range(ROWS)}, number=Column("text", role="identifier")) == {
        "train-test duplicates": [None]
    }


def test_rows_of_few_possible_values_meet_by_chance() -> None:
    few = {"noise": RANDOM.choice(["a", "b"], ROWS), "number": range(ROWS)}
    assert said(few, number=Column("text", role="identifier")) == {}


def test_date_that_orders_the_rows_or_moves_the_target_asks_for_a_split_in_time() -> None:
    days = pd.date_range("2024", periods=ROWS).to_numpy()
    mixed = RANDOM.permutation(ROWS)
    later = np.arange(ROWS) + RANDOM.normal(0, 300, ROWS)
    assert said({"day": days}) == {"time": ["day"]}
    assert said({"day": days[mixed]}, later[mixed]) == {"time": ["day"]}
    assert said({"day": days[mixed]}) == {}
    in_time = replace(PARAMS, data=replace(PARAMS.data, split="chronological", split_by="day"))
    assert said({"day": days}, params=in_time) == {}


def test_panel_asks_for_a_split_by_group() -> None:
    country = np.repeat([f"country {number}" for number in range(40)], 10)
    year = np.tile(np.arange(2000, 2010), 40)
    assert said({"country": country, "year": year}) == {"panel": ["country"]}
    assert said({"country": country, "year": year // 2}) == {}


def test_identifiers_are_named() -> None:
    code = [f"C{number}" for number in RANDOM.permutation(ROWS)]
    counter = np.arange(ROWS) * 3 + 1000
    found = said({"code": code, "counter": counter}, code="category", counter="numeric")
    assert found == {"identifier": ["code", "counter"]}
    assert said({"code": code}, code="text") == {"identifier": ["code"]}
    assert said({"code": [f"the code {one}" for one in code]}, code="text") == {}


def test_small_and_rare_classes_are_named() -> None:
    label = np.where(np.arange(ROWS) < 2, "c", CLASS)
    few = replace(PARAMS, train=replace(PARAMS.train, folds=5))
    assert said({}, label, few) == {"small class": ["y"]}
    rare = np.where(np.arange(ROWS) % 19 == 0, "yes", "no")
    assert said({}, rare) == {"imbalance": ["y"]}
    settled = replace(PARAMS, train=replace(PARAMS.train, metric="average_precision"))
    assert said({}, rare, settled) == {}


def test_columns_without_contrast_are_named_the_most_constant_first() -> None:
    nearly = np.where(np.arange(ROWS) == 8, "b", "a")
    columns = {"nearly": nearly, "fixed": 1, "void": None}
    found = said(columns, fixed="numeric", void="category")
    assert found == {"constant": ["fixed", "void", "nearly"]}


def test_ten_of_a_kind_are_enough() -> None:
    fixed = {f"x{number}": "a" for number in range(13)}
    assert said(fixed)["constant"] == [*list(fixed)[:10], None]


@pytest.mark.parametrize("target", [["a", "b"] * 6, range(12), ["a"] * 11 + ["b"]])
def test_tiny_table_is_no_trouble(target: object) -> None:
    said({"größe": [None] * 12, "색": ["빨강", "파랑", None] * 4}, target, größe="numeric")


def test_few_rows_are_no_proof_of_a_leak() -> None:
    label = np.repeat(["a", "b"], 12)
    assert "leak" not in said({"x": np.repeat(["p", "q"], 12)}, label)


def test_issue_is_printed_and_saved(tmp_path: Path) -> None:
    one = issue.Issue("leak", "값", "alone gives the target away", "role: ignore")
    assert str(checks.DataChecks([one], [])).splitlines() == [
        "data checks: 1 issue in 0 checks, limits and nearest values in reports/warnings.json",
        "  column '값': alone gives the target away; role: ignore",
    ]
    write_json(tmp_path / "warnings.json", [asdict(one)])
    text = (tmp_path / "warnings.json").read_text(encoding="utf-8")
    assert "값" in text
    assert json.loads(text) == [
        {
            "kind": "leak",
            "column": "값",
            "message": "alone gives the target away",
            "remedy": "role: ignore",
        }
    ]
