"""Figures of classification: curves, calibration, confusion matrix, gain and cost of two classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from sklearn.calibration import calibration_curve
from sklearn.metrics import ConfusionMatrixDisplay, precision_recall_curve, roc_curve

from ...selection.threshold import decide
from ..predictions import Predictions
from ..style import BLUE, GREY, HEIGHT, ORANGE, WIDTH, legend_columns, one_plot, short, short_names

MAX_CURVES = 8  # classes, the most frequent first, that get a curve of their own
BIN_ROWS, MIN_BINS, MAX_BINS = 15, 3, 10  # of the calibration curve
MAX_LABEL = 36  # characters of a class
MAX_NUMBERED = 30  # classes of a confusion matrix whose cells are numbered
COSTS = [1.0, 5.0, 20.0]  # of a miss, in false alarms, where `train.threshold` names none


def draw_classes(predicted: Predictions, threshold: float, goal: str | float, folder: Path) -> None:
    """Write `roc.svg`, `precision_recall.svg`, `calibration.svg` and `confusion_matrix.svg`.

    A single class or a constant prediction has no curve, few rows have no calibration. Of two classes
    `gain.svg` and `cost.svg` too, where there are curves.
    """
    y_true, y_proba = predicted.y_true, predicted.y_pred
    labels = predicted.schema.classes
    if numbers := _classes_to_draw(y_true, y_proba):
        one = short(labels[1]) if len(labels) == 2 else "the class"
        names = short_names([labels[number] for number in numbers], MAX_LABEL)
        found = f"share of {one} found"
        with _shares(folder / "roc.svg", "share of other rows flagged", found, names) as axes:
            for number, name in zip(numbers, names, strict=True):
                x, y, _ = roc_curve(y_true == number, y_proba[:, number])
                axes.plot(x, y, label=name)
            axes.plot([0, 1], [0, 1], linestyle=":", color=GREY)
        path, right = folder / "precision_recall.svg", "share of those flagged that is right"
        with _shares(path, f"{found} (recall)", right, names) as axes:
            for number, name in zip(numbers, names, strict=True):
                y, x, _ = precision_recall_curve(y_true == number, y_proba[:, number])
                axes.step(x, y, where="post", label=name)
        if len(labels) == 2:
            _gain(y_true, y_proba[:, 1], found, folder)
            _cost(y_true, y_proba[:, 1], one, threshold, goal, folder)
    _calibration(y_true, y_proba, labels, folder)
    _confusion(y_true, decide(y_proba, threshold), labels, folder)


def _classes_to_draw(y_true: np.ndarray, y_proba: np.ndarray) -> list[int]:
    """Numbers of the classes that have a curve: some rows are of it, some not, and scores differ."""
    counts = np.bincount(y_true, minlength=y_proba.shape[1])
    order = [1] if len(counts) == 2 else np.argsort(-counts, kind="stable")
    return [
        int(number)
        for number in order
        if 0 < counts[number] < len(y_true) and np.ptp(y_proba[:, number]) > 0
    ][:MAX_CURVES]


@contextmanager
def _shares(path: Path, x: str, y: str, names: list[str]) -> Iterator[Axes]:
    """Yield the axes of two shares and save their figure, with a legend of several names below."""
    columns = legend_columns(names, WIDTH)
    lines = -(-len(names) // columns)
    with one_plot(path, height=HEIGHT + 0.16 * max(lines - 3, 0)) as axes:
        axes.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        yield axes
        if len(names) > 1:
            axes.figure.legend(loc="outside lower center", ncols=columns)


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
    what = f"share that is {name}" if len(labels) == 2 else "share that is right"
    path, probability = folder / "calibration.svg", f"predicted probability of {name}"
    with _shares(path, probability, what, [name]) as axes:
        axes.plot([0, 1], [0, 1], linestyle=":", color=GREY)
        axes.plot(mean, share, "o-", color=BLUE, markersize=4)


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
        for cell in np.ravel(drawn.text_) if len(shown) <= MAX_NUMBERED else ():
            cell.set_visible(cell.get_text() != "0")
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.tick_params(length=0)


def _gain(y_true: np.ndarray, scores: np.ndarray, share_found: str, folder: Path) -> None:
    order = np.argsort(-scores, kind="stable")
    found = np.append(0, np.cumsum(y_true[order])) / y_true.sum()
    with one_plot(folder / "gain.svg") as axes:
        axes.plot([0, 1], [0, 1], linestyle=":", color=GREY, label="in any order")
        axes.plot([0, y_true.mean(), 1], [0, 1, 1], linestyle="--", color=GREY, label="at best")
        axes.plot(np.arange(len(found)) / len(y_true), found, label="by the model")
        axes.set(xlabel="share of rows flagged, most probable first", ylabel=share_found)
        axes.legend(loc="lower right")


def _cost(
    y_true: np.ndarray,
    scores: np.ndarray,
    label: str,
    threshold: float,
    goal: str | float,
    folder: Path,
) -> None:
    name, _, cost = str(goal).partition(" ")
    values, each = costs(y_true, scores, [float(cost)] if name == "cost" else COSTS)
    with one_plot(folder / "cost.svg") as axes:
        for miss, line in each.items():
            best = line.argmin()
            words = f"a miss costs {miss:g} false alarm{'s' if miss != 1 else ''}"
            (drawn,) = axes.plot(values, line, drawstyle="steps-pre", label=words)
            axes.plot(values[best], line[best], "o", color=drawn.get_color(), markersize=5)
        axes.axvline(threshold, color=ORANGE, linestyle=":", label="threshold in use")
        axes.set(xlabel=f"threshold: {label} from this probability on", xlim=(0, 1))
        axes.set(ylabel="cost, 1 = flagging all rows or none", ylim=(0, 1.5))
        axes.figure.legend(loc="outside lower center", ncols=2)


def costs(
    y_true: np.ndarray, scores: np.ndarray, misses: list[float]
) -> tuple[np.ndarray, dict[float, np.ndarray]]:
    """Thresholds, and for each cost of a miss what the errors at each threshold cost.

    A cost of 1 is that of the better of two ways that need no model: to flag every row, or none.
    """
    values, place = np.unique(np.append(scores, [0.0, 1.0]), return_inverse=True)
    count, place = len(values), place[: len(scores)]
    missed = np.cumsum(np.bincount(place, y_true, count)) - np.bincount(place, y_true, count)
    alarms = np.cumsum(np.bincount(place, 1 - y_true, count)[::-1])[::-1]
    without = {miss: min(miss * y_true.sum(), np.sum(1 - y_true)) for miss in misses}
    return values, {miss: (miss * missed + alarms) / without[miss] for miss in misses}
