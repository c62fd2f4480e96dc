"""Predict every row of a file, whole and in order; memory does not grow with its rows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..dataset.clean import Clean, clean_rows, unchanged
from ..dataset.rejected import WHOLE_ROW, ragged_lines
from ..evaluation.predictions import NOTE, add_predictions
from ..io.delimited import column_names
from ..io.dialect import parse
from ..io.parquet import parquet_file, rows_in
from ..io.read import carried, detect, list_files, plain, read_cells
from ..io.rows import RaggedRow
from ..io.source import Source
from ..project.errors import ProjectError
from ..project.files import md5, replacing, write_json
from ..project.project import Project
from ..registry.champion import ModelInUse, model_in_use
from ..schema.rules import LEFT_OUT, ROW, apply_contract, describe, notes, problems_in, rejected_by
from ..schema.schema import Schema
from ..tracking.record import now

MAX_SHOWN = 20  # a result of no more rows is printed too


def predict(
    project: Project,
    source: Path | None,
    output: Path,
    clean: Clean = unchanged,
    *,
    strict: bool = False,
) -> None:
    """Predict a file by the model in use, and print what became of its rows.

    Parameters
    ----------
    source
        A file or folder; the rows without a target when it is None.
    output
        A CSV or Parquet file. Beside it a JSON file says which model made it, of what, and when.
    clean
        What the owner does to rows before the schema sees them.
    strict
        Refuse a file with a row that is new in some way or cannot be predicted.
    """
    if output.suffix not in (".csv", ".parquet") or output.is_dir():
        raise ProjectError(f"{output}: the output must be a .csv or .parquet file.")
    used = model_in_use(project)
    source = source or _default_input(project)
    if source.resolve().is_relative_to(project.train_file.parent):
        clean = unchanged  # these rows have been cleaned before
    counts = predict_file(source, output, used.model, used.schema, clean, strict=strict)
    write_origin(source, output, used, counts["rows"])
    odd = counts["flagged"] + counts["left out"]
    print(
        f"{counts['rows'] - counts['left out']} rows of {project.short(source)} predicted by {used}, "
        f"{counts['flagged']} of them flagged, {counts['left out']} not predicted, "
        f"in {project.short(output)}" + (f": {NOTE} says why" if odd else "")
    )
    if 0 < counts["rows"] <= MAX_SHOWN:
        show(output)


def show(path: Path) -> None:
    """Print a file of predictions as it is, its probabilities shorter."""
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
) -> Counter[str]:
    """Predict a file piece by piece; memory does not grow with its rows.

    Every row and column of the input is carried through, in order. `prediction_note` says what in a
    row is new, or why its prediction is empty; a `strict` prediction refuses a file with such rows.

    Returns
    -------
    Counter
        The number of `rows`, of those `flagged`, and of those `left out` without a prediction.

    Raises
    ------
    ProjectError
        When the file is refused, or no row can be predicted; nothing is written then.
    """
    counts, broken, written = Counter[str](), list[pd.DataFrame](), detect_new(source, schema)
    with _writer(output) as write:
        batches = read_cells(source, written, schema.known_columns)
        for cells, rows, ragged in tqdm(batches, unit="batch", delay=2, leave=False, disable=None):
            raw, batch = plain(cells, source).set_axis(rows), carried(cells).set_axis(rows)
            given = clean_rows(raw, clean)
            table, problems = _predict_batch(given, batch, ragged, written, model, schema)
            write(table)
            bad = set(rejected_by(problems)[ROW])
            flagged = len(set(problems[ROW]) - bad)
            counts.update({"rows": len(table), "flagged": flagged, "left out": len(bad)})
            refused = strict or counts["rows"] == counts["left out"]
            broken += [problems] if refused and len(problems) else []
        if broken and (strict or counts["rows"] == counts["left out"]):
            raise _refused(source, pd.concat(broken), counts["rows"])
    return counts


def _refused(source: Path, problems: pd.DataFrame, rows: int) -> ProjectError:
    return ProjectError(
        f"{source} breaks the contract in {problems[ROW].nunique()} of {rows} rows, nothing is "
        f"predicted:\n{describe(problems)}\n"
        "Correct the rows, or the contract in references/schema.yaml."
    )


def _predict_batch(
    cells: pd.DataFrame,
    batch: pd.DataFrame,
    ragged: list[RaggedRow],
    source: Source,
    model: Any,
    schema: Schema,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows as they came with predictions and notes; what is wrong with them."""
    typed, problems = apply_contract(cells, replace(schema, source=source), target=False)
    typed = typed.drop(index=rejected_by(problems)[ROW].unique())
    if ragged and not source.separator:  # a footnote of a workbook, whose cells have types
        batch = batch.reindex(sorted([*batch.index, *(row.row for row in ragged)]))
    elif ragged:  # filled from the left
        width = batch.shape[1]
        found = [(next(iter(parse(row.text, source)), []) + [""] * width)[:width] for row in ragged]
        lines = pd.DataFrame(found, [row.row for row in ragged], batch.columns)
        batch = pd.concat([batch, lines.astype(batch.dtypes)]).sort_index()
    rows = batch.index
    table = add_predictions(batch, typed, model, schema)
    odd = table.loc[typed.index, f"predicted_{schema.target}"].isna().to_numpy()
    infinite = pd.Series("infinite", typed.index, name=WHOLE_ROW)  # an exponential may overflow
    infinite = problems_in(infinite, np.flatnonzero(odd), "a finite prediction", rejects=True)
    gone = ~rows.isin(cells.index) & ~rows.isin([row.row for row in ragged])
    gone = problems_in(
        pd.Series("", rows, name=WHOLE_ROW), np.flatnonzero(gone), LEFT_OUT, rejects=True
    )
    found = [problems, ragged_lines(ragged), infinite, gone]
    problems = pd.concat(found, ignore_index=True)
    return table.assign(**{NOTE: pd.Series(notes(problems), dtype="str")}), problems


def write_origin(source: Path, output: Path, used: ModelInUse, rows: int) -> None:
    """Write next to the predictions which model made them, from what, and when.

    It is a file of its own, so that the same rows and the same model give the same predictions.
    """
    origin = {
        "model_version": used.version,
        "run": used.run,
        "model_md5": used.model_md5,
        "predicted_at": now(),
        "input": source.name,
        "rows": rows,
        "output_md5": md5(output),
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


def detect_new(path: Path, schema: Schema) -> Source:
    """How a file of new rows is written: like the raw file where that gives the columns needed.

    Marks in numbers are those of the schema, unless only one of the two files is text.
    """
    detected = detect(path, schema.source.sheet, schema.columns)
    detected.missing = schema.source.missing
    if bool(detected.separator) == bool(schema.source.separator):
        detected.decimal, detected.thousands = schema.source.decimal, schema.source.thousands
    if detected.separator and schema.source.separator:
        usual = replace(schema.source, encoding=detected.encoding)
        file, known = list_files(path)[0], schema.known_columns

        def found(source: Source) -> int:
            return len(schema.features.keys() & column_names(file, source, known))

        return (
            usual
            if found(usual) >= len(schema.features) or found(usual) > found(detected)
            else detected
        )
    return detected


def _default_input(project: Project) -> Path:
    """The rows without a target, or where there are none the held-out rows."""
    if project.unlabelled_file.is_file() and rows_in(project.unlabelled_file):
        return project.unlabelled_file
    if project.test_file.is_file():
        print("every row has a target: predicting the held-out rows instead")
        return project.test_file
    raise ProjectError("no data yet: run `make data`, or give a file with INPUT=.")
