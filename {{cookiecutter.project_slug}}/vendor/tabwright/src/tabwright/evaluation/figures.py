"""Figures of the model on the held-out rows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
)

from ..selection.cross_validation import draw_rows
from ..selection.metrics import predict_scores
from ..selection.threshold import decide, get_threshold
from .limits import IMPORTANCE_ROWS
from .predictions import Predictions
from .style import BLUE, GREY, drawing, short

VALUES = {"predicted_and_actual": "actual_vs_predicted", "residuals": "residual_vs_predicted"}
DOTS = {"alpha": 0.4, "s": 12}
CURVES = {
    "roc": RocCurveDisplay,
    "precision_recall": PrecisionRecallDisplay,
    "calibration": CalibrationDisplay,
}
MAX_CURVES = 10  # classes, the most frequent first, that get a curve of their own
IMPORTANCE_CELLS = 150_000  # fewer rows of a wide table
REPEATS = 5  # of shuffling a column
MAX_IMPORTANT = 20  # columns; those of a wider table that change predictions most
MAX_SLICES = 40


def draw_figures(
    model: BaseEstimator, predicted: Predictions, losses: dict[str, np.ndarray], folder: Path
) -> None:
    """Write the figures of the task as PNG files into `folder`, replacing those there.

    Parameters
    ----------
    predicted
        What the model predicts for rows, few enough to draw.
    losses
        As from `importances`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    y_true, y_pred, classes = predicted.y_true, predicted.y_pred, predicted.schema.classes
    if predicted.schema.task == "regression":
        for name, kind in VALUES.items():
            with _figure(folder / f"{name}.png") as axes:
                PredictionErrorDisplay.from_predictions(
                    y_true, y_pred, kind=kind, scatter_kwargs=DOTS, random_state=0, ax=axes
                )
    else:
        for name, display in CURVES.items():
            with _figure(folder / f"{name}.png") as axes:
                _curves(axes, display, y_true, y_pred, classes)
        with _figure(folder / "confusion_matrix.png") as axes:
            _confusion(axes, y_true, decide(y_pred, get_threshold(model)), classes)
    with _figure(folder / "permutation_importance.png") as axes:
        _importance(axes, losses, predicted)


def draw_slices(slices: list[dict[str, Any]], overall: float, metric: str, folder: Path) -> None:
    """Add `slices.png`: score and interval of each slice that has them, next to that of all rows."""
    scored = [part for part in slices if part["low"] is not None][:MAX_SLICES][::-1]
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
    with drawing(path, 6.4, 4.8) as figure:
        yield figure.subplots()


def _curves(
    axes: Axes, display: Any, y_true: np.ndarray, y_pred: np.ndarray, labels: list[str]
) -> None:
    """One curve for two classes, else one for each class against the rest."""
    calibration = display is CalibrationDisplay
    how = {"n_bins": 8, "strategy": "quantile"} if calibration else {}
    numbers = _classes_to_draw(y_true, len(labels))
    for number in numbers:
        display.from_predictions(
            y_true == number, y_pred[:, number], name=labels[number], ax=axes, **how
        )
    if display is RocCurveDisplay:
        axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(xlabel=axes.get_xlabel().split(" (")[0], ylabel=axes.get_ylabel().split(" (")[0])
    if calibration:
        axes.set(xlabel="predicted probability", ylabel="share of rows")
    if numbers:
        axes.legend(fontsize="small")


def _classes_to_draw(y_true: np.ndarray, classes: int) -> list[int]:
    counts = np.bincount(y_true, minlength=classes)
    frequent = [1] if classes == 2 else np.argsort(-counts, kind="stable")[:MAX_CURVES]
    return [int(number) for number in frequent if 0 < counts[number] < len(y_true)]


def _confusion(axes: Axes, y_true: np.ndarray, y_class: np.ndarray, labels: list[str]) -> None:
    shown = sorted({*y_true, *y_class})
    ConfusionMatrixDisplay.from_predictions(
        y_true,
        y_class,
        labels=shown,
        display_labels=[labels[number] for number in shown],
        xticks_rotation="vertical",
        cmap="Blues",
        colorbar=False,
        ax=axes,
    )


def importances(model: BaseEstimator, predicted: Predictions, seed: int) -> dict[str, np.ndarray]:
    """The loss of the deciding metric at each shuffle of a column (Breiman 2001).

    Returns
    -------
    dict of ndarray, shape (REPEATS,)
        By column, the most important first; of a wide table the `strongest` columns.
    """
    schema, metric = predicted.schema, predicted.metrics[predicted.deciding]
    sample = _sample(predicted, seed)
    rows, y_true = sample.rows, sample.y_true
    score = metric.function(y_true, sample.y_pred)
    random, losses = np.random.RandomState(seed), {}
    repeated = pd.concat([rows] * REPEATS, ignore_index=True)  # one prediction for all of them
    for name in strongest(model, sample, seed):
        orders = [rows[name].sample(frac=1, random_state=random) for _ in range(REPEATS)]
        shuffled = repeated.assign(**{name: pd.concat(orders, ignore_index=True)})
        y_pred = np.split(predict_scores(model, shuffled, schema), REPEATS)
        each = [metric.improvement(score, metric.function(y_true, values)) for values in y_pred]
        losses[name] = np.array(each)
    return dict(sorted(losses.items(), key=lambda item: -item[1].mean()))


def _importance(axes: Axes, losses: dict[str, np.ndarray], predicted: Predictions) -> None:
    rows, columns = len(_sample(predicted, 0).rows), len(predicted.schema.features)
    found = pd.DataFrame(losses).agg(["mean", "std"]).T.sort_values("mean")
    if rows < len(predicted.rows) or len(losses) < columns:
        axes.set_title(
            f"{len(losses)} strongest of {columns} columns, {rows:,} rows", fontsize="small"
        )
    axes.barh(range(len(found)), found["mean"], xerr=found["std"])
    axes.set_yticks(range(len(found)), [short(name, 40) for name in found.index])
    axes.set(xlabel=f"loss of {predicted.deciding} when the column is shuffled")


def _sample(predicted: Predictions, seed: int) -> Predictions:
    limit = max(100, IMPORTANCE_CELLS // len(predicted.schema.features))
    return predicted.among(draw_rows(len(predicted.rows), min(IMPORTANCE_ROWS, limit), seed))


def strongest(model: BaseEstimator, predicted: Predictions, seed: int) -> list[str]:
    """The `MAX_IMPORTANT` columns whose shuffling changes predictions most, in their order.

    Of many columns whole blocks are shuffled; those that change predictions most are halved, until
    each is one column: the time grows with the logarithm of the columns.
    """
    rows, schema, before = predicted.rows, predicted.schema, predicted.y_pred
    order = np.random.default_rng(seed).permutation(len(rows))
    names = np.array(list(schema.features), dtype=object)

    def shuffled(block: np.ndarray) -> pd.DataFrame:
        columns, table = names[block], rows.copy()
        table[columns] = rows[columns].iloc[order].set_axis(rows.index)
        return table

    blocks = [np.arange(len(names))]
    while len(blocks) > MAX_IMPORTANT or max(map(len, blocks)) > 1:
        if len(blocks) > MAX_IMPORTANT:
            after = predict_scores(model, pd.concat(map(shuffled, blocks)), schema)
            moved = [np.abs(each - before).mean() for each in np.split(after, len(blocks))]
            blocks = [blocks[place] for place in np.argsort(moved)[-MAX_IMPORTANT:]]
        blocks = [half for block in blocks for half in np.array_split(block, 2) if len(half)]
    return list(names[np.sort(np.concatenate(blocks))])
