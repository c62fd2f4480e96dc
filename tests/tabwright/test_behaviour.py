"""What must hold when held-out rows change."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from tabwright.evaluation import behaviour
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema


class Rising(ClassifierMixin, BaseEstimator):
    """The probability of the second class is `x` / 10, plus 0.3 in Bern."""

    classes_ = np.array(["no", "yes"])

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        """Two columns."""
        yes = (rows["x"] / 10 + 0.3 * (rows["city"] == "Bern")).fillna(0).to_numpy()
        return np.column_stack([1 - yes, yes])


class Line(RegressorMixin, BaseEstimator):
    """The value is twice `x`."""

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Values."""
        return 2 * rows["x"].to_numpy()


X = Column("numeric", range=[0, 6])
CITY = Column("category", nullable=False, categories=["Bern", "Graz"])
CLASSES = Schema(
    "y",
    "classification",
    {
        "x": X,
        "city": CITY,
        "day": Column("datetime", format="%d.%m.%Y"),
        "id": Column("text", role="identifier"),
        "y": Column("category", categories=["no", "yes"]),
    },
)
VALUES = replace(CLASSES, task="regression", columns=CLASSES.columns | {"y": X})
ROWS = pd.DataFrame(
    {
        "x": [1.0, 2.0, 3.0, np.nan],
        "city": ["Bern", "Graz", "Graz", "Graz"],
        "day": pd.to_datetime(["2024-01-01"] * 4),
        "y": ["yes", "no", "yes", "no"],
    },
    index=[4, 5, 6, 7],
)
AMOUNTS = ROWS.assign(y=[2.0, 4.0, 6.0, 8.0])


def share(entry: dict, schema: Schema = CLASSES) -> float:
    """The share of rows in which an entry holds."""
    classes = schema.task == "classification"
    model, rows = (Rising(), ROWS) if classes else (Line(), AMOUNTS)
    (result,) = behaviour.run_tests(model, rows, schema, [entry], seed=1)
    return result["pass_rate"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"add": {"x": 1}, "expect": "up"}, 1),
        ({"add": {"x": 1}, "expect": "down"}, 0),
        ({"add": {"x": 1}, "expect": "down", "tolerance": 0.1}, 1),
        ({"add": {"x": 1}, "expect": "up", "class": "no"}, 0),
        ({"add": {"x": 0.5}, "expect": "invariant"}, 1),
        ({"add": {"x": 0.6}, "expect": "invariant"}, 0),
        ({"add": {"x": 0.6}, "expect": "invariant", "tolerance": 0.1}, 1),
        ({"set": {"city": "Graz"}, "expect": "invariant"}, 0),
        ({"set": {"city": "Graz"}, "expect": "invariant", "tolerance": 0.3}, 1),
        ({"set": {"day": "31.12.2024"}, "expect": "invariant", "tolerance": 0}, 1),
        ({"set": {"x": 5, "city": "Graz"}, "expect": "yes"}, 1),
        ({"set": {"x": "4.9", "city": "Graz"}, "expect": "yes"}, 0),
        ({"set": {"x": None}, "expect": "no"}, 1),
        ({"set": {"city": "Bern"}, "add": {"x": 0.9}, "expect": "yes"}, 2 / 3),
    ],
)
def test_share_of_rows_is_counted_for_classes(entry: dict, expected: float) -> None:
    assert share(entry) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"add": {"x": -1}, "expect": "down"}, 1),
        ({"add": {"x": 1}, "expect": [4, 6]}, 2 / 3),
        ({"add": {"x": 0.05}, "expect": "invariant"}, 1),  # 5 % of sqrt(5) are 0.11
        ({"add": {"x": 0.06}, "expect": "invariant"}, 0),
    ],
)
def test_share_of_rows_is_counted_for_values(entry: dict, expected: float) -> None:
    assert share(entry, VALUES) == pytest.approx(expected)


def test_rows_in_which_nothing_changes_are_not_counted() -> None:
    same = {"set": {"x": 2, "city": "Graz"}, "expect": "invariant"}
    results = behaviour.run_tests(Rising(), ROWS, CLASSES, [same, same | {"expect": "no"}], seed=1)
    assert [result["rows"] for result in results] == [3, 4]


