"""Figures of the monitoring page: what has changed, before and now, and the live score over time."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..evaluation.predictions import Predictions
from ..evaluation.style import BLUE, GREY, ORANGE, axis_label, one_plot, short, short_names
from ..reports.data_figures import EMPTY, bins, frequent
from .drift import WORDS, Finding, watched
from .watch import Watch

MAX_COLUMNS = 8  # drawn, those that differ most
MAX_LABELS = 9  # of windows
SIDES = ((BLUE, "held-out rows"), (ORANGE, "newest window"))


def draw_watch(watch: Watch, folder: Path) -> dict[str, tuple[str, str]]:
    """Write the figures; their names and captions by file name without suffix."""
    drawn = _live(watch, folder)
    if not watch.reference or not watch.recent:
        return drawn
    before, now = watch.reference, watch.recent[-1].predicted
    drawn |= _score(before, now, folder)
    alarms = {one.column: one for one in watch.recent[-1].found[::-1] if one.alarm and one.column}
    for number, (name, one) in enumerate([*alarms.items()][::-1][:MAX_COLUMNS]):
        stem = f"column_{number}"
        with one_plot(folder / f"{stem}.svg") as axes:
            _column(axes, name, one, before, now)
        drawn[stem] = (
            short(name, 40),
            f"{WORDS[one.what]}; without a change the orange bars are where the blue ones are",
        )
    return drawn


def _live(watch: Watch, folder: Path) -> dict[str, tuple[str, str]]:
    """The score of each window with its interval, beside that of the held-out rows."""
    windows = [window for window in watch.labelled if window.score is not None]
    if not windows:
        return {}
    name = windows[0].predicted.deciding
    with one_plot(folder / "live.svg", 6.4, 2.8) as axes:
        for place, window in enumerate(windows):
            if window.low is not None and window.high is not None:
                axes.plot([place, place], [window.low, window.high], color=BLUE)
            if window.score is not None:
                axes.plot(place, window.score, "o", color=BLUE, markersize=5)
        if watch.reference:
            rows = np.arange(len(watch.reference.rows))
            axes.axhline(watch.reference.scores(rows)[name], color=GREY, linestyle=":")
        every = slice(None, None, -(1 + len(windows) // MAX_LABELS))  # that of the newest too
        ends = [window.end[5:16].replace("T", "\n") for window in windows]
        axes.set_xticks([*range(len(windows))][every], ends[every])
        axes.set(ylabel=f"{name}; dotted: held-out rows", xlim=(-0.5, len(windows) - 0.5))
    better = "higher" if windows[0].predicted.metrics[name].greater_is_better else "lower"
    words = (
        f"{better} is better; the dot is the score of a window, the line its interval; one that "
        "does not reach the dotted line differs from the held-out rows"
    )
    return {"live": ("Live score", words)}


def _score(before: Predictions, now: Predictions, folder: Path) -> dict[str, tuple[str, str]]:
    schema = before.schema
    if not schema.classes:
        label = f"predicted {axis_label(schema, schema.target, 30)}"
    elif len(schema.classes) == 2:
        label = f"probability of {short(schema.classes[1])}"
    else:
        label = "probability of the predicted class"
    with one_plot(folder / "score.svg") as axes:
        _histogram(axes, *(pd.Series(watched(each.y_pred)) for each in (before, now)))
        axes.set_xlabel(label)
    words = (
        "how often each prediction is made; a shift alone does not say that the model is worse, "
        "only outcomes do"
    )
    return {"score": ("Predictions", words)}


def _column(axes: Axes, name: str, finding: Finding, before: Predictions, now: Predictions) -> None:
    old, new = before.rows[name], now.rows[name]
    column_type = before.schema.columns[name].type
    if finding.what == "missing" or column_type in ("category", "boolean"):
        whole = pd.concat([old, new]).astype("str").fillna(EMPTY)
        if column_type not in ("category", "boolean"):
            whole = whole.where(whole == EMPTY, "not empty")
        _bars(axes, frequent(whole), len(old))
        axes.set_xlabel("share of rows")
        return
    if column_type == "text":
        old, new = old.str.len(), new.str.len()
    _histogram(axes, old, new)
    label = axis_label(before.schema, name, 30)
    axes.set_xlabel(f"{label} (characters)" if column_type == "text" else label)


def _histogram(axes: Axes, old: pd.Series, new: pd.Series) -> None:
    """Shares of rows in the same bins."""
    pair = [cells.dropna().astype(float) for cells in (old, new)]
    edges, _ = bins(pd.concat(pair))
    for cells, (colour, label) in zip(pair, SIDES, strict=True):
        weights = np.full(len(cells), 1 / max(len(cells), 1))
        axes.hist(cells, edges.tolist(), weights=weights, color=colour, alpha=0.6, label=label)
    axes.set_ylabel("share of rows")
    _legend(axes)


def _legend(axes: Axes) -> None:
    axes.figure.legend(loc="outside lower center", ncols=2)


def _bars(axes: Axes, values: pd.Series, count: int) -> None:
    """Shares of the values among the first `count` rows and among the others."""
    parts = values.iloc[:count], values.iloc[count:]
    names = values.value_counts().index[::-1]
    places = np.arange(len(names))
    for part, shift, (colour, label) in zip(parts, (0.2, -0.2), SIDES, strict=True):
        shares = part.value_counts(normalize=True).reindex(names, fill_value=0)
        axes.barh(places + shift, shares, 0.4, color=colour, label=label)
    axes.set_yticks(places, short_names(names, 24))
    _legend(axes)
