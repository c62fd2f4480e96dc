"""Whether an exported model predicts as the model does."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..io.parquet import parquet_batches
from ..project.errors import ProjectError
from ..schema.rules import ROW, apply_contract, rejected_by
from ..schema.schema import Schema
from ..selection.metrics import predict_scores
from ..selection.threshold import decide, get_threshold
from .runtime import Session

CLOSE = 1e-9  # the largest difference, of values as a share of them
HUGE = 1e12
BASE_ROWS = 5  # of which unusual rows are made
UNUSUAL: dict[str, list[Any]] = {
    "numeric": [np.nan, HUGE, -HUGE],
    "boolean": [pd.NA, True, False],
    "category": [None, "a value never seen \U0001f427"],
    "datetime": [
        *map(pd.Timestamp, ("NaT", "1000-01-01", "1969-12-31T23:59:59.999999")),
        *map(pd.Timestamp, ("2000-02-29", "2400-12-31")),
    ],
}


def compare(
    model: Any, session: Session, schema: Schema, tables: Iterable[pd.DataFrame]
) -> tuple[int, float]:
    """Predict typed rows with a model and with its export.

    Differences of values are measured as a share of the value or, where that is larger, of the
    typical value of the table.

    Returns
    -------
    rows : int
        How many were compared.
    difference : float
        The largest one.

    Raises
    ------
    ProjectError
        When they differ by more than 1e-9.
    """
    rows, largest = 0, 0.0
    for table in filter(len, tables):
        with np.errstate(over="ignore"):  # the exponential of an unusual row
            expected = predict_scores(model, table, schema)
        predicted, *_ = session.run(table)
        scores = session.scores(table)
        scale: Any = 1.0
        if schema.task == "regression":
            size = np.abs(expected)
            scale = np.maximum(size, np.median(size[np.isfinite(size)]) or 1.0)
        same = (scores == expected) | (np.isnan(scores) & np.isnan(expected))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(scores - expected) / scale)
        rows += len(table)
        largest = max(largest, float(np.nan_to_num(apart, nan=np.inf).max()))
        if schema.task == "classification":
            classes = np.array(schema.classes, dtype=object)
            if (predicted != classes[decide(scores, get_threshold(model))]).any():
                largest = np.inf
    if largest > CLOSE:
        raise ProjectError(
            f"the exported model differs from the champion by {largest:.2g}, more than "
            f"{CLOSE:g}; nothing is written, and predictions go on with scikit-learn as before."
        )
    return rows, largest


def rows_to_compare(files: Iterable[Path], schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield the rows of Parquet files batch by batch, typed by a schema, and unusual ones."""
    for path in filter(Path.is_file, files):
        made = False
        for batch in parquet_batches(path):
            typed, problems = apply_contract(batch, schema, target=False)
            typed = typed.drop(index=rejected_by(problems)[ROW].unique())
            yield typed
            if len(typed) and not made:
                yield unusual_rows(typed.head(BASE_ROWS), schema)
                made = True


def unusual_rows(typed: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Some rows again and again, with one feature missing, new or huge; then with all missing."""
    made, empty = [], typed.copy()
    for name, column in schema.features.items():
        values = UNUSUAL.get(column.type, [])
        for value in values:
            made.append(_with(typed, name, value))
        if values:
            empty = _with(empty, name, values[0])
    return pd.concat([*made, empty], ignore_index=True)


def _with(typed: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    """The table with one value in all cells of a column, whose type is kept."""
    cells = pd.Series([value] * len(typed), typed.index, dtype=typed[name].dtype)
    return typed.assign(**{name: cells})
