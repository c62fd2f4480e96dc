"""Predict every row of a file: `make predict INPUT=new.csv OUTPUT=predictions.csv`."""

import argparse
import json
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

from ..schema.rules import ROW, apply_contract, describe, notes, problems_in, rejected_by
from ..io.source import Source
from ..schema.schema import Schema
from ..io.dialect import parse
from ..dataset.observed import detect_new
from ..io.read import carried, plain, read_cells
from ..io.rows import RaggedRow
from ..dataset.rejected import WHOLE_ROW, ragged_lines
from ..project.errors import ProjectError, cli_errors
from ..io.parquet import parquet_file, rows_in
from ..project.files import md5, replacing
from ..tracking.record import now
from ..registry.champion import ModelInUse, model_in_use
from ..selection.metrics import predict_scores
from ..selection.threshold import decide, get_threshold

MAX_SHOWN = 20  # a result of no more rows is printed too
NOTE = "prediction_note"  # what is new in a row, or why it has no prediction


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--input", type=Path, help="a file or folder (default: rows without a target)"
    )
    parser.add_argument("--output", type=Path, default=project.predictions_file, help="CSV or .parquet")
    parser.add_argument("--strict", action="store_true", help="refuse a file that has any such row")
    options = parser.parse_args(arguments)
    if options.output.suffix not in (".csv", ".parquet") or options.output.is_dir():
        raise ProjectError(f"{options.output}: the output must be a .csv or .parquet file.")
    used = model_in_use()
    source = options.input or _default_input()
    counts = predict_file(source, options.output, used.model, used.schema, strict=options.strict)
    write_origin(source, options.output, used, counts["rows"])
    print(
        f"{counts['rows'] - counts['left out']} rows of {_short(source)} predicted by {used}, "
        f"{counts['flagged']} of them flagged, {counts['left out']} not predicted, "
        f"in {_short(options.output)}"
        + (f": {NOTE} says why" if counts["flagged"] + counts["left out"] else "")
    )
    if 0 < counts["rows"] <= MAX_SHOWN:
        show(options.output)


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
    source: Path, output: Path, model: BaseEstimator, schema: Schema, *, strict: bool = False
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
    counts: Counter[str] = Counter()
    broken: list[pd.DataFrame] = []
    written = detect_new(source, schema)
    with _writer(output) as write:
        batches = read_cells(source, written, schema)
        for cells, rows, ragged in tqdm(batches, unit="batch", delay=2, leave=False, disable=None):
            batch = plain(cells, source).set_axis(rows), carried(cells).set_axis(rows)
            table, problems = _predict_batch(*batch, ragged, written, model, schema)
            write(table)
            bad = set(rejected_by(problems)[ROW])
            flagged = len(set(problems[ROW]) - bad)
            counts.update({"rows": len(table), "flagged": flagged, "left out": len(bad)})
            refused = strict or counts["rows"] == counts["left out"]
            broken += [problems] if refused and len(problems) else []
        if broken and (strict or counts["rows"] == counts["left out"]):
            problems = pd.concat(broken)
            raise ProjectError(
                f"{source} breaks the contract in {problems[ROW].nunique()} of {counts['rows']} "
                f"rows, nothing is predicted:\n{describe(problems)}\n"
                "Correct the rows, or the contract in references/schema.yaml."
            )
    return counts


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
    table = add_predictions(batch, typed, model, schema)
    odd = table.loc[typed.index, f"predicted_{schema.target}"].isna().to_numpy()
    infinite = pd.Series("infinite", typed.index, name=WHOLE_ROW)  # an exponential may overflow
    infinite = problems_in(infinite, np.flatnonzero(odd), "a finite prediction", rejects=True)
    problems = pd.concat([problems, ragged_lines(ragged), infinite], ignore_index=True)
    return table.assign(**{NOTE: pd.Series(notes(problems), dtype="str")}), problems


def write_origin(source: Path, output: Path, used: ModelInUse, rows: int) -> None:
    """Say beside the predictions which model made them, of what, and when.

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
    with replacing(output.with_name(f"{output.name}.origin.json")) as partial:
        partial.write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def predict_table(
    batch: pd.DataFrame, typed: pd.DataFrame, model: BaseEstimator, schema: Schema
) -> pd.DataFrame:
    """`add_predictions` where every row must have one; a `ProjectError` names a row without."""
    table = add_predictions(batch, typed, model, schema)
    if (empty := table[f"predicted_{schema.target}"].isna().to_numpy()).any():
        row = empty.argmax() + 1
        raise ProjectError(f"the model has no finite prediction for row {row}: look at its cells.")
    return table


def add_predictions(
    batch: pd.DataFrame, typed: pd.DataFrame, model: BaseEstimator, schema: Schema
) -> pd.DataFrame:
    """Add `predicted_<target>` and for classes one `probability_<class>` each to the raw rows.

    They are empty for rows not in `typed`, and where a prediction is no finite number.

    Raises
    ------
    ProjectError
        When a column of that name is there.
    """
    name, classes = f"predicted_{schema.target}", pd.Series(schema.classes)
    columns = [f"probability_{label}" for label in classes] or [name]
    values = np.empty((0, len(columns)))
    if len(typed):
        values = predict_scores(model, typed, schema).reshape(len(typed), -1)
    finite = np.isfinite(values).all(axis=1)
    made = pd.DataFrame(values[finite], typed.index[finite], columns)
    if schema.task == "classification":
        made.insert(0, name, classes.iloc[decide(values[finite], get_threshold(model))].array)
    if taken := [column for column in (*made, NOTE) if column in batch.columns]:
        raise ProjectError(f"the input already has {', '.join(taken)}: rename or remove first.")
    return batch.join(made)


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


def _short(path: Path) -> Path:
    return path.relative_to(project.root) if path.is_relative_to(project.root) else path


def _default_input() -> Path:
    """The rows without a target, or where there are none the held-out rows."""
    if project.unlabelled_file.is_file() and rows_in(project.unlabelled_file):
        return project.unlabelled_file
    if project.test_file.is_file():
        print("every row has a target: predicting the held-out rows instead")
        return project.test_file
    raise ProjectError("no data yet: run `make data`, or give a file with INPUT=.")


if __name__ == "__main__":
    with cli_errors():
        main()
