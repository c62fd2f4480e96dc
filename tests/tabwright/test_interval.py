"""Prediction intervals of values hold as often as they say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_predict
from tabwright.evaluation.predictions import add_predictions
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection.interval import get_half_width, half_width
from tabwright.selection.persistence import load_model, save_model
from tabwright.selection.sources import SourceCode


@pytest.mark.parametrize("rows", [20, 200])
def test_intervals_cover_new_rows(rows: int) -> None:
    """On average over 300 tables with skewed errors, to two points of a hundred."""
    random, held = np.random.default_rng(0), []

    def table(count: int) -> tuple[np.ndarray, np.ndarray]:
        X = random.normal(size=(count, 2))
        return X, X @ [1.0, -2.0] + random.exponential(1, count)

    for _ in range(300):
        X, y = table(rows)
        reach = half_width(y, cross_val_predict(LinearRegression(), X, y, cv=5))
        new, y_new = table(200)
        held.append(np.mean(np.abs(y_new - LinearRegression().fit(X, y).predict(new)) <= reach))
    assert np.mean(held) == pytest.approx(0.9, abs=0.02)


def test_half_width_is_the_error_of_the_right_rank() -> None:
    errors = np.arange(1, 10.0)
    assert half_width(errors, np.zeros(9)) == 9
    assert half_width(errors[:8], np.zeros(8)) == np.inf
    assert half_width(np.arange(1, 20.0), np.zeros(19)) == 18


def test_interval_is_kept_with_the_model_and_added_to_predictions(tmp_path: Path) -> None:
    X = pd.DataFrame({"x": np.arange(20.0)})
    model = LinearRegression().fit(X, X["x"])
    assert get_half_width(model) == np.inf
    model.half_width_ = 2.5
    code = SourceCode(tmp_path)
    record = save_model(model, tmp_path / "model.skops", code)
    loaded = load_model(tmp_path / "model.skops", record, code)
    schema = Schema("y", "regression", {"x": Column("numeric"), "y": Column("numeric")})
    made = add_predictions(X[[]], X, loaded, schema)
    assert list(made.columns) == ["predicted_y", "predicted_y_low", "predicted_y_high"]
    assert (made["predicted_y_high"] - made["predicted_y_low"]).to_numpy() == pytest.approx(5)
