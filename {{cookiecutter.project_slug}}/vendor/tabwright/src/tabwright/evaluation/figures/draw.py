"""Draw all figures of a model."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ...selection.threshold import get_threshold
from ..predictions import Predictions
from ..style import BAR, BLUE, GREY, one_plot, short, short_names
from .classes import draw_classes
from .dependence import draw_dependence
from .importance import draw_importance
from .values import draw_values

MAX_SLICES = 40


def draw_figures(
    model: BaseEstimator,
    predicted: Predictions,
    losses: dict[str, np.ndarray],
    goal: str | float,
    seed: int,
    folder: Path,
) -> None:
    """Write the figures of the task as SVG files into `folder`.

    Parameters
    ----------
    predicted
        What the model predicts for rows, few enough to draw.
    losses
        As from `importances`.
    goal
        `train.threshold`, for the cost of errors.
    """
    folder.mkdir(exist_ok=True)
    if predicted.schema.task == "regression":
        draw_values(predicted, folder)
    else:
        draw_classes(predicted, get_threshold(model), goal, folder)
    draw_importance(losses, predicted, folder)
    draw_dependence(model, predicted, list(losses), seed, folder)


def draw_slices(slices: list[dict[str, Any]], overall: float, metric: str, folder: Path) -> None:
    """Add `slices.svg`: score and interval of each slice that has them, next to that of all rows."""
    scored = [part for part in slices if part["low"] is not None][:MAX_SLICES][::-1]
    if not scored:
        return
    with one_plot(folder / "slices.svg", 7.5, 0.8 + BAR * len(scored)) as axes:
        axes.axvline(overall, color=GREY, linestyle=":")
        for place, part in enumerate(scored):
            axes.plot([part["low"], part["high"]], [place, place], color=BLUE)
            axes.plot(part["score"], place, "o", color=BLUE, markersize=4)
        names = [f"{short(part['column'])}: {part['value']}" for part in scored]
        axes.set_yticks(range(len(scored)), short_names(names, 56))
        axes.set(xlabel=f"{metric}; dotted: all held-out rows", ylim=(-0.6, len(scored) - 0.4))
