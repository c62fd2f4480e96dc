"""Figures of the target by each column."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.patches import Patch
from matplotlib.ticker import LinearLocator

from ..evaluation.style import BLUE, COLOURS, GREY, ORANGE, drawing, short
from ..schema.schema import Schema

MAX_PANELS = 30
PER_ROW = 3  # small plots in a row
WIDTH = 11.0  # inches
MAX_VALUES = 8  # of a category, the most frequent first
DOTS = 2000
OTHER, EMPTY = "(other)", "(empty)"


def draw_target(rows: pd.DataFrame, schema: Schema, folder: Path) -> None:
    """Write `target.svg` into `folder`, replacing what is there; nothing without a known target.

    Parameters
    ----------
    rows
        Clean rows, few enough to draw.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = rows[rows[schema.target].notna()]
    if rows.empty:
        return
    target, colours = rows[schema.target], {}
    if schema.task == "classification":
        target = frequent(target, len(COLOURS))
        known = [*(schema.columns[schema.target].categories or []), OTHER]
        present = [label for label in known if (target == label).any()]
        colours = dict(zip(present, COLOURS, strict=False))
    names = list(schema.features)[:MAX_PANELS]
    high = -(-len(names) // PER_ROW)
    with drawing(folder / "target.svg", WIDTH, 0.5 + 1.8 * high) as figure:
        for place, name in enumerate(names, start=1):
            axes = figure.add_subplot(high, PER_ROW, place)
            axes.set_title(short(name))
            if schema.columns[name].kind in ("category", "boolean"):
                _by_category(
                    axes, frequent(rows[name].astype("str").fillna(EMPTY)), target, colours
                )
            else:
                _by_number(axes, rows[name], schema.columns[name].kind, target, colours)
        if colours:
            keys = [Patch(color=colour, label=short(label)) for label, colour in colours.items()]
            figure.legend(handles=keys, loc="outside upper left", ncols=4, frameon=False)


def frequent(values: pd.Series, most: int = MAX_VALUES) -> pd.Series:
    """Values as text; those beyond the most frequent become one."""
    values = values.astype("str")
    counts = values.value_counts()
    if len(counts) <= most:
        return values
    return values.where(values.isin(counts.index[: most - 1]), OTHER)


def _by_category(axes: Axes, values: pd.Series, target: pd.Series, colours: dict[str, str]) -> None:
    """The share of each class, or quartiles of the target, for each value."""
    counts = values.value_counts()
    # From the bottom up: empty and other values, then the rarest.
    order = sorted(counts.index, key=lambda value: (value not in (OTHER, EMPTY), counts[value]))
    places = range(1, len(order) + 1)
    if colours:
        left = np.zeros(len(order))
        shares = pd.crosstab(values, target, normalize="index").loc[order]
        for label, colour in colours.items():
            axes.barh(places, shares[label], left=left, color=colour)
            left += shares[label].to_numpy()
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1])
    else:
        _boxes(axes, [target[values == value] for value in order], [BLUE] * len(order))
    axes.set_yticks(places, [short(value, 18) for value in order])
    axes.tick_params(axis="y", length=0)


def _by_number(
    axes: Axes, cells: pd.Series, kind: str, target: pd.Series, colours: dict[str, str]
) -> None:
    """Quartiles for each class, or a scatter plot of a numeric target with its running median."""
    if kind == "text":
        axes.set_title(f"{short(cells.name, 16)} (characters)")
        cells = cells.str.len()
    elif kind == "datetime":
        axes.margins(x=0)
        axes.xaxis.set_major_locator(LinearLocator(3))
        axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
        cells = (cells - pd.Timestamp(0)) / pd.Timedelta(days=1)  # matplotlib counts from 1970
    else:
        axes.locator_params(axis="x", nbins=5)
    amounts = cells.astype(float)
    if colours:
        _boxes(axes, [amounts[target == label] for label in colours], list(colours.values()))
        axes.set_yticks([])
        axes.invert_yaxis()  # the order of the legend
        return
    both = pd.DataFrame({"x": amounts, "y": target}).dropna()
    axes.scatter(both["x"][:DOTS], both["y"][:DOTS], s=4, alpha=0.25, color=BLUE, linewidths=0)
    if both["x"].nunique() > 2:
        middle = both.groupby(pd.qcut(both["x"], 10, duplicates="drop"), observed=True).median()
        axes.plot(middle["x"], middle["y"], color=ORANGE, linewidth=1.5)


def _boxes(axes: Axes, groups: list[pd.Series], colours: list[str]) -> None:
    """Quartiles, and whiskers to the last value within 1.5 times their distance."""
    drawn = axes.boxplot(
        [group.dropna().to_numpy() for group in groups],
        orientation="horizontal",
        showfliers=False,
        showcaps=False,
        patch_artist=True,
        widths=0.7,
        medianprops={"color": "black", "linewidth": 1.5},
        whiskerprops={"color": GREY},
    )
    for box, colour in zip(drawn["boxes"], colours, strict=True):
        box.set(facecolor=colour, edgecolor=colour)
