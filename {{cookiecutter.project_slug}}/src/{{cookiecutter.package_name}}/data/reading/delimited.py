"""Read a text file of cells, piece by piece."""

import codecs
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ...errors import ProjectError
from ..contract.schema import Schema, Source
from .archive import open_bytes
from .dialect import count_quotes, ends_in_quotes, parse, single_blanks, usual_width
from .encoding import SAMPLE, codec_of, decode

BLOCK = 8 << 20  # bytes read at a time, a dozen of them ahead; a row is no longer
HEADER_ROWS = 1000  # that tell how many columns there are
MAX_RAGGED = 100_000  # rows cut wrongly before the whole file is


class RaggedRow(NamedTuple):
    """A row with more or fewer cells than usual."""

    row: int
    text: str
    cells: int
    expected: int


def read_delimited(
    path: Path, source: Source, ragged: list[RaggedRow], contract: Schema | None = None
) -> Iterator[pd.DataFrame]:
    """Yield tables of text cells without the blanks around them; the index counts rows from 1.

    Parameters
    ----------
    source
        How the file is written.
    ragged
        Rows with another number of cells than usual are appended here.
    contract
        Names the columns of a file without a header, see `column_names`.
    """
    columns = column_names(path, source, contract)
    below = source.header + source.skip_rows_after_header

    def set_aside(row: csv.InvalidRow) -> str:
        number = row.number - source.skip_rows - below
        ragged.append(RaggedRow(number, row.text, row.actual_columns, row.expected_columns))
        return "skip" if len(ragged) < MAX_RAGGED else "error"

    read = csv.ReadOptions(
        use_threads=False,  # threads lose count of the rows
        block_size=BLOCK,
        column_names=columns,
        skip_rows=source.skip_rows,
        skip_rows_after_names=below,
    )
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()))
    first, multiline = 1, 0
    yield pd.DataFrame(columns=columns, dtype="str")  # a file without rows has columns
    with _as_utf8(path, source) as copy:
        quotes = count_quotes(copy, source)
        cut = csv.ParseOptions(
            delimiter=source.mark,
            quote_char=source.quote if quotes else False,
            escape_char=source.escape or False,
            newlines_in_values=quotes > 0,  # takes time
            invalid_row_handler=set_aside,
        )
        try:
            with open_bytes(copy) as file, csv.open_csv(file, read, cut, as_text) as tables:
                for table in tables:
                    rows = np.arange(first, first + table.num_rows + len(ragged))
                    rows = rows[~np.isin(rows, [bad.row for bad in ragged])][: table.num_rows]
                    first = rows[-1] + 1 if len(rows) else first
                    if quotes % 2 and not multiline:
                        multiline = _multiline(table, rows)
                    yield _without_blank(_trimmed(table).set_axis(rows))
        except pa.ArrowInvalid as error:
            if first > 1 or "Empty CSV" not in str(error):
                raise ProjectError(f"{path}: {_explained(str(error), source)}") from error
        multiline = multiline or next((bad.row for bad in ragged if "\n" in bad.text), 0)
        if quotes % 2 and (multiline or ends_in_quotes(copy, source)):
            where = f"row {multiline}, or one below," if multiline else "the last row"
            raise ProjectError(
                f"{path}: {where} opens a quote that is never closed, and hides what follows. Close "
                "it in the file, or write every quote within a cell twice."
            )


def column_names(path: Path, source: Source, contract: Schema | None = None) -> list[str]:
    """Names from the header; `column_<position>` for those without, `.1` behind a repeated one.

    Without a header the names are those of the contract, in its order, the target perhaps left out.
    """
    with open_bytes(path) as file:
        text = decode(file.read(SAMPLE), source.encoding)
    lines = parse(text, source, most=source.skip_rows + HEADER_ROWS)[source.skip_rows :]
    rows = [row for row in lines if any(row)]
    if not rows:
        raise ProjectError(f"{path}: the file is empty, but for blanks. Put a table there.")
    body = rows[source.header + source.skip_rows_after_header :]
    width = usual_width(body) or len(rows[0])
    found = rows[0] if source.header else _names_in(contract, width)
    while len(found) > width and not found[-1]:
        found.pop()
    if source.header and len(found) < width - 1:
        raise ProjectError(
            f"{path}: most rows have {width} cells, the header names {len(found)} columns. Name "
            "the others too."
        )
    if source.header and len(found) == width - 1 and any(row[-1] for row in body):
        found.insert(0, "")  # a column of row names often has none itself
    found += [""] * (width - len(found))
    return _unique([name or f"column_{position}" for position, name in enumerate(found)])


def _names_in(contract: Schema | None, width: int) -> list[str]:
    names = list(contract.columns) if contract else []
    if contract and len(names) == width + 1:
        names.remove(contract.target)
    return names if len(names) == width else []


def _unique(names: list[str]) -> list[str]:
    taken: dict[str, None] = {}
    for name in names:
        tries = chain([name], (f"{name}.{number}" for number in count(1)))
        taken[next(one for one in tries if one not in taken)] = None
    return list(taken)


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
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        try:
            with open_bytes(path) as file:
                rest = ""
                while block := file.read(SAMPLE):
                    text = rest + decoder.decode(block)
                    if blanks:
                        end = max(text.rfind("\n"), text.rfind("\r")) + 1
                        text, rest = _without_blanks(text[:end], source), text[end:]
                    copy.write(text.encode())
                copy.write(_without_blanks(rest, source).encode())
            copy.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError as error:
            raise ProjectError(
                f"{path}: not {source.encoding} text ({error.reason}). Save it as UTF-8, or correct "
                "`source.encoding` in references/schema.yaml."
            ) from error
        copy.flush()
        yield Path(copy.name)


def _without_blanks(text: str, source: Source) -> str:
    """Whole lines without the blanks that Arrow takes for cells, or for the start of one."""
    if source.mark == " ":
        return single_blanks(text)
    before_quote = f"{re.escape(source.mark)} +{source.quote}(?!{source.quote})"
    return re.sub(before_quote, source.mark + source.quote, text)


def _multiline(batch: pa.RecordBatch, rows: np.ndarray) -> int:
    """The first row with a cell of several lines, or 0."""
    if not len(rows):
        return 0
    found = [pc.index(pc.match_substring(cells, "\n"), True).as_py() for cells in batch.columns]
    return min((int(rows[at]) for at in found if at >= 0), default=0)


def _trimmed(batch: pa.RecordBatch) -> pd.DataFrame:
    columns = [pc.ascii_trim_whitespace(column) for column in batch.columns]
    return pa.table(columns, names=batch.schema.names).to_pandas()


def _without_blank(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out lines of separators alone, which spreadsheets write below a table."""
    maybe = table[table.iloc[:, 0] == ""]
    return table.drop(index=maybe.index[(maybe == "").all(axis=1)]) if len(maybe) else table


def _explained(error: str, source: Source) -> str:
    if "straddl" in error:
        what = f"a row is longer than {BLOCK >> 20} MB"
        return f"{what}: is a quote never closed? `source.quote: ''` takes quotes as they are."
    if "UTF8" in error:
        return f"not {source.encoding} text. Correct `source.encoding` in references/schema.yaml."
    if "CSV parse error" in error:
        return f"at least {MAX_RAGGED} rows are cut wrongly: look at `source` in references/schema.yaml. {error}"
    return f"not a table of text cells: {error}"
