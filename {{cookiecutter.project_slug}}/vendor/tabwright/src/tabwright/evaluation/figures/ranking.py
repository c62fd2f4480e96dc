"""Figures of two classes in the order of their probability: gain, and the cost of each threshold."""

from pathlib import Path

import numpy as np

from ..predictions import Predictions
from ..style import GREY, ORANGE, one_plot, short
from .classes import classes_to_draw

COSTS = [1.0, 5.0, 20.0]  # of a miss, in false alarms, where `train.threshold` names none


def draw_ranking(predicted: Predictions, threshold: float, goal: str | float, folder: Path) -> None:
    """Write `gain.svg` and `cost.svg`; nothing of more classes, a single one, or equal scores."""
    y_true, y_proba = predicted.y_true, predicted.y_pred
    if len(predicted.schema.classes) != 2 or not classes_to_draw(y_true, y_proba):
        return
    label, scores = short(predicted.schema.classes[1]), y_proba[:, 1]
    order = np.argsort(-scores, kind="stable")
    found = np.append(0, np.cumsum(y_true[order])) / y_true.sum()
    flagged = np.arange(len(found)) / len(y_true)
    with one_plot(folder / "gain.svg") as axes:
        axes.plot([0, 1], [0, 1], linestyle=":", color=GREY, label="in any order")
        axes.plot([0, y_true.mean(), 1], [0, 1, 1], linestyle="--", color=GREY, label="at best")
        axes.plot(flagged, found, label="by the model")
        axes.set(
            xlabel="share of rows flagged, most probable first", ylabel=f"share of {label} found"
        )
        axes.legend(loc="lower right")
    name, _, cost = str(goal).partition(" ")
    with one_plot(folder / "cost.svg") as axes:
        values, each = costs(y_true, scores, [float(cost)] if name == "cost" else COSTS)
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
