"""Predict a file, or the files of a folder, with the model in use."""

from pathlib import Path

import pandas as pd

from ..dataset.clean import Clean, unchanged
from ..evaluation.predictions import NOTE
from ..io.object_store import is_address
from ..io.parquet import rows_in
from ..project.errors import ProjectError
from ..project.files import md5, write_json
from ..project.project import Project
from ..registry.champion import ModelInUse, model_in_use
from .batch_log import BatchLog, keep
from .folder import predict_folder
from .predict_file import TABLES, lineage, predict_file

MAX_SHOWN = 20  # a result of no more rows is printed too


def predict(
    project: Project,
    source: str | Path | None,
    output: str | Path,
    clean: Clean = unchanged,
    *,
    strict: bool = False,
) -> None:
    """Predict a file with the model in use, and print how many rows were predicted.

    Parameters
    ----------
    source
        A file or folder, or an address such as s3://bucket/folder; the rows without a target when it is
        None.
    output
        A CSV or Parquet file. A JSON file next to it says which model made it, from what, and when. Or a
        folder, into which each file of the folder `source` is predicted: see `predict_folder`.
    clean
        The owner's function for rows before they are checked.
    strict
        Refuse a file with rows that are flagged or cannot be predicted.
    """
    given, wanted = str(source or ""), str(output)
    if is_address(given) or (given and Path(given).is_dir() and not wanted.endswith(TABLES)):
        if wanted.endswith(TABLES):
            raise ProjectError(f"{wanted}: of {given} the output must be a folder.")
        return predict_folder(project, given, wanted, clean, strict=strict)
    return _predict_table(project, Path(given) if given else None, Path(wanted), clean, strict)


def _predict_table(
    project: Project, source: Path | None, output: Path, clean: Clean, strict: bool
) -> None:
    if output.suffix not in TABLES or output.is_dir():
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


def write_origin(source: Path, output: Path, used: ModelInUse, rows: int, batch: str = "") -> None:
    """Write the lineage of predictions; in the log the answer to row 5 has the id `<log>-5`."""
    more = {"rows": rows, "output_md5": md5(output)} | ({"log": batch} if batch else {})
    origin = lineage(used, source.name) | more
    write_json(output.with_name(f"{output.name}.origin.json"), origin)


def default_input(project: Project) -> Path:
    """The rows without a target, or if there are none the held-out rows."""
    if project.unlabelled_file.is_file() and rows_in(project.unlabelled_file):
        return project.unlabelled_file
    if project.test_file.is_file():
        print("every row has a target: predicting the held-out rows instead")
        return project.test_file
    raise ProjectError("no data yet: run `make data`, or give a file with INPUT=.")
