"""Partial dependence: the mean prediction when a column has one value in all rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.base import BaseEstimator

from ...schema.schema import Schema
from ...selection.cross_validation import draw_rows
from ...selection.metrics import predict_scores
from ..predictions import Predictions
from ..slices import frequent_values
from ..style import axis_label, date_ticks, drawing, legend_columns, short, short_names, tidy

MAX_PANELS, PER_ROW = 6, 3
WIDTH = 9.0  # inches
ROWS, POINTS, MAX_VALUES = 100, 12, 8  # what a prediction costs is their product
MAX_CLASSES = 5  # the most frequent


def draw_dependence(
    model: BaseEstimator, predicted: Predictions, names: list[str], seed: int, folder: Path
) -> None:
    """Write `partial_dependence.svg` of the first columns in `names` that change the prediction."""
    schema = predicted.schema
    rows = predicted.rows.iloc[draw_rows(len(predicted.rows), ROWS, seed)]
    shown = [1] if len(schema.classes) == 2 else [0]
    if len(schema.classes) > 2:
        shown = np.argsort(-np.bincount(predicted.y_true), kind="stable")[:MAX_CLASSES].tolist()
    found = {}
    for name in names[:MAX_PANELS]:
        grid = grid_values(rows[name], schema.columns[name].type)
        if len(grid) > 1:
            means = dependence(model, rows, name, grid, schema)
            if np.ptp(means, axis=0).max() > 0:
                found[name] = grid, means[:, shown]
    if not found:
        return
    high = -(-len(found) // PER_ROW)
    with drawing(folder / "partial_dependence.svg", WIDTH, 0.3 + 2.4 * high) as figure:
        axes: Any = None
        for place, (name, (grid, means)) in enumerate(found.items(), start=1):
            axes = figure.add_subplot(high, min(PER_ROW, len(found)), place, sharey=axes)
            _panel(axes, grid, means, schema.columns[name].type)
            axes.set_xlabel(axis_label(schema, name, 30))
            tidy(axes.yaxis)
        figure.supylabel(_what(schema), fontsize="medium")
        if len(schema.classes) > 2:
            labels = short_names([schema.classes[number] for number in shown], 36)
            columns = legend_columns(labels, WIDTH)
            figure.legend(axes.get_lines(), labels, loc="outside upper left", ncols=columns)


def dependence(
    model: BaseEstimator, rows: pd.DataFrame, name: str, grid: pd.Series, schema: Schema
) -> np.ndarray:
    """The mean prediction with each value of the grid, shape (n_values, n_outputs) (Friedman 2001).

    In one call: scikit-learn's `partial_dependence` makes one for each value, and refuses whole
    numbers and missing values.
    """
    repeated = pd.concat([rows] * len(grid), ignore_index=True)
    cells = grid.repeat(len(rows)).reset_index(drop=True).astype(rows[name].dtype)
    y_pred = predict_scores(model, repeated.assign(**{name: cells}), schema)
    return y_pred.reshape(len(grid), len(rows), -1).mean(axis=1)


def grid_values(cells: pd.Series, column_type: str) -> pd.Series:
    """The most frequent values of a category, values at even shares of a number or date."""
    known = cells.dropna()
    if column_type == "text":
        return known.iloc[:0]
    if column_type in ("category", "boolean"):
        return pd.Series(frequent_values(known, MAX_VALUES), dtype=cells.dtype)
    values = known.drop_duplicates().sort_values()
    if len(values) <= POINTS:
        return values
    places = np.linspace(0.02, 0.98, POINTS) * (len(known) - 1)
    return known.sort_values().iloc[places.round().astype(int)].drop_duplicates()


def _panel(axes: Axes, grid: pd.Series, means: np.ndarray, column_type: str) -> None:
    """Dots of a category, in the order of their mean; a line of a number or date."""
    if column_type in ("category", "boolean"):
        order = np.argsort(means[:, 0], kind="stable")
        axes.plot(means[order], "o", markersize=5)
        names = short_names(grid.iloc[order], 16)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.margins(x=0.1)
        return
    axes.plot(grid.to_numpy(), means, ".-", markersize=4)
    if column_type == "datetime":
        date_ticks(axes)
    else:
        tidy(axes.xaxis, whole=bool((grid % 1 == 0).all()), most=3)


def _what(schema: Schema) -> str:
    """What is predicted, as the label of an axis."""
    if schema.task == "regression":
        return f"mean {axis_label(schema, schema.target)}"
    one = short(schema.classes[1], 20) if len(schema.classes) == 2 else "each class"
    return f"mean probability of {one}"
