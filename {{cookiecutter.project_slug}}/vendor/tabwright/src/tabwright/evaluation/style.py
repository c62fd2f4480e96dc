"""The style of the figures: SVG files whose labels are text, so that the reader's fonts write them."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from textwrap import wrap
from typing import Any
from unicodedata import east_asian_width

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..schema.schema import Schema

BLUE, ORANGE, GREY = "#4c78a8", "#f58518", "#8a9099"
COLOURS = [BLUE, ORANGE, "#54a24b", "#b279a2", "#e45756", "#72b7b2", "#eeca3b", GREY]
# To measure labels with, where they are installed; the page names the reader's own fonts.
FONTS = ["DejaVu Sans", "Noto Sans CJK JP", "Malgun Gothic", "Yu Gothic", "Apple SD Gothic Neo"]
# Of matplotlib, about what a reader of the file does not see.
WARNINGS = "Glyph .* missing from|Matplotlib currently does not support|AutoDateLocator was unable"
WIDTH, HEIGHT = 4.8, 3.6  # inches of a figure that stands beside another
BAR = 0.22  # inches of a line of text or a bar


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Yield a figure, sized in inches, and save it; the same figure gives the same bytes."""
    installed = set(font_manager.get_font_names())
    style: Any = {
        "font.family": [font for font in FONTS if font in installed],
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.edgecolor": GREY,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.h_pad": 0.08,
        "legend.frameon": False,
        "legend.fontsize": "small",
        "svg.fonttype": "none",
        "svg.hashsalt": path.stem,
        "text.parse_math": False,  # a dollar sign is a dollar sign
        "xtick.color": "#555555",
        "ytick.color": "#555555",
    }
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=WARNINGS)
        figure = Figure(figsize=(width, height), layout="constrained")  # without a screen
        yield figure
        figure.savefig(path, dpi=150, metadata={"Date": None, "Creator": None})


@contextmanager
def one_plot(path: Path, width: float = WIDTH, height: float = HEIGHT) -> Iterator[Axes]:
    """Yield the axes of a figure that has one plot, with few ticks on both, and save it."""
    with drawing(path, width, height) as figure:
        axes = figure.subplots()
        tidy(axes.xaxis)
        tidy(axes.yaxis)
        yield axes


def tidy(axis: Axis, *, whole: bool = False, most: int = 6) -> None:
    """Few ticks, at most one more than `most`, at round numbers, whole ones where values are."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10], integer=whole, min_n_ticks=2))
    ends = axis.get_view_interval  # called when ticks are written, which may be later
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, max(map(abs, ends())))))


def date_ticks(axes: Axes) -> None:
    """Few dates along the x axis."""
    locator = AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def number(value: float, largest: float = 0) -> str:
    """A number on an axis up to `largest`: 2007, 16,000, 2.5 M."""
    for size, letter in ((1e9, " G"), (1e6, " M")):
        if abs(value) >= size:
            return f"{value / size:,.10g}{letter}"
    return f"{value:,.10g}" if max(abs(value), largest) >= 10_000 else f"{value:.10g}"


def axis_label(schema: Schema, name: str, width: int = 40) -> str:
    """The name of a column with its unit."""
    unit = schema.columns[name].unit
    shown = "1 = 100 %" if unit == "%" else unit
    return f"{short(name, width)} ({shown})" if unit else short(name, width)


def short(text: object, width: int = 28) -> str:
    """One line of at most `width` characters; one of double width counts as two."""
    line = " ".join(str(text).split())
    if _width(line) <= width:
        return line
    while _width(line) >= width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def short_names(names: Iterable[object], width: int) -> list[str]:
    """Names of at most `width` characters that stay apart: of equal starts the rest is shown."""
    lines = [short(name, 10_000) for name in names]
    labels = [short(line, width) for line in lines]
    for label in {label for label in labels if labels.count(label) > 1}:
        same = [place for place, other in enumerate(labels) if other == label]
        words = {place: lines[place].split() for place in same}
        shared = takewhile(lambda each: len(set(each)) == 1, zip(*words.values(), strict=False))
        differ = sum(1 for _ in shared)
        for number, place in enumerate(same, start=1):
            rest = short(" ".join(words[place][differ:]), width - width // 2)
            labels[place] = short(label, width // 2) + rest
            if labels[place] in labels[:place]:
                labels[place] = f"{short(labels[place], width - 4)} {number}"
    return labels


def lines_of(text: str) -> str:
    """A title over a small plot, in lines of about 24 characters."""
    return "\n".join(wrap(text, max(24 * len(text) // max(_width(text), 1), 1)))


def legend_columns(labels: Iterable[str], width: float) -> int:
    """How many of the labels stand side by side below or above a figure of so many inches."""
    return max(int(width / (0.45 + 0.058 * max(map(_width, labels)))), 1)


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in text)
