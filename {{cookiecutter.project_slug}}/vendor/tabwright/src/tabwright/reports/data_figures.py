"""Figures of the values of each column, and of the target by each column."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..evaluation.style import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    axis_label,
    date_ticks,
    drawing,
    legend_columns,
    lines_of,
    short,
    short_names,
    tidy,
)
from ..schema.schema import Schema

MAX_PANELS = 30
PER_ROW = 3  # small plots in a row
WIDTH, HEIGHT = 9.0, 1.9  # inches, of all and of one
TICKS = 3  # along the x axis, where labels stand side by side
MAX_BARS = 30  # of a histogram
TAIL = 0.005  # of the rows at each end, which are left out where they are far away
MAX_VALUES = 8  # of a category, the most frequent first
DOTS = 2000
OTHER, EMPTY = "(other)", "(empty)"


def draw_columns(rows: pd.DataFrame, schema: Schema, folder: Path) -> None:
    """Add `columns.svg`: how often each value occurs, of the target and the first features.

    Parameters
    ----------
    rows
        Clean rows, few enough to draw.
    """
    names = _drawn([schema.target, *schema.features], rows)
    if not names:
        return
    with _panels(folder / "columns.svg", names) as panels:
        for name, axes in panels.items():
            cells, column_type = rows[name], schema.columns[name].type
            empty = cells.isna().mean()
            title = axis_label(schema, name, 36) + (f", {empty:.1%} empty" if empty else "")
            axes.set_title(lines_of(title))
            if column_type in ("category", "boolean"):
                counts = frequent(cells.dropna()).value_counts()[::-1]
                axes.barh(range(len(counts)), counts, color=BLUE)
                axes.set_yticks(range(len(counts)), short_names(counts.index, 20))
                tidy(axes.xaxis, whole=True, most=TICKS)
                axes.set_xlabel("rows")
                continue
            amounts = _amounts(axes, cells, column_type)
            edges, beyond = bins(amounts)
            axes.hist(amounts, edges.tolist(), color=BLUE)
            tidy(axes.yaxis, whole=True)
            axes.set_ylabel("rows")
            if beyond:
                axes.set_xlabel(f"{beyond:.1%} of the rows are beyond")


def draw_target(rows: pd.DataFrame, schema: Schema, folder: Path) -> None:
    """Add `target.svg`; nothing without two known values of the target.

    Parameters
    ----------
    rows
        Clean rows, few enough to draw.
    """
    rows = rows[rows[schema.target].notna()]
    names = _drawn(schema.features, rows)
    if not names or rows[schema.target].nunique() < 2:
        return
    target, colours = rows[schema.target], {}
    if schema.task == "classification":
        target = frequent(target, len(COLOURS))
        known = [*(schema.columns[schema.target].categories or []), OTHER]
        present = [label for label in known if (target == label).any()]
        colours = dict(zip(present, COLOURS, strict=False))
    with _panels(folder / "target.svg", names) as panels:
        for name, axes in panels.items():
            axes.set_title(lines_of(axis_label(schema, name, 44)))
            if schema.columns[name].type in ("category", "boolean"):
                values = frequent(rows[name].astype("str").fillna(EMPTY))
                _by_category(axes, values, target, colours)
                axes.set_xlabel("" if colours else axis_label(schema, schema.target, 30))
            else:
                amounts = _amounts(axes, rows[name], schema.columns[name].type)
                _by_number(axes, amounts, target, colours)
        if colours:
            labels = short_names(colours, 36)
            keys = [Patch(color=colour) for colour in colours.values()]
            columns = legend_columns(labels, WIDTH)
            axes.figure.legend(keys, labels, loc="outside upper left", ncols=columns)
        elif any(schema.columns[name].type not in ("category", "boolean") for name in panels):
            axes.figure.supylabel(axis_label(schema, schema.target), fontsize="medium")


def bins(values: pd.Series) -> tuple[np.ndarray, float]:
    """Edges of a histogram, and the share of the values beyond them.

    Of whole numbers each bar has as many: bars of 1.4 numbers would make a comb.
    """
    known = values.dropna()
    low, high = known.min(), known.max()
    inner = known.quantile([TAIL, 1 - TAIL], interpolation="nearest")
    if high - low > 3 * (inner.iloc[1] - inner.iloc[0]) > 0:
        low, high = inner
    if (known % 1 == 0).all():
        width = max(-(-(high - low + 1) // MAX_BARS), 1)
        edges = np.arange(low - 0.5, high + width, width)
    else:
        edges = np.linspace(low, high, MAX_BARS + 1)
    return edges, float(((known < edges[0]) | (known > edges[-1])).mean())


def _drawn(names: Iterable[str], rows: pd.DataFrame) -> list[str]:
    """The first columns, without those that have one value."""
    return [name for name in names if len(rows[name].unique()) > 1][:MAX_PANELS]


@contextmanager
def _panels(path: Path, names: list[str]) -> Iterator[dict[str, Axes]]:
    """Yield one plot for each column, and save them as a figure."""
    high = -(-len(names) // PER_ROW)
    with drawing(path, WIDTH, 0.5 + HEIGHT * high) as figure:
        places = enumerate(names, start=1)
        yield {name: figure.add_subplot(high, PER_ROW, place) for place, name in places}


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
        axes.set_xlim(0, 1)
    else:
        _boxes(axes, [target[values == value] for value in order], [BLUE] * len(order))
    tidy(axes.xaxis, most=TICKS)
    axes.set_yticks(places, short_names(order, 20))
    axes.tick_params(axis="y", length=0)


def _amounts(axes: Axes, cells: pd.Series, column_type: str) -> pd.Series:
    """Numbers to draw along the x axis: days of a date, the length of a text."""
    if column_type == "datetime":
        date_ticks(axes)
        return (cells - pd.Timestamp(0)) / pd.Timedelta(days=1)  # matplotlib counts from 1970
    if column_type == "text":
        axes.set_title(lines_of(f"{short(cells.name, 30)} (characters)"))
        cells = cells.str.len()
    amounts = cells.astype(float)
    tidy(axes.xaxis, whole=bool((amounts.dropna() % 1 == 0).all()), most=TICKS)
    return amounts


def _by_number(axes: Axes, amounts: pd.Series, target: pd.Series, colours: dict[str, str]) -> None:
    """Quartiles for each class, or a scatter plot of a numeric target with its running median."""
    if colours:
        _boxes(axes, [amounts[target == label] for label in colours], list(colours.values()))
        axes.set_yticks([])
        axes.invert_yaxis()  # the order of the legend
        return
    both = pd.DataFrame({"x": amounts, "y": target}).dropna()
    dots = both[:DOTS]
    axes.scatter(dots["x"], dots["y"], 4, BLUE, alpha=0.25, linewidths=0, rasterized=True)
    tidy(axes.yaxis)
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
