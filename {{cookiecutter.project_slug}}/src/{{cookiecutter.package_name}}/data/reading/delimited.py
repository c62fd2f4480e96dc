"""Read a text file of cells, piece by piece."""

import codecs
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ...errors import ProjectError
from ..contract.schema import Schema, Source
from .archive import open_bytes
from .dialect import count_in, ends_in_quotes, parse, single_blanks
from .encoding import SAMPLE, codec_of, decode
from .header import BLANKS, TOP_ROWS, Top, top_of
from .rows import RaggedRow, Tables, are_rows, remarks_in, say_left_out

BLOCK = 8 << 20  # bytes read at a time, a dozen of them ahead; a row is no longer
MAX_RAGGED = 100_000  # rows cut wrongly before the whole file is


def read_delimited(
    path: Path, source: Source, ragged: list[RaggedRow], contract: Schema | None = None
) -> Tables:
    """Yield tables of text cells as they are written, and the numbers of their rows.

    Row 1 is right below the header; empty lines count, a cell of several lines does not.

    Parameters
    ----------
    source
        How the file is written.
    ragged
        Receives rows with another number of cells than usual, before the table they stand in.
    contract
        Names the columns of a file without a header, see `column_names`.
    """
    top = _top(path, source, contract)
    none: list[int] = []  # numbers of rows that Arrow leaves out

    def set_aside(row: csv.InvalidRow) -> str:
        none.append(row.number - source.skip_rows - top.length)
        if "\n" in row.text:
            multiline.append(none[-1])
        if row.text.strip(BLANKS):
            ragged.append(RaggedRow(none[-1], row.text, row.actual_columns, row.expected_columns))
        return "skip" if len(none) < MAX_RAGGED else "error"

    read = csv.ReadOptions(
        use_threads=False,  # threads lose count of the rows
        block_size=BLOCK,
        column_names=top.columns,
        skip_rows=source.skip_rows,
        skip_rows_after_names=top.length,
    )
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(top.columns, pa.string()))
    first, again = 1, 0
    multiline: list[int] = []  # rows with a cell of several lines
    # A file without rows has columns.
    table = pa.schema([(name, pa.string()) for name in top.columns]).empty_table()
    numbers = np.arange(0)
    with _as_utf8(path, source) as copy:
        found = count_in(copy, source.quote, "\0")
        quotes = found[source.quote]
        cut = csv.ParseOptions(
            delimiter=source.mark,
            quote_char=source.quote if quotes else False,
            escape_char=source.escape or False,
            newlines_in_values=quotes > 0,  # takes time
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        )
        try:
            with open_bytes(copy) as file, csv.open_csv(file, read, cut, as_text) as tables:
                for batch in tables:
                    rows = np.arange(first, first + batch.num_rows + len(none))
                    rows = rows[~np.isin(rows, none)][: batch.num_rows]
                    first = rows[-1] + 1 if len(rows) else first
                    if quotes % 2 and not multiline:
                        multiline += _multiline(batch, rows)
                    yield table, numbers
                    table = pa.Table.from_batches([batch])
                    kept, repeats = are_rows(table, top)
                    again += repeats
                    if found["\0"]:
                        kept &= _without_nul(table, rows, kept, source, ragged)
                    table = table if kept.all() else table.filter(pa.array(kept))
                    numbers = rows[kept]
        except pa.ArrowInvalid as error:
            if first > 1 or "Empty CSV" not in str(error):
                raise ProjectError(f"{path}: {_explained(str(error), source)}") from error
        if quotes % 2 and (multiline or ends_in_quotes(copy, source)):
            where = f"row {min(multiline)}, or one below," if multiline else "the last row"
            raise ProjectError(
                f"{path}: {where} opens a quote that is never closed, and hides what follows. Close "
                "it in the file, or write every quote within a cell twice."
            )
    below = remarks_in(table, numbers)
    ragged += below
    yield table.slice(0, len(table) - len(below)), numbers[: len(table) - len(below)]
    say_left_out(path.name, again)


