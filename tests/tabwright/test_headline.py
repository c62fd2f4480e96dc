"""The first sentences of the report, and the most probable rows."""

import numpy as np
import pytest
from support.small_table import score_test_rows
from tabwright.evaluation.ranking import best_rows
from tabwright.reports.headline import amount, headline
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema


def of(value: float, low: float, high: float) -> dict:
    """A score with its interval."""
    return {"score": value, "low": low, "high": high}


def test_two_classes_are_counted(trained) -> None:
    scores = score_test_rows(trained.model, trained)
    scores["test"] |= {"precision": 0.5, "recall": 0.77}
    scores["interval"] |= {"precision": of(0, 0.41, 0.6), "recall": of(0, 0.7, 0.83)}
    scores |= {"positive": 100, "rows": 1268}
    assert headline(trained.schema, scores) == [
        "Of 1,268 unseen rows 100 are yes (bought), the model flags 154.",
        "Of 100 flagged 50 are right (41 to 60); flagging at random: 8.",
        "Of 100 that are yes 77 are found (70 to 83).",
    ]
    scores["test"] |= {"precision": 0.0, "recall": 0.0}
    assert headline(trained.schema, scores)[1] == "It finds none of them."
    scores.pop("positive")
    assert headline(trained.schema, scores) == []


def test_amounts_are_rounded_and_have_a_unit() -> None:
    schema = Schema("price", "regression", {"price": Column("numeric", unit="$")})
    scores = {
        "rows": 268,
        "test": {"mae": 2503.7},
        "baseline": {"mae": 8251.2},
        "interval": {"mae": of(0, 2204.0, 2911.0)},
        "prediction_interval": {"coverage": 0.9, "half_width": 5432.1, "test": 0.912},
    }
    assert headline(schema, scores) == [
        "On 268 unseen rows the error is 2,500 $ on average (2,200 $ to 2,910 $); "
        "guessing the mean: 8,250 $.",
        "90 of 100 predictions are off by at most 5,430 $; of these rows 91 of 100.",
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01234, "", "0.0123"),
        (12.345, "kg", "12.3 kg"),
        (0.051, "%", "5.1 %"),
        (1e6, "", "1,000,000"),
    ],
)
def test_amounts_have_three_digits(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_best_rows_are_the_most_probable_ones() -> None:
    random = np.random.default_rng(0)
    scores = random.random(500)
    y_true = (random.random(500) < scores).astype(int)
    for part in best_rows(y_true, scores):
        best = np.argsort(-scores)[: part["rows"]]
        assert part["found"] == y_true[best].sum()
        assert part["precision"] == pytest.approx(y_true[best].mean())
        assert part["recall"] == pytest.approx(y_true[best].sum() / y_true.sum())
        assert part["lift"] == pytest.approx(y_true[best].mean() / y_true.mean())
    assert [part["rows"] for part in best_rows(y_true, scores)] == [5, 25, 50, 100, 250]


def test_equal_probabilities_have_no_lift() -> None:
    y_true = np.repeat([1, 0], [30, 70])
    assert {part["lift"] for part in best_rows(y_true, np.full(100, 0.3))} == {1.0}
    assert best_rows(np.zeros(100, dtype=int), np.full(100, 0.3)) == []
