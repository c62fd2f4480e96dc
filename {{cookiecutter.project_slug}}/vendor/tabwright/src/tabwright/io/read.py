"""Read a table from a file or a folder of files in batches."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from python_calamine import CalamineError

from ..project.errors import ProjectError
from .convert import to_pandas
from .delimited import first_lines, read_delimited
from .dialect import sniff
from .header import BLANKS, find_top, unique_names
from .open_file import file_kind
from .parquet import BATCH_ROWS
from .rows import RaggedRow, Tables
from .source import KnownColumns, Source
from .typed import JSON_LINES, detect_sheet, read_excel, read_json, read_parquet, sheet_lines

EXCEL = (".xlsx", ".xls", ".xlsb", ".xlsm", ".ods")
READERS: dict[str, Callable[[Path, Source, KnownColumns | None, list[RaggedRow]], Tables]] = {
    ".parquet": read_parquet,
    **dict.fromkeys([".json", *JSON_LINES], read_json),
    **dict.fromkeys(EXCEL, read_excel),
}  # all others are delimited text


# Unchanged cells, the numbers of their rows, and the malformed rows among and above them.
Batch = tuple[pa.Table, np.ndarray, list[RaggedRow]]


def read_batches(
    path: Path,
    source: Source,
    ragged: list[RaggedRow] | None = None,
    known: KnownColumns | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield tables of at most `BATCH_ROWS` rows, indexed by row number, see `read_cells`.

    Cells of text files remain text; columns of Parquet, JSON and Excel files keep their types. Text
    is stripped of whitespace.

    Parameters
    ----------
    ragged
        Receives malformed rows, each before the table that follows it; without a list they are an
        error.
    """
    for cells, rows, bad in read_cells(path, source, known):
        if bad and ragged is None:
            raise ProjectError(
                f"{path}: row {bad[0].row}, expected {bad[0].rule}: {bad[0].text[:80]}"
            )
        if ragged is not None:
            ragged += bad
        yield to_pandas(cells, path).set_axis(rows)


def read_cells(path: Path, source: Source, known: KnownColumns | None = None) -> Iterator[Batch]:
    """Yield at least one batch, of at most `BATCH_ROWS` rows.

    Row 1 is right below the header, and empty lines are counted. Row numbers continue through the
    files of a folder.

    Parameters
    ----------
    path
        A file, compressed or not, or a folder of files with the same columns, in order of names.
    source
        The dialect.
    known
        The columns, for a file without a header.

    Raises
    ------
    ProjectError
        When the file is missing, empty or not a table.
    """
    before, empty, columns = 0, True, list[str]()
    table, rows = pa.table({}), np.arange(0)
    for file in list_files(path):
        last = 0
        for table, rows, bad in _read(file, source, known):
            names = unique_names([str(name).strip(BLANKS) for name in table.column_names])
            columns = columns or names
            table = _in_order(table.rename_columns(names), columns, file)
            last = max([last, *rows[-1:], *(row.row for row in bad)])
            if len(table) or bad:
                yield table, rows + before, [row._replace(row=row.row + before) for row in bad]
                empty = False
        before += last
    if empty:  # a table without rows still has columns
        yield table, rows, []


def detect(path: Path, sheet: str = "", names: Collection[str] = ()) -> Source:
    """Detect the dialect of the first file at `path`.

    Parameters
    ----------
    sheet
        The sheet to read of a workbook.
    names
        Known columns: the line that contains them is the header. Positions are ignored.
    """
    file = list_files(path)[0]
    names = [name for name in names if not re.fullmatch(r"#?-?\d+", name)]
    if file_kind(file) in EXCEL:
        with _reading_errors(file):
            return detect_sheet(file, sheet, names)
    return Source(separator=None) if file_kind(file) in READERS else sniff(file, names)


def column_names(path: Path, source: Source, known: KnownColumns | None = None) -> list[str]:
    """Read the column names of text or a workbook; repeated ones get a suffix such as `.1`.

    An empty name becomes `column_<position>`. Without a header they are those of `known`, with or
    without the target.
    """
    return find_top(path, _top_lines(path, source)[0][source.skip_rows :], source, known).columns


def _top_lines(path: Path, source: Source) -> tuple[list[list[str]], list[str]]:
    """The first lines of text or a sheet, none of other formats; names of this and other sheets."""
    if file_kind(path) in EXCEL:
        return sheet_lines(path, source.sheet)
    return [] if file_kind(path) in READERS else first_lines(path, source), [""]


def describe_layout(path: Path, source: Source) -> list[str]:
    """Describe which sheet is read, and which lines around the header are skipped."""
    lines, (sheet, *others) = _top_lines(list_files(path)[0], source)
    found = [f"reading sheet {sheet!r}, not {', '.join(map(repr, others))}"] if others else []
    rows = [line for line in lines[source.skip_rows :] if any(line)][source.header :]
    left = [*filter(any, lines[: source.skip_rows]), *rows[: source.skip_rows_after_header]]
    texts = [repr(" ".join(filter(None, line))[:80]) for line in left]
    return found + ([f"skipped lines: {', '.join(texts[:10])}"] if texts else [])


def list_files(path: Path) -> list[Path]:
    """The file itself, or the visible files in a folder.

    Raises
    ------
    ProjectError
        When there is none, or one is empty.
    """
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        files = [file for file in files if not file.name.startswith((".", "_"))]
        sizes = [file.stat().st_size for file in files]
    except OSError as error:
        why = str(error.strerror).lower()  # such as "no such file or directory"
        raise ProjectError(f"{path}: {why}. Copy the file there, or correct its name.") from error
    if not files:
        raise ProjectError(
            f"{path}: no file in this folder. Copy one there, or name another folder."
        )
    if len({file_kind(file) for file in files}) > 1:
        names = ", ".join(file.name for file in files[:10])
        raise ProjectError(f"{path}: files of several formats ({names}). Keep only one format.")
    for file, size in zip(files, sizes, strict=True):
        if not file.is_file():
            raise ProjectError(f"{file}: not a regular file. Name another.")
        if not size:
            raise ProjectError(f"{file}: the file is empty. Replace it by a table.")
    return files


@contextmanager
def _reading_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, CalamineError, OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{path}: not a {file_kind(path)} file, or damaged: {error}. Save it again, or correct "
            "its suffix."
        ) from error


def _read(path: Path, source: Source, known: KnownColumns | None) -> Iterator[Batch]:
    """Yield the rows of a file, at most `BATCH_ROWS` at once."""
    ragged: list[RaggedRow] = []
    with _reading_errors(path):
        reader = READERS.get(file_kind(path), read_delimited)
        for table, rows in reader(path, source, known, ragged):
            for start in range(0, len(table) or 1, BATCH_ROWS):
                some = rows[start : start + BATCH_ROWS]
                last = max(some[-1:], default=0)
                yield table[start : start + BATCH_ROWS], some, [r for r in ragged if r.row < last]
                ragged[:] = [row for row in ragged if row.row > last]
        if ragged:
            yield table[:0], rows[:0], ragged


def _in_order(table: pa.Table, columns: list[str], path: Path) -> pa.Table:
    if columns == table.column_names:
        return table
    if different := set(columns).symmetric_difference(table.column_names):
        raise ProjectError(
            f"{path}: its columns differ from those of the first file in "
            f"{', '.join(sorted(different)[:10])}. Use the same columns in all files, or move it "
            "elsewhere."
        )
    return table.select(columns)
