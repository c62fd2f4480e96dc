"""Draw how the model does on the held-out rows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no screen is needed to write files

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibrationDisplay
from sklearn.inspection import permutation_importance
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
)

from ..config import FIGURES
from ..data.contract.schema import Schema
from ..models.metrics import classes_of, metrics_of, predict, truth_of
from ..models.threshold import decide, threshold_of
from .style import BLUE, GREY, drawing, short

MAX_CURVES = 10  # classes, the most frequent first, that get a curve of their own
IMPORTANCE_ROWS = 1000
MOST_IMPORTANT = 20  # columns; those of a wider table that move predictions most
MOST_SLICES = 40


def draw_figures(
    model: BaseEstimator,
    predicted: np.ndarray,
    test: pd.DataFrame,
    schema: Schema,
    metric: str,
    seed: int,
    folder: Path = FIGURES,
) -> None:
    """Write the figures of the task as PNG files into `folder`, replacing those there.

    `predicted` is what the model predicts for `test`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    truth = truth_of(test, schema)
    if schema.task == "regression":
        with _figure(folder / "predicted_and_actual.png") as axes:
            _values(axes, truth, predicted, "actual_vs_predicted")
        with _figure(folder / "residuals.png") as axes:
            _values(axes, truth, predicted, "residual_vs_predicted")
    else:
        labels = classes_of(schema)
        with _figure(folder / "roc.png") as axes:
            _curves(axes, RocCurveDisplay, truth, predicted, labels)
        with _figure(folder / "precision_recall.png") as axes:
            _curves(axes, PrecisionRecallDisplay, truth, predicted, labels)
        with _figure(folder / "confusion_matrix.png") as axes:
            _confusion(axes, truth, decide(predicted, threshold_of(model)), labels)
        with _figure(folder / "calibration.png") as axes:
            _calibration(axes, truth, predicted, labels)
    with _figure(folder / "permutation_importance.png") as axes:
        _importance(axes, model, test, schema, metric, seed)


def draw_slices(
    slices: list[dict[str, Any]], overall: float, metric: str, folder: Path = FIGURES
) -> None:
    """Add `slices.png`: score and interval of each slice that has them, beside that of all rows."""
    scored = [part for part in slices if part["low"] is not None][:MOST_SLICES][::-1]
    if not scored:
        return
    with drawing(folder / "slices.png", 6.4, 0.8 + 0.22 * len(scored)) as figure:
        axes = figure.subplots()
        axes.axvline(overall, color=GREY, linestyle=":")
        for place, part in enumerate(scored):
            axes.plot([part["low"], part["high"]], [place, place], color=BLUE)
            axes.plot(part["score"], place, "o", color=BLUE, markersize=4)
        names = [f"{short(part['column'])}: {short(part['value'])}" for part in scored]
        axes.set_yticks(range(len(scored)), names)
        axes.set(xlabel=f"{metric}; dotted: all held-out rows", ylim=(-0.6, len(scored) - 0.4))


@contextmanager
def _figure(path: Path) -> Iterator[Axes]:
    figure, axes = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
    yield axes
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _curves(
    axes: Axes, display: Any, truth: np.ndarray, predicted: np.ndarray, labels: list[str]
) -> None:
    """One curve for two classes, else one for each class against the rest."""
    for number in _classes_to_draw(truth, len(labels)):
        display.from_predictions(
            truth == number, predicted[:, number], name=labels[number], ax=axes
        )
    if display is RocCurveDisplay:
        axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(xlabel=axes.get_xlabel().split(" (")[0], ylabel=axes.get_ylabel().split(" (")[0])
    axes.legend(fontsize="small")


def _calibration(axes: Axes, truth: np.ndarray, predicted: np.ndarray, labels: list[str]) -> None:
    for number in _classes_to_draw(truth, len(labels)):
        CalibrationDisplay.from_predictions(
            truth == number,
            predicted[:, number],
            n_bins=8,
            strategy="quantile",
            name=labels[number],
            ax=axes,
        )
    axes.set(xlabel="predicted probability", ylabel="share of rows")


def _classes_to_draw(truth: np.ndarray, classes: int) -> list[int]:
    present = np.bincount(truth, minlength=classes)
    if classes == 2:
        return [1] if 0 < present[1] < len(truth) else []
    numbers = np.argsort(-present, kind="stable")[:MAX_CURVES]
    return [int(number) for number in numbers if 0 < present[number] < len(truth)]


def _confusion(axes: Axes, truth: np.ndarray, guess: np.ndarray, labels: list[str]) -> None:
    shown = sorted(set(truth) | set(guess))
    ConfusionMatrixDisplay.from_predictions(
        truth,
        guess,
        labels=shown,
        display_labels=[labels[number] for number in shown],
        xticks_rotation="vertical",
        cmap="Blues",
        colorbar=False,
        ax=axes,
    )


def _values(axes: Axes, truth: np.ndarray, predicted: np.ndarray, kind: str) -> None:
    PredictionErrorDisplay.from_predictions(
        truth, predicted, kind=kind, scatter_kwargs={"alpha": 0.4, "s": 12}, random_state=0, ax=axes
    )


def _importance(
    axes: Axes, model: BaseEstimator, test: pd.DataFrame, schema: Schema, metric: str, seed: int
) -> None:
    """How much worse the metric gets when one column is shuffled (Breiman 2001)."""
    rows = test if len(test) <= IMPORTANCE_ROWS else test.sample(IMPORTANCE_ROWS, random_state=seed)
    rule = metrics_of(schema, threshold_of(model))[metric]
    truth, features = truth_of(rows, schema), list(schema.features)
    columns = strongest(model, rows, schema, seed)

    def score(fitted: BaseEstimator, shuffled: pd.DataFrame, _: object) -> float:
        whole = rows.copy()
        whole[columns] = shuffled
        return rule.gain(rule.function(truth, predict(fitted, whole, schema)), 0)

    result = permutation_importance(
        model, rows[columns], None, scoring=score, n_repeats=5, random_state=seed
    )
    best = np.argsort(result.importances_mean)
    names = [columns[number][:40] for number in best]
    if len(rows) < len(test) or len(columns) < len(features):
        of_columns = f"{len(columns)} strongest of {len(features)} columns"
        axes.set_title(f"{of_columns}, {len(rows):,} of {len(test):,} rows", fontsize="small")
    axes.barh(names, result.importances_mean[best], xerr=result.importances_std[best])
    axes.set(xlabel=f"loss of {metric} when the column is shuffled")


def strongest(model: BaseEstimator, rows: pd.DataFrame, schema: Schema, seed: int) -> list[str]:
    """The `MOST_IMPORTANT` columns whose shuffling moves predictions most, in their order.

    Of many columns whole blocks are shuffled; those that move predictions most are halved, until
    each is one column: the time grows with the logarithm of the columns.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    before, names = predict(model, rows, schema), list(schema.features)

    def moved(block: np.ndarray) -> float:
        columns, shuffled = [names[number] for number in block], rows.copy()
        shuffled[columns] = rows[columns].iloc[order].set_axis(rows.index)
        return float(np.abs(predict(model, shuffled, schema) - before).mean())

    blocks = [np.arange(len(names))]
    while len(blocks) > MOST_IMPORTANT or max(map(len, blocks)) > 1:
        if len(blocks) > MOST_IMPORTANT:
            blocks = sorted(blocks, key=moved, reverse=True)[:MOST_IMPORTANT]
        blocks = [half for block in blocks for half in np.array_split(block, 2) if len(half)]
    return [names[number] for number in sorted(np.concatenate(blocks))]
