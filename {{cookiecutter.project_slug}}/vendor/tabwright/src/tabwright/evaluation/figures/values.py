"""Figures of regression: predicted and actual values, residuals."""

from pathlib import Path

import numpy as np

from ..predictions import Predictions
from ..style import BLUE, GREY, axis_label, one_plot, short

DOTS = 2000  # rows drawn, the first of the sample


def draw_values(predicted: Predictions, folder: Path) -> None:
    """Write `predicted_and_actual.svg` and `residuals.svg`; nothing of a constant prediction."""
    y_true, y_pred = predicted.y_true[:DOTS], predicted.y_pred[:DOTS]
    if len(y_true) < 2 or np.ptp(y_pred) == 0:
        return
    name, target = predicted.schema.target, short(predicted.schema.target, 24)
    label = axis_label(predicted.schema, name, 24)
    with one_plot(folder / "predicted_and_actual.svg") as axes:
        axes.scatter(y_pred, y_true, s=10, alpha=0.4, color=BLUE, linewidths=0, rasterized=True)
        axes.axline((y_pred.mean(), y_pred.mean()), slope=1, color=GREY, linestyle=":")
        axes.set(xlabel=f"predicted {label}", ylabel=f"actual {label}")
    with one_plot(folder / "residuals.svg") as axes:
        left = y_true - y_pred
        axes.scatter(y_pred, left, s=10, alpha=0.4, color=BLUE, linewidths=0, rasterized=True)
        axes.axhline(0, color=GREY, linestyle=":")
        axes.set(xlabel=f"predicted {label}", ylabel=f"actual minus predicted {target}")
