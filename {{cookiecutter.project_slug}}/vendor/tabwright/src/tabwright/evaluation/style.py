"""The style of the figures, and fonts for labels in any script."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no screen is needed to write files

from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#4c78a8", "#f58518", "#b8bcc2"
COLOURS = [BLUE, ORANGE, "#54a24b", "#b279a2", "#e45756", "#72b7b2", "#eeca3b", GREY]
# For labels that the first font cannot write; those that are not installed are left out.
FONTS = ["DejaVu Sans", "Noto Sans CJK JP", "Malgun Gothic", "Yu Gothic", "Apple SD Gothic Neo"]


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Yield a figure, sized in inches, and save it; characters that no font has become boxes."""
    installed = set(font_manager.get_font_names())
    style: Any = {
        "font.family": [font for font in FONTS if font in installed],
        "font.size": 8,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.edgecolor": GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.h_pad": 0.08,
        "text.parse_math": False,  # a dollar sign is a dollar sign
        "xtick.color": "#555555",
        "ytick.color": "#555555",
    }
    with plt.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = plt.figure(figsize=(width, height), layout="constrained")
        try:
            yield figure
            figure.savefig(path, dpi=110)
        finally:
            plt.close(figure)


def short(text: object, width: int = 28) -> str:
    """One line of at most `width` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= width else f"{line[: width - 1].rstrip()}…"
