"""Read a text file of cells, piece by piece: by Arrow where it can, else by Python's `csv`."""

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
from .dialect import LONGEST_CELL, join_cells, parse, records
from .header import BLANKS, TOP_ROWS, Top, find_top
from .open_file import SAMPLE, open_bytes, open_text
from .parquet import BATCH_ROWS
from .rows import RaggedRow, Tables, only_rows
from .source import KnownColumns, Source

END = "\x04"  # behind the last line it is a row of its own, unless a quote is open


def read_delimited(path: Path, source: Source, known: KnownColumns | None = None) -> Tables:
    """Yield tables of text cells as they are written, see `Tables`.

    Row 1 is right below the header; empty lines count, a cell of several lines does not.

    Parameters
    ----------
    source
        How the file is written.
    known
        Names the columns of a file without a header.
    """
    try:
        top = find_top(path, first_lines(path, source)[source.skip_rows :], source, known)
        with _as_utf8(path, source) as copy:
            found = _count_in(copy, source.quote, "\0")
            blanks = " " in (source.separator or "")
            by_csv = found["\0"] or found[source.quote] % 2 or blanks
            tables = (_by_csv if by_csv else _by_arrow)(copy, source, top, found)
            yield from only_rows(tables, top, path.name)
    except csv.Error as error:
        raise ProjectError(
            f"{path}: {error} opens a quote that is never closed, and hides what follows. "
            "Close it in the file, or write every quote within a cell twice."
        ) from error
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path}: not {source.encoding} text ({error.reason}). Save it as UTF-8, or correct "
            "`source.encoding` in references/schema.yaml."
        ) from error


def first_lines(path: Path, source: Source) -> list[list[str]]:
    """The cells of the first lines of a file, also those above the header."""
    with open_text(path, source.encoding) as file:
        text = file.read(SAMPLE)
    return parse(text, source, most=source.skip_rows + TOP_ROWS)


@contextmanager
def _as_utf8(path: Path, source: Source) -> Iterator[Path]:
    """A file with the same text in UTF-8: itself, or a temporary copy when it is written otherwise.

    Arrow reads ahead in a thread, which a file that is read by Python can hold up for ever.
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
    """How often each of some ASCII characters occurs in a UTF-8 file."""
    found: Counter[str] = Counter()
    with open_bytes(path) as file:
        while block := file.read(SAMPLE):
            found.update({one: block.count(one.encode()) for one in characters if one})
    return found


def _by_arrow(path: Path, source: Source, top: Top, found: Counter[str]) -> Tables:
    """Rows of a UTF-8 file whose quotes are closed; from where Arrow gives up, those of `_by_csv`."""
    none: list[int] = []  # numbers of rows that Arrow leaves out
    ragged: list[RaggedRow] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        none.append(row.number - source.skip_rows - top.length)
        if row.text.strip(BLANKS):
            ragged.append(RaggedRow(none[-1], row.text, row.actual_columns, row.expected_columns))
        return "skip"

    read = arrow_csv.ReadOptions(
        use_threads=False,  # threads lose count of the rows
        block_size=LONGEST_CELL,  # a dozen of them ahead
        column_names=top.columns,
        skip_rows=source.skip_rows,
        skip_rows_after_names=top.length,
    )
    cut = arrow_csv.ParseOptions(
        delimiter=source.mark,
        quote_char=source.quote if found[source.quote] else False,
        escape_char=source.escape or False,
        newlines_in_values=found[source.quote] > 0,  # takes time
        ignore_empty_lines=False,
        invalid_row_handler=set_aside,
    )
    as_text = arrow_csv.ConvertOptions(column_types=dict.fromkeys(top.columns, pa.string()))
    last = 0
    try:
        with open_bytes(path) as file, arrow_csv.open_csv(file, read, cut, as_text) as tables:
            for batch in tables:
                rows = np.arange(last + 1, last + 1 + batch.num_rows + len(none))
                rows = rows[~np.isin(rows, none)][: batch.num_rows]
                last = max([last, *rows[-1:]])
                yield pa.table(batch), rows, [row for row in ragged if row.row < last]
                ragged[:] = [row for row in ragged if row.row > last]
    except pa.ArrowInvalid:
        yield from _by_csv(path, source, top, found, last)
    else:
        yield pa.table({}), np.arange(0), ragged


def _by_csv(path: Path, source: Source, top: Top, found: Counter[str], done: int = 0) -> Tables:
    """Rows of any UTF-8 file, but for those that are done; the ones with a NUL are set aside."""
    width, blanks = len(top.columns), " " in (source.separator or "")
    texts = pa.schema([(name, pa.string()) for name in top.columns])
    row, opened = done, 0  # the last row, and the first with a cell of several lines
    with open_text(path, "utf-8-sig") as file:
        lines = records(chain(file, [END]), source, skip_blanks=blanks)
        numbered = enumerate(islice(lines, source.skip_rows + top.length + done, None), done + 1)
        try:
            while some := [*islice(numbered, BATCH_ROWS)]:
                rows, ragged = {}, []
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
                yield pa.table(columns, texts), np.array([*rows], dtype=int), ragged
        except csv.Error:  # a cell that is too long
            text, opened = "", opened or row + 1
    if text != END or (opened and found[source.quote] % 2):
        raise csv.Error(f"row {opened}, or one below," if opened else "the last row")
