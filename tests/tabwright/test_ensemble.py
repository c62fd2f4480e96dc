"""Greedy ensemble selection."""

import numpy as np
import pytest
from tabwright.selection.ensemble import MAX_PARTS, ROUNDS, select_ensemble

ROWS = 4000


def test_a_known_best_weighting_is_found() -> None:
    # The mean of unbiased predictions with independent errors is best weighted by 1 / variance.
    random = np.random.default_rng(0)
    y_true = random.normal(size=ROWS)
    stds = {"good": 1.0, "fair": 1.5, "poor": 3.0}
    y_preds = {name: y_true + random.normal(0, std, ROWS) for name, std in stds.items()}
    votes = select_ensemble(y_preds, lambda y_pred: -float(np.mean((y_true - y_pred) ** 2)))
    precision = {name: std**-2 for name, std in stds.items()}
    for name in stds:
        share = votes.get(name, 0) / sum(votes.values())
        assert share == pytest.approx(precision[name] / sum(precision.values()), abs=0.05)


def test_the_best_model_stays_alone_where_the_others_add_nothing() -> None:
    y_true = np.arange(10.0)
    y_preds = {"off": y_true + 5, "right": y_true, "far": y_true + 9}
    votes = select_ensemble(y_preds, lambda y_pred: -float(np.abs(y_true - y_pred).max()))
    assert votes == {"right": 1}


def test_parts_are_few_and_in_the_order_given() -> None:
    random = np.random.default_rng(1)
    y_true = random.normal(size=ROWS)
    y_preds = {f"m{number}": y_true + random.normal(size=ROWS) for number in range(9)}
    votes = select_ensemble(y_preds, lambda y_pred: -float(np.mean((y_true - y_pred) ** 2)))
    assert len(votes) == MAX_PARTS
    assert sum(votes.values()) <= ROUNDS
    assert list(votes) == sorted(votes)
