"""Read a table from a file or a folder of files, piece by piece."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types
from python_calamine import CalamineError

from ...errors import ProjectError
from ...files import BATCH_ROWS, parquet_batches
from ..contract.schema import Schema, Source
from .archive import kind_of, open_bytes
from .delimited import RaggedRow, column_names, read_delimited
from .dialect import sniff

EXCEL = (".xlsx", ".xls", ".xlsb", ".xlsm", ".ods")
JSON_LINES = (".jsonl", ".ndjson")
NESTED = (list, dict, bytes, np.ndarray)
NOT_TEXT = (".parquet", ".json", *JSON_LINES, *EXCEL)


def read_table(path: Path, source: Source | None = None) -> pd.DataFrame:
    """Read everything at once, see `read_batches`."""
    return pd.concat(read_batches(path, source))


def read_batches(
    path: Path,
    source: Source | None = None,
    ragged: list[RaggedRow] | None = None,
    contract: Schema | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield tables of at most `BATCH_ROWS` rows, whose index counts the rows from 1.

    Cells of text files stay text; columns of Parquet, JSON and Excel files keep their types.

    Parameters
    ----------
    path
        A file, packed or not, or a folder of files with the same columns, read in order of names.
    source
        How it is written; detected when not given.
    ragged
        Receives rows with too many or too few cells, those above a row before its table comes;
        when not given they are an error.
    contract
        Names the columns of a text file without a header.

    Raises
    ------
    ProjectError
        When the file is missing, empty or no table.
    """
    rows, empty = 0, True
    columns: pd.Index | None = None
    for file in files_of(path):
        source = source or detect(file)
        bad: list[RaggedRow] = []
        last = told = 0
        for table in _read(file, source, bad, contract):
            columns = table.columns if columns is None else columns
            table = _in_order(table, columns, file)
            last = max([last, *table.index[-1:], *(row.row for row in bad)])
            table.index += rows
            if ragged is not None:
                ragged.extend(row._replace(row=row.row + rows) for row in bad[told:])
                told = len(bad)
            for start in range(0, len(table), BATCH_ROWS):
                yield table.iloc[start : start + BATCH_ROWS]
                empty = False
        if bad and ragged is None:
            raise ProjectError(
                f"{file}: row {bad[0].row} has {bad[0].cells} cells, expected {bad[0].expected}: "
                f"{bad[0].text[:80]}"
            )
        if ragged is not None:
            ragged.extend(row._replace(row=row.row + rows) for row in bad[told:])
        rows += last
    if empty:  # a table without rows has columns
        yield table


def detect(path: Path, sheet: str = "") -> Source:
    """How the first file at `path` is written; `sheet` is that of a workbook to read."""
    file = files_of(path)[0]
    if kind_of(file) in NOT_TEXT:
        return Source(separator=None, sheet=sheet if kind_of(file) in EXCEL else "")
    return sniff(file)


def detect_new(path: Path, schema: Schema) -> Source:
    """How a file of new rows is written: like the raw file where that gives the columns needed."""
    detected = detect(path, schema.source.sheet)
    if detected.separator and schema.source.separator:
        usual = replace(schema.source, encoding=detected.encoding)
        for source in (usual, detected):
            if schema.features.keys() <= set(column_names(files_of(path)[0], source, schema)):
                return source
    return detected


def files_of(path: Path) -> list[Path]:
    """The file itself, or those in a folder, whole and not hidden.

    Raises
    ------
    ProjectError
        When there is none, or the first is empty.
    """
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        files = [file for file in files if not file.name.startswith((".", "_"))]
        sizes = [file.stat().st_size for file in files]
    except FileNotFoundError as error:
        raise ProjectError(f"{path}: no such file. Put it there, or correct its name.") from error
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror}. Name the file itself.") from error
    if not files:
        raise ProjectError(f"{path}: no file in this folder. Put one there, or name another.")
    if len({kind_of(file) for file in files}) > 1:
        names = ", ".join(file.name for file in files[:10])
        raise ProjectError(f"{path}: files of several formats ({names}). Keep those of one.")
    for file, size in zip(files, sizes, strict=True):
        if not file.is_file():
            raise ProjectError(f"{file}: not a regular file. Name one.")
        if not size:
            raise ProjectError(f"{file}: the file is empty. Put a table there.")
    return files


def _read(
    path: Path, source: Source, ragged: list[RaggedRow], contract: Schema | None
) -> Iterator[pd.DataFrame]:
    kind = kind_of(path)
    try:
        if kind not in NOT_TEXT:
            yield from read_delimited(path, source, ragged, contract)
            return
        tables = {".parquet": _parquet, ".json": _json, **dict.fromkeys(JSON_LINES, _json_lines)}
        start = 1
        for table in tables.get(kind, _excel)(path, source):
            yield _plain(table, path).set_axis(range(start, start + len(table)))
            start += len(table)
    except (pa.ArrowException, CalamineError, OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{path}: no {kind} file, damaged, or no table: {error}. Save it anew, or rename it "
            "after what it is."
        ) from error


def _parquet(path: Path, source: Source) -> Iterator[pd.DataFrame]:
    return parquet_batches(path)


def _json(path: Path, source: Source) -> Iterator[pd.DataFrame]:
    with open_bytes(path) as file:
        yield _records(pd.read_json(file, dtype=False))


def _json_lines(path: Path, source: Source) -> Iterator[pd.DataFrame]:
    rows = 0
    with open_bytes(path) as file:
        try:
            for table in pd.read_json(file, lines=True, dtype=False, chunksize=BATCH_ROWS):
                yield _records(table)
                rows += len(table)
        except ValueError as error:
            raise ValueError(f"a line after row {rows}: {error}") from error


def _records(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse what is no list of records: its columns have no names."""
    if isinstance(table.columns, pd.RangeIndex) and len(table):
        raise ValueError("a table is a list of records, each with the names of its columns")
    return table


def _excel(path: Path, source: Source) -> Iterator[pd.DataFrame]:
    with pd.ExcelFile(path, engine="calamine") as book:
        sheet = source.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            raise ProjectError(
                f"{path}: no sheet {sheet!r}, but {', '.join(map(repr, book.sheet_names))}. Correct "
                "`data.select` in params.yaml and `source.sheet` in references/schema.yaml."
            )
        table = pd.read_excel(book, sheet, keep_default_na=False, na_values=[""])
        yield table.dropna(how="all")


def _plain(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Columns with a name and one type each; mixed cells become text."""
    table = table.rename(columns=lambda name: str(name).strip())
    for name, cells in table.items():
        if types.is_object_dtype(cells) or isinstance(cells.dtype, pd.CategoricalDtype):
            cells = cells.astype(object)
            if any(isinstance(cell, NESTED) for cell in cells):
                raise ProjectError(
                    f"{path}: column {name!r} holds lists or records. Give each part a column of "
                    "its own, or leave it out."
                )
            table[name] = cells.astype("str").where(cells.notna())
        if types.is_string_dtype(table[name]):
            table[name] = table[name].str.strip()
    return table


def _in_order(table: pd.DataFrame, columns: pd.Index, path: Path) -> pd.DataFrame:
    if table.columns.equals(columns):
        return table
    if different := columns.symmetric_difference(table.columns).tolist():
        raise ProjectError(
            f"{path}: its columns differ from those of the first file in "
            f"{', '.join(different[:10])}. Give all files the same columns, or move it elsewhere."
        )
    return table[columns]
