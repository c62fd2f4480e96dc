"""Scores on slices of the held-out rows: values and quartiles of columns, and missing values."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..project.text import listed, score
from ..schema.schema import Schema
from ..selection.metrics import require_known
from .predictions import Predictions
from .resampling import Resampling
from .slice_tests import mark_differences

EMPTY = "(empty)"
MAX_COLUMNS, MAX_VALUES = 5, 10  # of `auto`: of categories, and as many of numbers
MAX_SLICES = 20  # of a column that is named: its most frequent values
MAX_NAMED = 5  # in a sentence
QUARTERS = 4  # of a number that is named; of no more values, each
MIN_ROWS = 10  # of each class, or there is no score
# The interval of a slice is less exact than that of all rows, and takes milliseconds.
RESAMPLES, DRAWN_ROWS = 100, 1000


def slice_columns(test: pd.DataFrame, schema: Schema, asked: str | list[str]) -> list[str]:
    """The columns to slice by: `asked`, or for `auto` the first categories and the first numbers.

    Categories have few values, booleans count as such; numbers more than one.

    Raises
    ------
    ProjectError
        When there is no such column among those of the held-out rows.
    """
    if asked == "auto":
        values = test.nunique(dropna=False)
        few = [
            name
            for name in schema.names("category", "boolean")
            if 2 <= values[name] <= MAX_VALUES + test[name].hasnans
        ]
        numbers = [name for name in schema.names("numeric") if values[name] > 1]
        return [*few[:MAX_COLUMNS], *numbers[:MAX_COLUMNS]]
    known = test.columns.drop(schema.target, errors="ignore")
    require_known("evaluate.slices", asked, known)
    return list(dict.fromkeys(asked))


def make_slices(
    test: pd.DataFrame, schema: Schema, asked: str | list[str]
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Cut rows by columns: categories by value, numbers at the quartiles of `test`, all by missing values.

    Parameters
    ----------
    asked
        The setting `evaluate.slices`: `auto`, or names of columns, see `slice_columns`.

    Yields
    ------
    column, label : str
        Such as `city` and `Bern`, `age` and `up to 32`, `age` and `(empty)`.
    mask : ndarray of bool, shape (n_rows,)
        Which rows belong to the slice; at least one.
    """
    for name in slice_columns(test, schema, asked):
        for label, mask in _values(test[name], schema.columns[name].role_or_type):
            if mask.any():
                yield name, label, mask


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
        interval from `low` to `high`; all `scores` by metric; and whether it `differs` from the
        rest, see `mark_differences`. Without enough rows the score is None and `scores` is empty.
    """
    rows, schema, deciding = predicted.rows, predicted.schema, predicted.deciding
    found, masks = [], []
    for column, value, mask in make_slices(rows, schema, asked):
        scores, low, high = dict[str, float](), None, None
        if has_score(predicted.y_true, mask):
            every = predicted.scores(mask).items()
            scores = {name: float(score) for name, score in every if np.isfinite(score)}
        if deciding in scores:
            low, high = interval(predicted, mask, resampling)
        entry = {"column": column, "value": value, "rows": int(mask.sum())}
        score = {"score": scores.get(deciding), "low": low, "high": high}
        found.append(entry | score | {"scores": scores})
        masks.append(mask)
    mark_differences(found, masks, predicted, resampling)
    return found


def has_score(y_true: np.ndarray, mask: np.ndarray) -> bool:
    """Whether a slice has `MIN_ROWS` rows of each of its classes, two or more, or as many numbers.

    Classes with fewer held-out rows altogether do not count: no slice could have enough of them.
    """
    if y_true.dtype.kind == "f":
        return int(mask.sum()) >= MIN_ROWS and len(np.unique(y_true[mask])) > 1
    counts = np.bincount(y_true)
    here = np.bincount(y_true[mask], minlength=len(counts))[counts >= MIN_ROWS]
    here = here[here > 0]
    return len(here) > 1 and int(here.min()) >= MIN_ROWS


def describe_slices(slices: list[dict[str, Any]], metric: str) -> str:
    """One sentence that names the slices that differ from the rest."""
    scored = [part for part in slices if part["score"] is not None]
    if not scored:
        return f"Slices: none of {len(slices)} has enough rows for a score." if slices else ""
    marked = [part for part in scored if part.get("differs")]
    if not marked:
        return f"Slices: none of {len(scored)} differs from the other rows beyond chance."
    marked.sort(key=lambda part: part["differs"] != "worse")
    named = [
        f"{part['column']} {part['value']} is {part['differs']} ({score(part['score'])} on "
        f"{part['rows']} rows, where {score(part['expected'])} is expected)"
        for part in marked
    ]
    verb = "differ" if len(marked) > 1 else "differs"
    head = f"Slices: {len(marked)} of {len(scored)} {verb} from the other rows beyond chance"
    return f"{head} in {metric}: {listed(named, MAX_NAMED)}."


def interval(
    predicted: Predictions, mask: np.ndarray, resampling: Resampling
) -> list[float | None]:
    """Ends of the interval of the score of a slice; None where it has none."""
    times, members = min(resampling.resamples, RESAMPLES), np.flatnonzero(mask)
    quick = replace(resampling.among(mask), resamples=times, max_rows=DRAWN_ROWS)
    ends = quick.interval(lambda rows: predicted.score(members[rows]))
    return [float(end) if np.isfinite(end) else None for end in ends]


def frequent_values(cells: pd.Series, most: int) -> list[Any]:
    """The most frequent values of a category, the most frequent first, equals by name."""
    counts = cells.value_counts()
    return sorted(counts.index, key=lambda value: (-counts[value], str(value)))[:most]


def _values(cells: pd.Series, role_or_type: str) -> Iterator[tuple[str, np.ndarray]]:
    """Labels and masks of the rows, those without a value last."""
    match role_or_type:
        case "numeric" if cells.nunique() <= QUARTERS:
            for value in np.sort(cells.dropna().unique()):
                yield f"{value:.8g}", (cells == value).to_numpy()
        case "numeric":
            edges = np.unique(cells.quantile([0.25, 0.5, 0.75]).dropna())
            quarter = np.searchsorted(edges, cells)  # a value on an edge belongs below it
            for number, label in enumerate(_ranges(edges)):
                yield label, (quarter == number) & cells.notna().to_numpy()
        case "category" | "boolean" | "identifier":
            for value in sorted(frequent_values(cells, MAX_SLICES)):
                yield str(value), (cells == value).fillna(False).to_numpy(dtype=bool)
    yield EMPTY, cells.isna().to_numpy()


def _ranges(edges: np.ndarray) -> list[str]:
    ends = [f"{edge:.8g}" for edge in edges]
    inner = [f"over {low} to {high}" for low, high in pairwise(ends)]
    return [f"up to {ends[0]}", *inner, f"over {ends[-1]}"] if ends else []
