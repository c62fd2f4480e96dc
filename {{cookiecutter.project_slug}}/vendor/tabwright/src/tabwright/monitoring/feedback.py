"""Put logged rows whose outcome is known beside the raw data, for the next training."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..dataset.clean import clean_rows, find_clean
from ..io.parquet import parquet_batches
from ..io.read import column_names, list_files, read_batches
from ..project.commands import SHOWN_DVC, dvc
from ..project.errors import ProjectError, first_line
from ..project.files import replacing
from ..project.project import Project
from ..registry.live import typed_answers
from ..request_log.log import read_answers
from ..schema.dates import write_dates
from ..schema.rules import apply_contract
from ..schema.schema import Schema, load_schema
from ..selection.cross_validation import row_hashes
from ..tracking.record import now

PREFIX = "z-outcomes-"  # behind the files that are there: the split of their rows stays


def add_feedback(project: Project) -> int:
    """Write the rows with an outcome that the raw data does not have into a file of its folder.

    Returns
    -------
    int
        How many rows were added.

    Raises
    ------
    ProjectError
        When the raw data is a single file, or is not text or Parquet; or when the rows, read again
        through `clean` and the contract, are not those that were predicted. Nothing is written then.
    """
    folder, schema = project.raw_file, load_schema(project.schema_file)
    if not folder.is_dir():
        raise ProjectError(_how_to_make_a_folder(project))
    answers = read_answers(project.log_folder)
    answers = answers[answers["outcome"].notna()]
    who = answers["key"].fillna(answers["id"])
    answers = answers[~who.duplicated(keep="last")]  # one outcome is one row
    typed = typed_answers(answers, schema)
    known = [row_hashes(batch, schema) for batch in parquet_batches(project.clean_file)]
    new = typed[schema.target].notna() & ~np.isin(row_hashes(typed, schema), np.concatenate(known))
    if not new.any():
        return 0
    first, *_, last = [*list_files(folder)] * 2
    name = f"{PREFIX}{now().replace(':', '')}{''.join(first.suffixes[-1:])}"
    if name <= last.name:
        name = f"{last.stem}-{name}"
    rows = typed[new]
    if schema.identifier:
        rows = rows.assign(**{schema.identifier: answers["key"][new]})
    with TemporaryDirectory() as place:
        made = Path(place, name)
        _write(rows, made, first, schema)
        _require_same(made, rows, project, schema)
        with replacing(folder / name) as partial:
            shutil.copy(made, partial)
    dvc(project.root, "add", "--quiet", str(folder), problem=f"DVC could not add {folder.name}")
    return len(rows)


def _how_to_make_a_folder(project: Project) -> str:
    raw = Path(project.params.data.raw)
    folder = raw.with_name(raw.name.partition(".")[0]).as_posix()
    return (
        f"{raw.as_posix()} is one file, which stays as it is, and rows with outcomes need a place. Make "
        f"a folder of it, once: `{SHOWN_DVC} remove {raw.as_posix()}.dvc`, `mkdir {folder}`, `mv "
        f"{raw.as_posix()} {folder}`, then `data.raw: {folder}` in params.yaml and `make setup data`."
    )


def _write(rows: pd.DataFrame, path: Path, first: Path, schema: Schema) -> None:
    """Write typed rows the way the first raw file is written, with its columns."""
    source = schema.source
    types = pq.read_schema(first) if first.suffix == ".parquet" else None
    names = column_names(first, source) if types is None else types.names
    if lost := [name for name in [*schema.features, schema.target] if name not in names]:
        raise ProjectError(
            f"clean() makes {', '.join(lost[:5])}, which {first.name} does not have, so rows as they "
            "were predicted cannot be put beside it: add those with outcomes to the raw data yourself."
        )
    table = rows.reindex(columns=names)
    if types is not None:
        for field in types:
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
                table[field.name] = _text(table[field.name], schema)
        try:
            arrow = pa.Table.from_pandas(table, types, preserve_index=False, safe=False)
        except pa.ArrowException as error:
            raise ProjectError(
                f"rows with outcomes do not fit the types of {first.name} ({first_line(error)}): add "
                "them to the raw data yourself."
            ) from error
        pq.write_table(arrow, path)
        return
    if source.separator is None or first.suffix not in (".csv", ".tsv", ".txt"):
        raise ProjectError(
            f"rows with outcomes are written as text or Parquet, not like {first.name}: add them to the "
            "raw data yourself."
        )
    for name in table.columns[[pd.api.types.is_datetime64_dtype(kind) for kind in table.dtypes]]:
        table[name] = _text(table[name], schema)
    table.to_csv(
        path,
        sep=source.separator,
        encoding=source.encoding,
        decimal=source.decimal,
        header=source.header,
        index=False,
    )


def _text(cells: pd.Series, schema: Schema) -> pd.Series:
    """Typed cells as the contract reads text."""
    if pd.api.types.is_datetime64_dtype(cells):
        return write_dates(cells, schema.columns[str(cells.name)].format)
    return cells.astype("str").where(cells.notna())


def _require_same(path: Path, rows: pd.DataFrame, project: Project, schema: Schema) -> None:
    """Refuse a file that would not be read as the rows that were predicted."""
    clean = find_clean(project)
    batches = read_batches(path, schema.source, None, schema.known_columns)
    found = pd.concat([apply_contract(clean_rows(batch, clean), schema)[0] for batch in batches])
    for name in [*schema.features, schema.target]:
        read, known = (table[name].astype("str").fillna("").tolist() for table in (found, rows))
        if read != known:
            raise ProjectError(
                f"rows with outcomes would be read with another {name!r} than they were predicted with, "
                "most likely as clean() changes them twice: add them to the raw data yourself."
            )
