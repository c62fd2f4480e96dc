"""Figures of classification: ROC and precision-recall curves, calibration, confusion matrix."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from sklearn.calibration import calibration_curve
from sklearn.metrics import ConfusionMatrixDisplay, precision_recall_curve, roc_curve

from ...selection.threshold import decide
from ..predictions import Predictions
from ..style import (
    BLUE,
    GREY,
    HEIGHT,
    WIDTH,
    legend_columns,
    one_plot,
    short,
    short_names,
    tidy,
)

MAX_CURVES = 8  # classes, the most frequent first, that get a curve of their own
BIN_ROWS, MIN_BINS, MAX_BINS = 15, 3, 10  # of the calibration curve
MAX_LABEL = 36  # characters of a class
MAX_NUMBERED = 30  # classes of a confusion matrix whose cells are numbered


def draw_classes(predicted: Predictions, threshold: float, folder: Path) -> None:
    """Write `roc.svg`, `precision_recall.svg`, `calibration.svg` and `confusion_matrix.svg`.

    A single class or a constant prediction has no curve, few rows have no calibration.
    """
    y_true, y_proba = predicted.y_true, predicted.y_pred
    labels = predicted.schema.classes
    if numbers := classes_to_draw(y_true, y_proba):
        one = short(labels[1]) if len(labels) == 2 else "the class"
        names = short_names([labels[number] for number in numbers], MAX_LABEL)
        legend = -(-len(names) // legend_columns(names, WIDTH))
        height = HEIGHT + 0.16 * max(legend - 3, 0)
        with one_plot(folder / "roc.svg", height=height) as axes:
            for number, name in zip(numbers, names, strict=True):
                x, y, _ = roc_curve(y_true == number, y_proba[:, number])
                axes.plot(x, y, label=name)
            axes.plot([0, 1], [0, 1], linestyle=":", color=GREY)
            _shares(axes, "share of other rows flagged", f"share of {one} found", names)
        with one_plot(folder / "precision_recall.svg", height=height) as axes:
            for number, name in zip(numbers, names, strict=True):
                y, x, _ = precision_recall_curve(y_true == number, y_proba[:, number])
                axes.step(x, y, where="post", label=name)
            _shares(
                axes,
                f"share of {one} found (recall)",
                "share of those flagged that is right",
                names,
            )
    _calibration(y_true, y_proba, labels, folder)
    _confusion(y_true, decide(y_proba, threshold), labels, folder)


def classes_to_draw(y_true: np.ndarray, y_proba: np.ndarray) -> list[int]:
    """Numbers of the classes that have a curve: some rows are of it, some not, and scores differ."""
    counts = np.bincount(y_true, minlength=y_proba.shape[1])
    order = [1] if len(counts) == 2 else np.argsort(-counts, kind="stable")
    return [
        int(number)
        for number in order
        if 0 < counts[number] < len(y_true) and np.ptp(y_proba[:, number]) > 0
    ][:MAX_CURVES]


def _shares(axes: Axes, x: str, y: str, names: list[str]) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    tidy(axes.xaxis)
    tidy(axes.yaxis)
    if len(names) > 1:
        axes.figure.legend(loc="outside lower center", ncols=legend_columns(names, WIDTH))


def _calibration(y_true: np.ndarray, y_proba: np.ndarray, labels: list[str], folder: Path) -> None:
    """Of two classes the positive; of more the predicted one, whichever it is (Guo et al. 2017)."""
    right, certainty, name = y_true == 1, y_proba[:, 1], short(labels[1])
    if len(labels) > 2:
        right, certainty = y_true == y_proba.argmax(axis=1), y_proba.max(axis=1)
        name = "the predicted class"
    bins = min(len(y_true) // BIN_ROWS, MAX_BINS)
    if bins < MIN_BINS or not 0 < right.sum() < len(right):
        return
    share, mean = calibration_curve(right, certainty, n_bins=bins, strategy="quantile")
    if len(mean) < MIN_BINS:
        return
    with one_plot(folder / "calibration.svg") as axes:
        axes.plot([0, 1], [0, 1], linestyle=":", color=GREY)
        axes.plot(mean, share, "o-", color=BLUE, markersize=4)
        what = f"share that is {name}" if len(labels) == 2 else "share that is right"
        _shares(axes, f"predicted probability of {name}", what, [])


def _confusion(y_true: np.ndarray, y_class: np.ndarray, labels: list[str], folder: Path) -> None:
    shown = sorted({*y_true, *y_class})
    if len(shown) < 2:
        return
    names = short_names([labels[number] for number in shown], MAX_LABEL)
    longest = max(len(name) for name in names)
    side = max(HEIGHT, 0.8 + 0.075 * longest + 0.26 * len(shown))
    with one_plot(folder / "confusion_matrix.svg", side, side) as axes:
        drawn = ConfusionMatrixDisplay.from_predictions(
            y_true,
            y_class,
            labels=shown,
            display_labels=names,
            include_values=len(shown) <= MAX_NUMBERED,
            xticks_rotation="vertical" if longest * len(shown) > 40 else "horizontal",
            cmap="Blues",
            colorbar=False,
            text_kw={"fontsize": 8},
            ax=axes,
        )
        for cell in (drawn.text_ if drawn.text_ is not None else np.array([])).ravel():
            cell.set_visible(cell.get_text() != "0")
        axes.set_xlabel("predicted class", fontsize=9)
        axes.set_ylabel("true class", fontsize=9)
        axes.tick_params(labelsize=9, length=0)
