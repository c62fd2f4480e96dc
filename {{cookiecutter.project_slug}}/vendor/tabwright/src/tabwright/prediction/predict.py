"""Predict every row of a file, whole and in order; memory does not grow with its rows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..dataset.check_rows import WHOLE_ROW, ragged_lines
from ..dataset.clean import Clean, clean_rows, unchanged
from ..dataset.observed import detect_source
from ..evaluation.predictions import NOTE, add_predictions
from ..io.convert import keep_types, to_pandas
from ..io.dialect import parse
from ..io.parquet import parquet_file, rows_in
from ..io.read import read_cells
from ..io.rows import RaggedRow
from ..io.source import Source
from ..project.errors import ProjectError
from ..project.files import md5, replacing, write_json
from ..project.project import Project
from ..registry.champion import ModelInUse, model_in_use
from ..schema.rules import LEFT_OUT, ROW, apply_contract, describe, notes, problems_in, rejected_by
from ..schema.schema import Schema
from ..tracking.record import now
from .batch_log import BatchLog, keep

MAX_SHOWN = 20  # a result of no more rows is printed too


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


def predict(
    project: Project,
    source: Path | None,
    output: Path,
    clean: Clean = unchanged,
    *,
    strict: bool = False,
) -> None:
    """Predict a file with the model in use, and print how many rows were predicted.

    Parameters
    ----------
    source
        A file or folder; the rows without a target when it is None.
    output
        A CSV or Parquet file. A JSON file next to it says which model made it, from what, and when.
    clean
        The owner's function for rows before they are checked.
    strict
        Refuse a file with rows that are flagged or cannot be predicted.
    """
    if output.suffix not in (".csv", ".parquet") or output.is_dir():
        raise ProjectError(f"{output}: the output must be a .csv or .parquet file.")
    used = model_in_use(project)
    source = source or default_input(project)
    if source.resolve().is_relative_to(project.train_file.parent):
        clean = unchanged  # these rows are clean already
    known = source.resolve() in (project.train_file.resolve(), project.test_file.resolve())
    log = None if known else BatchLog(used)
    counts = predict_file(source, output, used.model, used.schema, clean, strict=strict, log=log)
    batch = keep(project, log, source, counts) if log else ""
    write_origin(source, output, used, counts["rows"], batch)
    odd = counts["flagged"] + counts["left out"]
    print(
        f"{counts['rows'] - counts['left out']} rows of {project.short(source)} predicted by {used}, "
        f"{counts['flagged']} of them flagged, {counts['left out']} not predicted, "
        f"in {project.short(output)}" + (f": {NOTE} says why" if odd else "")
    )
    if 0 < counts["rows"] <= MAX_SHOWN:
        show(output)


def show(path: Path) -> None:
    """Print a file of predictions, with rounded probabilities."""
    if path.suffix == ".parquet":
        table = pd.read_parquet(path, dtype_backend="pyarrow")
    else:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in table.columns[table.columns.str.startswith("probability_")]:
        table[name] = pd.to_numeric(table[name])
    print(table.to_string(index=False, na_rep="", float_format="{:.4g}".format))


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
    with _writer(output) as write:
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
    infinite = _whole_rows(
        typed.index[empty], "infinite", "a finite prediction"
    )  # an exponential may overflow
    gone = rows.difference(cells.index).difference([row.row for row in ragged])
    found = [problems, ragged_lines(ragged), infinite, _whole_rows(gone, "", LEFT_OUT)]
    problems = pd.concat(found, ignore_index=True)
    return typed, table.assign(**{NOTE: pd.Series(notes(problems), dtype="str")}), problems


def _whole_rows(rows: pd.Index, cell: str, rule: str) -> pd.DataFrame:
    """Problems that concern no column: each of the rows is rejected by a rule."""
    cells = pd.Series(cell, rows, name=WHOLE_ROW, dtype="str")
    return problems_in(cells, np.arange(len(rows)), rule, rejects=True)


def write_origin(source: Path, output: Path, used: ModelInUse, rows: int, batch: str = "") -> None:
    """Write the lineage of predictions: which model made them, from what, and when.

    It is a file of its own, so that the same rows and the same model give the same predictions. In
    the request log the answer to row 5 has the id `<log>-5`.
    """
    origin = {
        "model_version": used.version,
        "run": used.run,
        "model_md5": used.model_md5,
        "predicted_at": now(),
        "input": source.name,
        "rows": rows,
        "output_md5": md5(output),
        **({"log": batch} if batch else {}),
    }
    write_json(output.with_name(f"{output.name}.origin.json"), origin)


@contextmanager
def _writer(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """A function that appends tables to a CSV or Parquet file."""
    if path.suffix == ".parquet":
        with parquet_file(path) as write:
            yield write
    else:
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            yield lambda table: table.to_csv(
                file,
                header=not file.tell(),
                index=False,
                float_format=lambda number: str(number).removesuffix(".0"),
            )


def default_input(project: Project) -> Path:
    """The rows without a target, or if there are none the held-out rows."""
    if project.unlabelled_file.is_file() and rows_in(project.unlabelled_file):
        return project.unlabelled_file
    if project.test_file.is_file():
        print("every row has a target: predicting the held-out rows instead")
        return project.test_file
    raise ProjectError("no data yet: run `make data`, or give a file with INPUT=.")
