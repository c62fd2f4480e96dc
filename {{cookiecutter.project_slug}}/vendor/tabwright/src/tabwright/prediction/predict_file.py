"""Predict every row of a file, whole and in order; memory does not grow with its rows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..dataset.check_rows import whole_rows
from ..dataset.clean import Clean, clean_rows, unchanged
from ..dataset.observed import detect_source
from ..evaluation.predictions import NOTE, add_predictions
from ..io.convert import keep_types, to_pandas
from ..io.dialect import parse
from ..io.parquet import parquet_file
from ..io.read import read_cells
from ..io.rows import RaggedRow
from ..io.source import Source
from ..project.errors import ProjectError
from ..project.files import replacing
from ..registry.champion import ModelInUse
from ..schema.dates import show_dates
from ..schema.rules import LEFT_OUT, ROW, apply_contract, describe, notes, rejected_by
from ..schema.schema import Schema
from ..tracking.record import now
from .batch_log import BatchLog

TABLES = (".parquet", ".csv")  # what is written


class NothingPredictedError(ProjectError):
    """A file is refused for its rows.

    Attributes
    ----------
    problems : DataFrame
        What is wrong in them, as from `apply_contract`.
    """

    def __init__(self, problems: pd.DataFrame, message: str) -> None:
        super().__init__(message)
        self.problems = problems


def predict_file(
    source: Path,
    output: Path,
    model: BaseEstimator,
    schema: Schema,
    clean: Clean = unchanged,
    *,
    strict: bool = False,
    log: BatchLog | None = None,
) -> Counter[str]:
    """Predict a file batch by batch; memory does not grow with its rows.

    Every row and column of the input is kept, in order. `prediction_note` says what is unusual in a row,
    or why its prediction is empty; a `strict` prediction refuses a file with such rows. A `log`
    receives what is to be kept of it.

    Returns
    -------
    Counter
        The number of `rows`, of those `flagged`, and of those `left out` without a prediction.

    Raises
    ------
    ProjectError
        When the file is refused, or no row can be predicted. Nothing is written then.
    """
    counts, broken, written = Counter[str](), list[pd.DataFrame](), detect_source(source, schema)
    refused = False
    with _writer(output, schema) as write:
        batches = read_cells(source, written, schema.known_columns)
        for cells, rows, ragged in tqdm(batches, unit="batch", delay=2, leave=False, disable=None):
            raw, batch = to_pandas(cells, source).set_axis(rows), keep_types(cells).set_axis(rows)
            given = clean_rows(raw, clean)
            began = perf_counter()
            typed, table, problems = _predict_batch(given, batch, ragged, written, model, schema)
            if log:
                log.seconds += perf_counter() - began
                log.written = written
                log.add(given, typed, table, problems)
            write(table)
            bad = set(rejected_by(problems)[ROW])
            flagged = len(set(problems[ROW]) - bad)
            counts.update({"rows": len(table), "flagged": flagged, "left out": len(bad)})
            refused = strict or counts["rows"] == counts["left out"]
            broken += [problems] if refused and len(problems) else []
        if refused and broken:
            problems = pd.concat(broken)
            raise NothingPredictedError(
                problems,
                f"{source} violates the schema in {problems[ROW].nunique()} of {counts['rows']} rows, "
                f"nothing is predicted:\n{describe(problems)}\n"
                "Correct the rows, or references/schema.yaml.",
            )
    return counts


def _predict_batch(
    cells: pd.DataFrame,
    batch: pd.DataFrame,
    ragged: list[RaggedRow],
    source: Source,
    model: Any,
    schema: Schema,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Typed rows; all rows unchanged with predictions and notes; the problems in them."""
    typed, problems = apply_contract(cells, replace(schema, source=source), target=False)
    typed = typed.drop(index=rejected_by(problems)[ROW].unique())
    if ragged and not source.separator:  # a footnote in a workbook, whose cells have types
        batch = batch.reindex(sorted([*batch.index, *(row.row for row in ragged)]))
    elif ragged:  # filled from the left
        width = batch.shape[1]
        found = [(next(iter(parse(row.text, source)), []) + [""] * width)[:width] for row in ragged]
        lines = pd.DataFrame(found, [row.row for row in ragged], batch.columns)
        batch = pd.concat([batch, lines.astype(batch.dtypes)]).sort_index()
    rows = batch.index
    table = add_predictions(batch, typed, model, schema)
    empty = table.loc[typed.index, f"predicted_{schema.target}"].isna().to_numpy()
    gone = rows.difference(cells.index).difference([row.row for row in ragged])
    whole = [
        *((row.row, row.text, row.rule) for row in ragged),
        *((row, "infinite", "a finite prediction") for row in typed.index[empty]),  # it overflowed
        *((row, "", LEFT_OUT) for row in gone),
    ]
    problems = pd.concat([problems, whole_rows(whole)], ignore_index=True)
    return typed, table.assign(**{NOTE: pd.Series(notes(problems), dtype="str")}), problems


def lineage(used: ModelInUse, source: str) -> dict[str, Any]:
    """Which model makes predictions, of what, and when.

    It is in a file of its own, so that the same rows and the same model give the same predictions.
    """
    return {
        "model_version": used.version,
        "run": used.run,
        "model_md5": used.model_md5,
        "predicted_at": now(),
        "input": source,
    }


@contextmanager
def _writer(path: Path, schema: Schema) -> Iterator[Callable[[pd.DataFrame], None]]:
    """A function that appends tables to a CSV or Parquet file."""
    if path.suffix == ".parquet":
        with parquet_file(path) as write:
            yield write
    else:
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            yield lambda table: _with_dates_as_text(table, schema).to_csv(
                file,
                header=not file.tell(),
                index=False,
                float_format=lambda number: str(number).removesuffix(".0"),
            )


def _with_dates_as_text(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Rows of a file that has types, with dates in the format that the schema has for them."""
    dated = table.select_dtypes("datetime").columns
    forms = {
        name: schema.columns[name].format if name in schema.columns else None for name in dated
    }
    return table.assign(
        **{
            name: show_dates(table[name].astype("datetime64[us]"), form)
            for name, form in forms.items()
        }
    )