def column_names(path: Path, source: Source, contract: Schema | None = None) -> list[str]:
    """Names from the header; `column_<position>` for those without, `.1` behind a repeated one.

    Without a header the names are those of the contract, in its order, the target perhaps left out.
    """
    return _top(path, source, contract).columns


def _top(path: Path, source: Source, contract: Schema | None) -> Top:
    return top_of(path, first_lines(path, source)[source.skip_rows :], source, contract)


def first_lines(path: Path, source: Source) -> list[list[str]]:
    """The cells of the first lines of a file, also those above the header."""
    with open_bytes(path) as file:
        text = decode(file.read(SAMPLE), source.encoding)
    return parse(text, source, most=source.skip_rows + TOP_ROWS)


@contextmanager
def _as_utf8(path: Path, source: Source) -> Iterator[Path]:
    """A file with the same text in UTF-8: itself, or a temporary copy when it is written otherwise.

    Arrow reads ahead in a thread, which a file that is read by Python can hold up for ever.
    """
    blanks = " " in (source.separator or "")
    if source.encoding in ("utf-8", "utf-8-sig") and path.suffix != ".zip" and not blanks:
        yield path
        return
    codec, errors = codec_of(source.encoding)
    decoder = codecs.getincrementaldecoder(codec)(errors)
    with tempfile.TemporaryDirectory() as folder:  # Windows opens no file twice
        copy = Path(folder, "table.csv")
        try:
            with open_bytes(path) as file, copy.open("wb") as plain:
                rest = ""
                while block := file.read(SAMPLE):
                    text = rest + decoder.decode(block)
                    if blanks:
                        end = max(text.rfind("\n"), text.rfind("\r")) + 1
                        text, rest = _without_blanks(text[:end], source), text[end:]
                    plain.write(text.encode())
                plain.write(_without_blanks(rest, source).encode())
                plain.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError as error:
            raise ProjectError(
                f"{path}: not {source.encoding} text ({error.reason}). Save it as UTF-8, or correct "
                "`source.encoding` in references/schema.yaml."
            ) from error
        yield copy


def _without_blanks(text: str, source: Source) -> str:
    """Whole lines without the blanks that Arrow takes for cells, or for the start of one."""
    if source.mark == " ":
        return single_blanks(text)
    before_quote = f"{re.escape(source.mark)} +{source.quote}(?!{source.quote})"
    return re.sub(before_quote, source.mark + source.quote, text)


def _multiline(batch: pa.RecordBatch, rows: np.ndarray) -> list[int]:
    """The first row with a cell of several lines in each column."""
    found = [pc.index(pc.match_substring(cells, "\n"), True).as_py() for cells in batch.columns]
    return [int(rows[at]) for at in found if at >= 0]


def _without_nul(
    table: pa.Table, rows: np.ndarray, kept: np.ndarray, source: Source, ragged: list[RaggedRow]
) -> np.ndarray:
    """Which rows hold no NUL; others are set aside, but for lines that are not kept anyway."""
    whole = np.ones(len(rows), dtype=bool)
    for name, cells in zip(table.column_names, table.columns, strict=True):
        for row in np.flatnonzero(pc.match_substring(cells, "\0").to_numpy() & kept & whole):
            text = source.mark.join(table.slice(row, 1).to_pylist()[0].values())
            width = table.num_columns
            ragged.append(RaggedRow(int(rows[row]), text, width, width, name))
            whole[row] = False
    return whole


def _explained(error: str, source: Source) -> str:
    if "straddl" in error:
        what = f"a row is longer than {BLOCK >> 20} MB"
        return f"{what}: is a quote never closed? `source.quote: ''` takes quotes as they are."
    if "UTF8" in error:
        return f"not {source.encoding} text. Correct `source.encoding` in references/schema.yaml."
    if "CSV parse error" in error:
        return f"at least {MAX_RAGGED} rows are cut wrongly: look at `source` in references/schema.yaml. {error}"
    return f"not a table of text cells: {error}"
