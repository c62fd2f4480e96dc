"""One small plot of one column: its values, or the target beside it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.ticker import LinearLocator

from .style import BLUE, COLOURS, GREY, short

MOST_VALUES = 8  # of a category, the most frequent first
BINS = 30
DOTS = 2000
OTHER, EMPTY = "(other)", "(empty)"


def distribution(axes: Axes, cells: pd.Series, kind: str, colour: str = BLUE) -> None:
    """How often each value occurs, empty cells left out."""
    present = cells.dropna()
    axes.set_title(short(cells.name))
    if present.empty:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no value", ha="center", va="center", transform=axes.transAxes)
    elif measured(kind):
        if kind == "numeric":
            axes.locator_params(axis="x", nbins=5)
        axes.hist(_amounts(axes, present, kind), bins=BINS, color=colour)
    else:
        values = frequent(present)
        order = _order(values)
        colours = [GREY if value == OTHER else colour for value in order]
        axes.barh(range(len(order)), values.value_counts()[order], color=colours)
        _name_values(axes, range(len(order)), order)


def classes_beside(axes: Axes, cells: pd.Series, kind: str, target: pd.Series) -> None:
    """Boxes of a quantity per class, or the share of each class for each value.

    `target` is an ordered categorical of at most as many classes as there are colours.
    """
    axes.set_title(short(cells.name))
    colours = dict(zip(target.cat.categories, COLOURS, strict=False))
    if measured(kind):
        amounts = _amounts(axes, cells, kind)
        groups = [amounts[target == label].dropna() for label in target.cat.categories]
        _boxes(axes, groups, list(colours.values()))
        axes.set_yticks([])
        axes.invert_yaxis()  # the order of the legend
        return
    values = frequent(cells.astype("str").fillna(EMPTY))
    shares = pd.crosstab(values, target, normalize="index").loc[_order(values)]
    left = np.zeros(len(shares))
    for label in shares.columns:
        axes.barh(range(len(shares)), shares[label], left=left, color=colours[label])
        left += shares[label].to_numpy()
    _name_values(axes, range(len(shares)), list(shares.index))
    axes.set(xlim=(0, 1), xticks=[0, 0.5, 1])


def quantity_beside(axes: Axes, cells: pd.Series, kind: str, target: pd.Series) -> None:
    """The target over a quantity, with medians along it, or boxes of it for each value."""
    axes.set_title(short(cells.name))
    if not measured(kind):
        values = frequent(cells.astype("str").fillna(EMPTY))
        order = _order(values)
        _boxes(axes, [target[values == value].dropna() for value in order], [BLUE] * len(order))
        _name_values(axes, range(1, len(order) + 1), order)
        return
    both = pd.DataFrame({"x": _amounts(axes, cells, kind), "y": target}).dropna()
    dots = both.head(DOTS)
    axes.scatter(dots["x"], dots["y"], s=4, alpha=0.25, color=BLUE, linewidths=0)
    if both["x"].nunique() > 2:
        middle = both.groupby(pd.qcut(both["x"], 10, duplicates="drop"), observed=True).median()
        axes.plot(middle["x"], middle["y"], color=COLOURS[1], linewidth=1.5)


def measured(kind: str) -> bool:
    """Whether a column is drawn along an axis: of a text its length, of a date the day."""
    return kind in ("numeric", "datetime", "text")


def frequent(values: pd.Series, most: int = MOST_VALUES) -> pd.Series:
    """Values as text; those beyond the most frequent become one."""
    values = values.astype("str")
    counts = values.value_counts()
    if len(counts) <= most:
        return values
    return values.where(values.isin(counts.index[: most - 1]), OTHER)


def _amounts(axes: Axes, cells: pd.Series, kind: str) -> pd.Series:
    if kind == "text":
        axes.set_title(f"{short(cells.name, 16)} (characters)")
        return cells.str.len().astype(float)
    if kind == "datetime":
        axes.margins(x=0)
        axes.xaxis.set_major_locator(LinearLocator(3))
        axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
        days = (cells - pd.Timestamp(0)) / pd.Timedelta(days=1)  # matplotlib counts from 1970
        return days.astype(float)
    return cells.astype(float)


def _order(values: pd.Series) -> list[str]:
    """From the bottom up: what is no value of its own, then the rarest."""
    counts = values.value_counts()
    return sorted(counts.index, key=lambda value: (value not in (OTHER, EMPTY), counts[value]))


def _name_values(axes: Axes, places: Iterable[int], values: list[str]) -> None:
    axes.set_yticks(list(places), [short(value, 18) for value in values])
    axes.tick_params(axis="y", length=0)


def _boxes(axes: Axes, groups: list[pd.Series], colours: list[str]) -> None:
    """Quartiles, and whiskers to the last value within 1.5 times their distance."""
    drawn = axes.boxplot(
        [group.to_numpy() for group in groups],
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
