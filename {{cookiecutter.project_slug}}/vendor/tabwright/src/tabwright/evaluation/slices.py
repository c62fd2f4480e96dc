"""Scores on slices of the held-out rows: each value of a column, and its missing values."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..schema.schema import Schema
from ..selection.metric import Metric
from ..selection.metrics import require_known
from .predictions import Predictions
from .resampling import Resampling

EMPTY = "(empty)"
MAX_COLUMNS, MAX_VALUES = 5, 10  # of `auto`
MAX_SLICES = 20  # of a column that is named: its most frequent values
QUARTERS = 4  # of a number that is named; of no more values, each
MIN_ROWS = 10  # or there is no score
# The interval of a slice is less exact than that of all rows, and takes milliseconds.
RESAMPLES, DRAWN_ROWS = 100, 1000


def slice_columns(test: pd.DataFrame, schema: Schema, asked: str | list[str]) -> list[str]:
    """The columns to slice by: `asked`, or for `auto` the first few with few values.

    Raises
    ------
    ProjectError
        When there is no such column among those of the held-out rows.
    """
    if asked == "auto":
        few = [
            name
            for name in schema.names("category", "boolean")
            if 2 <= test[name].nunique(dropna=False) <= MAX_VALUES + test[name].hasnans
        ]
        return few[:MAX_COLUMNS]
    known = test.columns.drop(schema.target, errors="ignore")
    require_known("evaluate.slices", asked, known)
    return list(dict.fromkeys(asked))


def make_slices(
    test: pd.DataFrame, schema: Schema, columns: list[str]
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Cut rows by columns: categories by value, numbers at the quartiles of `test`, all by missing values.

    Yields
    ------
    column, label : str
        Such as `city` and `Bern`, `age` and `up to 32`, `age` and `(empty)`.
    mask : ndarray of bool, shape (n_rows,)
        Which rows belong to the slice; at least one.
    """
    for name in columns:
        cells = test[name]
        for label, mask in _values(cells, schema.columns[name].kind):
            if mask.any():
                yield name, label, mask
        if cells.hasnans:
            yield name, EMPTY, cells.isna().to_numpy()


def score_slices(
    predicted: Predictions, asked: str | list[str], resampling: Resampling
) -> list[dict[str, Any]]:
    """Score each slice of `evaluate.slices`.

    Parameters
    ----------
    asked
        The setting itself: `auto`, or names of columns.

    Returns
    -------
    list of dict
        `column`, `value` and `rows`; the `score` in the deciding metric with its bootstrap
        interval from `low` to `high`; all `scores` by metric. Where rows are too few, or the
        target is the same in all of them, the score is None and `scores` is empty.
    """
    rows, schema, deciding = predicted.rows, predicted.schema, predicted.deciding
    found = []
    for column, value, mask in make_slices(rows, schema, slice_columns(rows, schema, asked)):
        scores, low, high = dict[str, float](), None, None
        y_true, y_pred = predicted.y_true[mask], predicted.y_pred[mask]
        if len(y_true) >= MIN_ROWS and len(np.unique(y_true)) > 1:
            every = predicted.scores(mask).items()
            scores = {name: float(score) for name, score in every if np.isfinite(score)}
        if deciding in scores:
            metric = predicted.metrics[deciding]
            low, high = interval(y_true, y_pred, metric, resampling.among(mask))
        entry = {"column": column, "value": value, "rows": len(y_true)}
        score = {"score": scores.get(deciding), "low": low, "high": high}
        found.append(entry | score | {"scores": scores})
    return found


def interval(
    y_true: np.ndarray, y_pred: np.ndarray, metric: Metric, resampling: Resampling
) -> list[float | None]:
    """Ends of the interval of one metric; None where it has none."""
    quick = replace(resampling, resamples=min(resampling.resamples, RESAMPLES), max_rows=DRAWN_ROWS)
    ends = quick.interval(lambda rows: np.array([metric.function(y_true[rows], y_pred[rows])]))
    return [float(end[0]) if np.isfinite(end[0]) else None for end in ends]


def _values(cells: pd.Series, kind: str) -> Iterator[tuple[str, np.ndarray]]:
    """Labels and masks of the rows that are not empty."""
    match kind:
        case "numeric" if cells.nunique() <= QUARTERS:
            for value in np.sort(cells.dropna().unique()):
                yield f"{value:.8g}", (cells == value).to_numpy()
        case "numeric":
            edges = np.unique(cells.quantile([0.25, 0.5, 0.75]).dropna())
            quarter = np.searchsorted(edges, cells)  # a value on an edge belongs below it
            for number, label in enumerate(_ranges(edges)):
                yield label, (quarter == number) & cells.notna().to_numpy()
        case "category" | "boolean" | "identifier":
            counts = cells.value_counts()
            frequent = sorted(counts.index, key=lambda value: (-counts[value], str(value)))
            for value in sorted(frequent[:MAX_SLICES]):
                yield str(value), (cells == value).fillna(False).to_numpy(dtype=bool)


def _ranges(edges: np.ndarray) -> list[str]:
    ends = [f"{edge:.8g}" for edge in edges]
    inner = [f"over {low} to {high}" for low, high in pairwise(ends)]
    return [f"up to {ends[0]}", *inner, f"over {ends[-1]}"] if ends else []
