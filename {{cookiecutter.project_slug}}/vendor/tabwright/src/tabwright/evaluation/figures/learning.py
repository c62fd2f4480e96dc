"""The learning curve: the score on the same held-out rows of models fitted on fewer training rows."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator

from ...selection.cross_validation import draw_rows
from ...selection.metrics import one_thread, predict_scores
from ..predictions import Predictions
from ..style import BLUE, one_plot, tidy

SHARES = (1 / 4, 1 / 2)  # of the rows; with all of them the model is fitted already
MAX_FITTED = 5_000  # rows that the shares are of, where the model was fitted on more
MIN_FITTED = 50
MAX_SCORED = 5_000  # held-out rows


def draw_learning(
    model: BaseEstimator,
    predicted: Predictions,
    train: pd.DataFrame,
    count: int,
    seed: int,
    folder: Path,
) -> None:
    """Write `learning_curve.svg`; nothing of few rows.

    It costs less than one more fit of the model, of which training makes dozens.

    Parameters
    ----------
    train
        Typed rows, at most `MAX_FITTED` of those the model was fitted on.
    count
        How many rows the model was fitted on.
    """
    schema, name = predicted.schema, predicted.deciding
    sample = predicted.among(draw_rows(len(predicted.rows), MAX_SCORED, seed))
    metric = predicted.metrics[name].function
    bare, order = uncalibrated(model), np.random.default_rng(seed).permutation(len(train))
    points = {}
    for share in SHARES:
        few = train.iloc[order[: int(len(train) * share)]]
        if len(few) < MIN_FITTED or few[schema.target].nunique() < 2:
            continue
        with one_thread():
            fitted = clone(bare).fit(few[list(schema.features)], few[schema.target])
        points[len(few)] = metric(sample.y_true, predict_scores(fitted, sample.rows, schema))
    if not points:
        return
    points[count] = metric(sample.y_true, predict_scores(bare, sample.rows, schema))
    with one_plot(folder / "learning_curve.svg") as axes:
        axes.plot(list(points), list(points.values()), "o-", color=BLUE, markersize=4)
        axes.set(xlabel="training rows", ylabel=f"{name} on held-out rows", xlim=(0, None))
        tidy(axes.xaxis, whole=True)


def uncalibrated(model: BaseEstimator) -> BaseEstimator:
    """The fitted model inside its threshold and calibration."""
    while True:
        if isinstance(model, FrozenEstimator):
            model = model.estimator
        elif hasattr(model, "threshold") and hasattr(model, "estimator_"):
            model = model.estimator_
        elif getattr(model, "cv", None) == "prefit" and len(model.estimators) == 1:
            model = model.estimators[0][1]
        else:
            return model