def test_rows_that_would_leave_the_contract_are_not_counted() -> None:
    (result,) = behaviour.run_tests(
        Rising(), ROWS, CLASSES, [{"add": {"x": 4}, "expect": "up"}], seed=1
    )
    assert result["rows"] == 2  # 3 + 4 is over 6, an empty cell stays empty


def test_result_names_the_first_row_that_fails() -> None:
    entries = [{"set": {"x": 2, "city": "Graz"}, "expect": "up", "min_pass_rate": 0.3}]
    (result,) = behaviour.run_tests(Rising(), ROWS, CLASSES, entries, seed=1)
    assert result.pop("example") == {
        "row": 4,
        "were": {"x": 1.0, "city": "Bern"},
        "before": pytest.approx(0.4),
        "after": pytest.approx(0.2),
    }
    assert result.pop("pass_rate") == pytest.approx(1 / 3)
    words = "set 'x' to '2', set 'city' to 'Graz': the probability of 'yes' goes up"
    assert result == {"test": words, "rows": 3, "min_pass_rate": 0.3, "passed": True}
    (result,) = behaviour.run_tests(
        Rising(), ROWS, CLASSES, [entries[0] | {"min_pass_rate": 0.4}], seed=1
    )
    assert not result["passed"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"add": {"x": 1}, "expects": "up"}, "expects is not a parameter or key"),
        ({"expect": "up"}, "add or set is missing"),
        ({"add": "x", "expect": "up"}, "add must be numbers by column"),
        ({"add": {"z": 1}, "expect": "up"}, "'z' is no feature; features are x, city, day"),
        ({"set": {"id": 1}, "expect": "invariant"}, "'id' is no feature"),
        ({"add": {"city": 1}, "expect": "up"}, "add takes numeric columns"),
        ({"add": {"x": "1"}, "expect": "up"}, "add must be numbers by column"),
        ({"add": {"x": 1}, "set": {"x": 1}, "expect": "up"}, "in both add and set"),
        ({"set": {"city": "Rome"}, "expect": "invariant"}, "'city' takes one of Bern, Graz"),
        ({"set": {"city": None}, "expect": "invariant"}, "'city' takes a value"),
        ({"set": {"x": 99}, "expect": "invariant"}, "'x' takes a value from 0 to 6"),
        ({"set": {"x": "many"}, "expect": "invariant"}, "'x' takes a number"),
        (
            {"set": {"day": "12/31/2024"}, "expect": "invariant"},
            "'day' takes a date written like %d",
        ),
        ({"add": {"x": 1}}, "expect is missing"),
        (
            {"add": {"x": 1}, "expect": ["a"]},
            "expect must be up, down, invariant, a class or a range",
        ),
        ({"add": {"x": 1}, "expect": True}, "expect is True, not up, .* or a class: 'no', 'yes'"),
        ({"add": {"x": 1}, "expect": [1, 2]}, "or a class"),
        ({"add": {"x": 1}, "expect": "up", "class": "maybe"}, "class is 'maybe', not one of"),
        (
            {"add": {"x": 1}, "expect": "yes", "class": "yes"},
            "class belongs to up, down or invariant",
        ),
        (
            {"add": {"x": 1}, "expect": "up", "min_pass_rate": 95},
            "min_pass_rate must be a number above 0",
        ),
        ({"add": {"x": 1}, "expect": "up", "tolerance": -1}, "tolerance must be a number from 0"),
    ],
)
def test_mistakes_in_an_entry_are_named(entry: dict, words: str) -> None:
    good = {"add": {"x": 1}, "expect": "up"}
    with pytest.raises(ProjectError, match=f"behaviour, entry 2: .*{words}"):
        behaviour.run_tests(Rising(), ROWS, CLASSES, [good, entry], seed=1)


def test_class_is_needed_with_more_than_two() -> None:
    three = Column("category", categories=["no", "yes", "unknown"])
    schema = replace(CLASSES, columns=CLASSES.columns | {"y": three})
    with pytest.raises(ProjectError, match="class is None, not one of"):
        share({"add": {"x": 1}, "expect": "up"}, schema)
    assert share({"add": {"x": 1}, "expect": "up", "class": "yes"}, schema) == 1


def test_range_is_for_values_only() -> None:
    with pytest.raises(ProjectError, match=r"'yes', not up, down, invariant or a range"):
        share({"add": {"x": 1}, "expect": "yes"}, VALUES)
