"""Draw what the data is like: gaps, values, the target beside each feature, rejected rows."""

import shutil
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..config import DATA_FIGURES
from ..data.contract.schema import Schema
from .panels import OTHER, classes_beside, distribution, frequent, quantity_beside
from .style import BLUE, COLOURS, ORANGE, drawing, short

MOST_PANELS = 30
MOST_BARS = 30
MOST_CROSSED = 50
ACROSS = 3  # small plots in a row
WIDTH = 11.0  # inches


def draw_data_figures(
    rows: pd.DataFrame, rejected: pd.DataFrame, schema: Schema, folder: Path = DATA_FIGURES
) -> None:
    """Write the figures as PNG files into `folder`, replacing those there.

    Parameters
    ----------
    rows
        Clean rows, few enough to draw.
    rejected
        One line per broken rule, with `rejected_row`, `rejected_column` and `rejected_rule`.
    schema
        The contract.
    folder
        Figures that have nothing to show are not there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if len(rejected):
        _rejected(rejected, folder / "rejected.png")
    if rows.empty:
        return
    names = [name for name in schema.columns if name in rows.columns]
    _missing(rows[names], folder)
    shown = list(schema.features)[:MOST_PANELS]
    _distributions(rows, shown, schema, folder / "distributions.png")
    if rows[schema.target].notna().any():
        _target(rows, shown, schema, folder / "target.png")
    _correlation(rows, schema, folder / "correlation.png")


def _rejected(rejected: pd.DataFrame, path: Path) -> None:
    rows = rejected.groupby(["rejected_column", "rejected_rule"])["rejected_row"].nunique()
    rows = rows.sort_values(kind="stable").tail(MOST_BARS)
    rows.index = [f"{short(column) or 'whole row'}: {short(rule)}" for column, rule in rows.index]
    _bars(rows, "rows", "{:,.0f}", path, width=60)


def _missing(rows: pd.DataFrame, folder: Path) -> None:
    shares = rows.isna().mean().sort_values(kind="stable")
    shares = shares[shares > 0].tail(MOST_BARS)
    if len(shares):
        _bars(shares, "share of empty cells", "{:.1%}", folder / "missing.png", width=40)
    some = list(shares.index[shares < 1][::-1])
    if len(some) > 1:
        together = rows[some].isna().corr()
        with drawing(folder / "missing_together.png", *_square(len(some))) as figure:
            _heatmap(figure.add_subplot(), together)


def _bars(values: pd.Series, label: str, form: str, path: Path, width: int) -> None:
    with drawing(path, WIDTH * 0.8, 0.8 + 0.24 * len(values)) as figure:
        axes = figure.add_subplot()
        bars = axes.barh(range(len(values)), values, color=BLUE)
        axes.bar_label(bars, fmt=form, padding=3)
        axes.set_yticks(range(len(values)), [short(name, width) for name in values.index])
        axes.set_xlabel(label)
        axes.margins(y=0.01)


def _distributions(rows: pd.DataFrame, shown: list[str], schema: Schema, path: Path) -> None:
    names = [schema.target, *shown]
    with drawing(path, WIDTH, _height(len(names))) as figure:
        for axes, name in zip(_grid(figure, len(names)), names, strict=True):
            colour = ORANGE if name == schema.target else BLUE
            distribution(axes, rows[name], schema.columns[name].kind, colour)


def _target(rows: pd.DataFrame, shown: list[str], schema: Schema, path: Path) -> None:
    rows = rows[rows[schema.target].notna()]
    target, beside = rows[schema.target], quantity_beside
    if schema.task == "classification":
        target, beside = _classes(target, schema), classes_beside
    with drawing(path, WIDTH, _height(len(shown))) as figure:
        for axes, name in zip(_grid(figure, len(shown)), shown, strict=True):
            beside(axes, rows[name], schema.columns[name].kind, target)
        if schema.task == "classification":
            labels = [short(label) for label in target.cat.categories]
            keys = [Patch(color=colour) for colour in COLOURS[: len(labels)]]
            figure.legend(keys, labels, loc="outside upper left", ncols=4, frameon=False)


def _classes(target: pd.Series, schema: Schema) -> pd.Series:
    """The target as a categorical in the order of the contract, its rare classes as one."""
    known = frequent(target, len(COLOURS))
    labels = [*(schema.columns[schema.target].categories or []), OTHER]
    present = [label for label in labels if (known == label).any()]
    return known.astype(pd.CategoricalDtype(present, ordered=True))


def _correlation(rows: pd.DataFrame, schema: Schema, path: Path) -> None:
    names = schema.names("numeric", "boolean")
    names += [schema.target] if schema.task == "regression" else []
    numbers = rows[names].astype("Float64").astype(float)
    numbers = numbers.loc[:, numbers.min() < numbers.max()]
    numbers = numbers.iloc[:, -MOST_CROSSED:]
    if numbers.shape[1] > 1:
        with drawing(path, *_square(numbers.shape[1])) as figure:
            _heatmap(figure.add_subplot(), numbers.rank().corr())


def _heatmap(axes: Axes, table: pd.DataFrame) -> None:
    values, count = table.to_numpy(copy=True), len(table)
    np.fill_diagonal(values, np.nan)
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
    size = 8 if count <= 30 else 6
    names = [short(name, 24) for name in table.columns]
    axes.set_xticks(range(count), names, rotation=90, fontsize=size)
    axes.set_yticks(range(count), names, fontsize=size)
    axes.spines[:].set_visible(False)
    axes.figure.colorbar(image, ax=axes, shrink=0.6)
    if count <= 14:
        for row, column in np.argwhere(~np.isnan(values)):
            look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7}
            look["color"] = "white" if abs(values[row, column]) > 0.6 else "black"
            axes.text(column, row, f"{values[row, column]:.2f}", **look)


def _square(count: int) -> tuple[float, float]:
    side = min(2.2 + 0.42 * count, WIDTH)
    return side + 0.8, side


def _height(panels: int) -> float:
    return 0.5 + 1.8 * -(-panels // ACROSS)


def _grid(figure: matplotlib.figure.Figure, panels: int) -> list[Axes]:
    grid = figure.add_gridspec(-(-panels // ACROSS), ACROSS)
    return [figure.add_subplot(grid[place // ACROSS, place % ACROSS]) for place in range(panels)]
