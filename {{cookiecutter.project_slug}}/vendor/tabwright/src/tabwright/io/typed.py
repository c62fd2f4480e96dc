"""Read formats with typed cells: Parquet, JSON and Excel."""

import datetime
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from python_calamine import SheetTypeEnum, load_workbook

from ..project.errors import ProjectError
from .header import BLANKS, TOP_ROWS, find_top, has_names, layout
from .open_file import file_kind, open_bytes, open_text
from .parquet import BATCH_ROWS, arrow_batches
from .rows import RaggedRow, Tables, only_rows
from .source import KnownColumns, Source

JSON_LINES = (".jsonl", ".ndjson")


def read_parquet(path: Path, *_: Any) -> Tables:
    """Yield the columns of a Parquet file, first those of a named pandas index."""
    for table, rows in arrow_batches(path):
        index = (table.schema.pandas_metadata or {}).get("index_columns", [])
        yield _with_index(table, index, rows.start), np.arange(rows.start, rows.stop) + 1


def _with_index(table: pa.Table, index: list[Any], start: int) -> pa.Table:
    names = [name for name in index if name in table.column_names]
    first = {name: table[name] for name in names if not name.startswith("__index_level_")}
    for one in index:
        if isinstance(one, dict) and one.get("name"):  # a range index is not stored as a column
            steps = np.arange(start, start + len(table)) * one["step"] + one["start"]
            first[one["name"]] = pa.chunked_array([steps])
    rest = table.drop_columns(names)
    columns = [*first.values(), *rest.columns]
    return pa.table(columns, names=[*first, *rest.column_names])


def read_json(path: Path, *_: Any) -> Tables:
    """Yield records: from a list, a mapping of columns, or lines; empty lines are counted."""
    listed = None if file_kind(path) in JSON_LINES else _listed(path)
    names = _names(_lines(path) if listed is None else listed)  # a column may begin further down
    records = iter(_lines(path) if listed is None else listed)
    while some := dict(islice(records, BATCH_ROWS)):
        columns = [typed_column([one.get(name) for one in some.values()]) for name in names]
        yield pa.table(columns, names), np.array([*some])


def _listed(path: Path) -> list[tuple[int, Any]] | None:
    """The numbered records of a list or a mapping of columns; None for a record in each line."""
    with open_bytes(path) as file:
        try:
            found = json.load(file)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data":
                return None
            raise
    if isinstance(found, dict):
        found = pd.DataFrame(found, dtype=object).to_dict("records")
    return [*enumerate(found if isinstance(found, list) else [found], start=1)]


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with open_text(path, "utf-8-sig") as file:
        for row, text in enumerate(file, start=1):
            try:
                if text.strip():
                    yield row, json.loads(text)
            except ValueError as error:
                raise ValueError(f"line {row}: {error}") from error


def _names(records: Iterable[tuple[int, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for _, record in records:
        if not isinstance(record, dict):
            raise TypeError("a table is a list of records with the column names as keys")
        names |= dict.fromkeys(record)
    return [*names]


def typed_column(cells: Sequence[Any]) -> pa.Array:
    """An array of the common type of the cells, else of text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds & {dict, list}:
        return pa.nulls(len(cells), pa.list_(pa.null()))
    try:
        if len(kinds) < 2 or kinds == {int, float}:
            return pa.array(cells, from_pandas=True)
    except (pa.ArrowException, OverflowError):  # numbers with too many digits
        pass
    return pa.array([None if pd.isna(cell) else str(cell) for cell in cells], pa.string())


def detect_sheet(path: Path, sheet: str, names: Collection[str]) -> Source:
    """Detect where the table begins in a sheet, the first one by default.

    Raises
    ------
    ProjectError
        When the sheet is empty, or only another one has these columns.
    """
    source = Source(separator=None, sheet=sheet)
    lines, (read, *others) = sheet_lines(path, sheet)
    short = [line if any(line[1:]) else line[: any(line)] for line in lines]
    source.skip_rows, source.header, source.skip_rows_after_header = layout(short, names)
    filled = sum(map(any, lines[source.skip_rows :]))
    empty = filled <= source.header + source.skip_rows_after_header
    better = [name for name in others if has_names(sheet_lines(path, name)[0], names)]
    if others and (empty or (better and not has_names(lines, names))):
        raise ProjectError(
            f"{path}: the table is not in sheet {read!r}. The other sheets are "
            f"{', '.join(map(repr, others))}. Name one in `data.select` of params.yaml; for a new "
            f"project, `raw_data={path.name}#{(better or others)[0]}`."
        )
    return source


def sheet_lines(path: Path, sheet: str) -> tuple[list[list[str]], list[str]]:
    """The first lines of a sheet as text; its name and the names of the others."""
    rows, _, sheets = _read_sheet(path, sheet, TOP_ROWS)
    return _texts(rows), sheets


def read_excel(
    path: Path, source: Source, known: KnownColumns | None, ragged: list[RaggedRow]
) -> Tables:
    """Yield the table of a sheet; text remains text, whole numbers are integers."""
    rows, merged, _ = _read_sheet(path, source.sheet)
    rows = rows[source.skip_rows :]
    lines = _texts(rows)
    top = find_top(path, lines, source, known)
    for (first, column), (last, _) in merged:  # below the header the value is that of each row
        first, last = first - source.skip_rows, last - source.skip_rows
        if first >= top.length:
            for row in rows[first : last + 1]:
                row[column] = rows[first][column]
    body = lines[top.length :]
    at = range(len(top.columns))
    texts = pa.table([pa.array([line[n] for line in body], pa.string()) for n in at], top.columns)
    whole = iter([(texts, np.arange(1, len(body) + 1))])
    for _, numbers in only_rows(whole, top, path.name, ragged):
        found = [rows[top.length + number - 1] for number in numbers]
        columns = [typed_column([cells[n] for cells in found]) for n in at]
        yield pa.table(columns, top.columns), numbers


def _read_sheet(
    path: Path, sheet: str, most: int | None = None
) -> tuple[list[list[Any]], list[Any], list[str]]:
    """The cells of a sheet and the merged ones; its name, the first by default, and the others."""
    with load_workbook(path) as book:
        sheets = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        if not sheets:
            raise ValueError("it has no sheet of cells")
        sheet = sheet or sheets[0]
        if sheet not in sheets:
            raise ProjectError(
                f"{path}: no sheet {sheet!r}, only {', '.join(map(repr, sheets))}. Correct "
                "`data.select` in params.yaml and `source.sheet` in references/schema.yaml."
            )
        found = book.get_sheet_by_name(sheet)
        rows = [list(map(_cell, row)) for row in found.to_python(False, most)]
        return rows, found.merged_cell_ranges or [], sorted(sheets, key=lambda name: name != sheet)


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
        return datetime.datetime(cell.year, cell.month, cell.day)
    return None if cell == "" else cell


def _texts(rows: list[list[Any]]) -> list[list[str]]:
    return [["" if cell is None else str(cell).strip(BLANKS) for cell in row] for row in rows]
