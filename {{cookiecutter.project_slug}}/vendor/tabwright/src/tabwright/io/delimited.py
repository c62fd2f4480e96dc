"""Read delimited text in batches: by Arrow where possible, else by Python's `csv`."""

import csv
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from ..project.errors import ProjectError
from .dialect import MAX_CELL, join_cells, parse, records
from .header import BLANKS, TOP_ROWS, Top, find_top
from .open_file import SAMPLE, open_bytes, open_text
from .parquet import BATCH_ROWS
from .rows import RaggedRow, Tables, only_rows
from .source import KnownColumns, Source

END = "\x04"  # appended as a last row, which an open quote would swallow


def read_delimited(
    path: Path, source: Source, known: KnownColumns | None, ragged: list[RaggedRow]
) -> Tables:
    """Yield tables of unchanged text cells, see `Tables`.

    Row 1 is right below the header. Empty lines are counted, line breaks within cells are not.

    Parameters
    ----------
    source
        The dialect of the file.
    known
        The columns, for a file without a header.
    ragged
        Receives malformed rows.
    """
    try:
        top = find_top(path, first_lines(path, source)[source.skip_rows :], source, known)
        with _as_utf8(path, source) as copy:
            found = _count_in(copy, source.quote, "\0")
            quotes, blanks = found[source.quote], " " in (source.separator or "")
            read = _by_csv if found["\0"] or quotes % 2 or blanks else _by_arrow
            yield from only_rows(read(copy, source, top, quotes, ragged), top, path.name, ragged)
    except csv.Error as error:
        raise ProjectError(
            f"{path}: {error} opens a quote that is never closed, which hides the rest. "
            "Close it, or double each quote within a cell."
        ) from error
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path}: not {source.encoding} text ({error.reason}). Save it as UTF-8, or correct "
            "`source.encoding` in references/schema.yaml."
        ) from error


def first_lines(path: Path, source: Source) -> list[list[str]]:
    """The cells of the first lines of a file, including those above the header."""
    with open_text(path, source.encoding) as file:
        text = file.read(SAMPLE)
    return parse(text, source, most=source.skip_rows + TOP_ROWS)


@contextmanager
def _as_utf8(path: Path, source: Source) -> Iterator[Path]:
    """The file itself if it is UTF-8, else a temporary copy in UTF-8.

    Arrow reads ahead in a thread, which can deadlock on a Python file object.
    """
    if source.encoding in ("utf-8", "utf-8-sig") and path.suffix != ".zip":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:  # Windows opens no file twice
        copy = Path(folder, "table.csv")
        with (
            open_text(path, source.encoding) as text,
            copy.open("w", encoding="utf-8", newline="") as plain,
        ):
            shutil.copyfileobj(text, plain, SAMPLE)
        yield copy


def _count_in(path: Path, *characters: str) -> Counter[str]:
    """Count ASCII characters in a UTF-8 file."""
    found: Counter[str] = Counter()
    with open_bytes(path) as file:
        while block := file.read(SAMPLE):
            found.update({one: block.count(one.encode()) for one in characters if one})
    return found


def _by_arrow(path: Path, source: Source, top: Top, quotes: int, ragged: list[RaggedRow]) -> Tables:
    """Read a UTF-8 file without open quotes; where Arrow fails, `_by_csv` reads the rest."""
    skipped: list[int] = []  # numbers of rows that Arrow skips

    def skip(row: arrow_csv.InvalidRow) -> str:
        skipped.append(row.number - source.skip_rows - top.length)
        if row.text.strip(BLANKS):
            ragged.append(
                RaggedRow(skipped[-1], row.text, row.actual_columns, row.expected_columns)
            )
        return "skip"

    read = arrow_csv.ReadOptions(
        use_threads=False,  # row numbers need one thread
        block_size=MAX_CELL,  # Arrow reads about a dozen ahead
        column_names=top.columns,
        skip_rows=source.skip_rows,
        skip_rows_after_names=top.length,
    )
    cut = arrow_csv.ParseOptions(
        delimiter=source.delimiter,
        quote_char=source.quote if quotes else False,
        escape_char=source.escape or False,
        newlines_in_values=quotes > 0,  # slower
        ignore_empty_lines=False,
        invalid_row_handler=skip,
    )
    as_text = arrow_csv.ConvertOptions(column_types=dict.fromkeys(top.columns, pa.string()))
    last = 0
    try:
        with open_bytes(path) as file, arrow_csv.open_csv(file, read, cut, as_text) as tables:
            for batch in tables:
                rows = np.arange(last + 1, last + 1 + batch.num_rows + len(skipped))
                rows = rows[~np.isin(rows, skipped)][: batch.num_rows]
                last = max([last, *rows[-1:]])
                yield pa.table(batch), rows
    except pa.ArrowInvalid:
        ragged[:] = [row for row in ragged if row.row < last]
        yield from _by_csv(path, source, top, quotes, ragged, last)


def _by_csv(
    path: Path, source: Source, top: Top, quotes: int, ragged: list[RaggedRow], done: int = 0
) -> Tables:
    """Read any UTF-8 file after the first `done` rows; rows with a NUL are malformed."""
    width, blanks = len(top.columns), " " in (source.separator or "")
    texts = pa.schema([(name, pa.string()) for name in top.columns])
    row, opened = done, 0  # the last row, and the first with a line break in a cell
    text = ""  # of the last row
    with open_text(path, "utf-8-sig") as file:
        lines = records(chain(file, [END]), source, skip_blanks=blanks)
        numbered = enumerate(islice(lines, source.skip_rows + top.length + done, None), done + 1)
        try:
            while some := [*islice(numbered, BATCH_ROWS)]:
                rows = {}
                for row, cells in some:
                    text = "".join(cells)
                    opened = opened or row * ("\n" in text)
                    if len(cells) == width and "\0" not in text and text != END:
                        rows[row] = cells
                    elif text.strip(BLANKS + END):
                        full = zip(cells, top.columns if len(cells) == width else (), strict=False)
                        nul = next((name for cell, name in full if "\0" in cell), "")
                        line = join_cells(cells, source)
                        ragged.append(RaggedRow(row, line, len(cells), width, nul))
                columns = [[cells[n] for cells in rows.values()] for n in range(width)]
                yield pa.table(columns, texts), np.array([*rows], dtype=int)
        except csv.Error:  # a cell that is too long
            text, opened = "", opened or row + 1
    if text != END or (opened and quotes % 2):
        raise csv.Error(f"row {opened}, or one below," if opened else "the last row")
