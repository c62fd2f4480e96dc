"""Predict every row of a file: `make predict INPUT=new.csv OUTPUT=predictions.csv`."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..config import PREDICTIONS, ROOT, TEST, UNLABELLED
from ..data.contract.rules import ROW, apply_contract, describe
from ..data.contract.schema import Schema
from ..data.reading.read import carried, detect_new, plain, read_cells
from ..errors import ProjectError, explained
from ..files import md5, replacing
from ..tracking.record import now
from .champion import ModelInUse, model_in_use
from .metrics import classes_of, predict
from .threshold import decide, threshold_of

SHOWN = 20  # a result of no more rows is printed too


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--input", type=Path, help="a file or folder (default: rows without a target)"
    )
    parser.add_argument("--output", type=Path, default=PREDICTIONS, help="CSV or .parquet")
    options = parser.parse_args(arguments)
    if options.output.suffix not in (".csv", ".parquet") or options.output.is_dir():
        raise ProjectError(f"{options.output}: the output must be a .csv or .parquet file.")
    used = model_in_use()
    source = options.input or _default_input()
    rows = predict_file(source, options.output, used.model, used.schema)
    write_origin(source, options.output, used, rows)
    print(f"{rows} rows of {_short(source)} predicted by {used}, in {_short(options.output)}")
    if 0 < rows <= SHOWN:
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


def predict_file(source: Path, output: Path, model: BaseEstimator, schema: Schema) -> int:
    """Predict a file piece by piece; memory does not grow with its rows.

    Every column of the input is carried through; the row order is kept.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    ProjectError
        When rows break the contract; nothing is written then.
    """
    done = 0
    broken: list[pd.DataFrame] = []
    with replacing(output) as partial, _writer(partial) as write:
        written = detect_new(source, schema)
        batches = read_cells(source, written, contract=schema)
        for cells, numbers in tqdm(batches, unit="batch", delay=2, leave=False, disable=None):
            batch = plain(cells, source).set_axis(numbers)
            typed, problems = apply_contract(batch, replace(schema, source=written), target=False)
            if len(problems):
                broken.append(problems)
            if not broken:
                typed = typed.set_axis(numbers - 1)  # as positions in a table
                write(predict_table(carried(cells), typed, model, schema))
            done += len(batch)
        if broken:
            problems = pd.concat(broken)
            raise ProjectError(
                f"{source} breaks the contract in {problems[ROW].nunique()} of {done} rows, "
                f"nothing is predicted:\n{describe(problems)}\n"
                "Correct the rows, or the contract in references/schema.yaml."
            )
    return done


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
    """Add `predicted_<target>` and for classes one `probability_<class>` each to the raw rows.

    Raises
    ------
    ProjectError
        When a column of that name is there, or a prediction is no finite number.
    """
    columns: dict[str, object] = {}
    values = predict(model, typed, schema) if len(typed) else None
    if values is not None and not np.isfinite(values).all():
        row = typed.index[~np.isfinite(values.reshape(len(values), -1)).all(axis=1)][0] + 1
        raise ProjectError(f"the model has no finite prediction for row {row}: look at its cells.")
    name = f"predicted_{schema.target}"
    if schema.task == "regression":
        columns[name] = pd.Series(dtype=float) if values is None else values
    else:
        classes = pd.Series(classes_of(schema))
        chosen = np.empty(0, dtype=int) if values is None else decide(values, threshold_of(model))
        columns[name] = classes.iloc[chosen].array
        for number, label in enumerate(classes):
            columns[f"probability_{label}"] = np.empty(0) if values is None else values[:, number]
    if taken := [column for column in columns if column in batch.columns]:
        raise ProjectError(f"the input already has {', '.join(taken)}: rename or remove first.")
    return batch.assign(**columns)


@contextmanager
def _writer(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """A function that appends tables to a CSV or Parquet file."""
    parquet: pq.ParquetWriter | None = None
    started = False

    def write(table: pd.DataFrame) -> None:
        nonlocal parquet, started
        if path.suffix == ".parquet":
            rows = pa.Table.from_pandas(table, preserve_index=False)
            parquet = parquet or pq.ParquetWriter(path, rows.schema)
            parquet.write_table(rows.cast(parquet.schema))
        else:
            table.to_csv(path, mode="a", header=not started, index=False)
        started = True

    try:
        yield write
    finally:
        if parquet:
            parquet.close()


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _default_input() -> Path:
    """The rows without a target, or where there are none the held-out rows."""
    if UNLABELLED.is_file() and pq.read_metadata(UNLABELLED).num_rows:
        return UNLABELLED
    if TEST.is_file():
        print("every row has a target: predicting the held-out rows instead")
        return TEST
    raise ProjectError("no data yet: run `make data`, or give a file with INPUT=.")


if __name__ == "__main__":
    with explained():
        main()
