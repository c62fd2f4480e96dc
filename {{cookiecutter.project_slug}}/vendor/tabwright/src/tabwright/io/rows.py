"""Filter out lines that are not rows: empty lines, repeated headers, footnotes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .header import BLANKS, Top, count_footnotes

MAX_FOOTNOTES = 100  # lines at the end


class RaggedRow(NamedTuple):
    """A malformed row: with too many or too few cells, or with a NUL in a column."""

    row: int
    text: str
    cells: int
    expected: int
    nul: str = ""

    @property
    def rule(self) -> str:
        """The violated rule."""
        return f"no NUL in {self.nul!r}" if self.nul else f"{self.expected} cells, not {self.cells}"


# Tables, their row numbers from 1, and the malformed rows found meanwhile.
Tables = Iterator[tuple[pa.Table, np.ndarray, list[RaggedRow]]]


def trimmed(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Strip whitespace, also that beyond ASCII."""
    return pc.utf8_trim(cells, characters=BLANKS)


def _are_rows(texts: pa.Table, top: Top) -> tuple[np.ndarray, int]:
    """Mask of the lines that are neither empty nor a repeated header; the number of the latter."""
    kept, again = np.ones(len(texts), dtype=bool), 0
    kept[_alike(texts, [""] * texts.num_columns)] = False
    for line in top.lines:
        at = _alike(texts, line)
        again += len(at)
        kept[at] = False
    return kept, again


def _alike(texts: pa.Table, line: list[str]) -> np.ndarray:
    """Positions of lines that equal `line`, ignoring case and surrounding whitespace."""
    at = np.arange(len(texts) if len(line) == texts.num_columns else 0)
    for cells, name in zip(texts.columns, line, strict=False):
        if len(at):
            some = cells if len(at) == len(cells) else cells.take(pa.array(at))
            at = at[pc.equal(pc.utf8_lower(trimmed(some)), name.lower()).to_numpy()]
    return at


def only_rows(tables: Tables, top: Top, name: str) -> Tables:
    """Drop empty lines and repeated headers; report footnotes as malformed rows."""
    again = 0
    table = pa.table({column: pa.array([], pa.string()) for column in top.columns})
    rows, ragged = np.arange(0), list[RaggedRow]()
    for texts, numbers, bad in tables:
        if not len(texts):
            ragged = ragged + bad
            continue
        yield table, rows, ragged
        kept, duplicates = _are_rows(texts, top)
        again += duplicates
        table = texts if kept.all() else texts.filter(pa.array(kept))
        rows, ragged = numbers[kept], bad
    below = _footnotes(table, rows)
    end = len(table) - len(below)
    yield table.slice(0, end), rows[:end], ragged + below
    if again:
        print(f"{name}: skipped {again} lines that repeat the header")


def _footnotes(texts: pa.Table, rows: np.ndarray) -> list[RaggedRow]:
    """Footnotes at the end of a table."""
    last = texts.slice(max(len(rows) - MAX_FOOTNOTES, 0))
    end = [*zip(*(trimmed(cells).to_pylist() for cells in last.columns), strict=True)]
    below = count_footnotes(end)
    lines = zip(rows[len(rows) - below :], end[len(end) - below :], strict=True)
    return [RaggedRow(int(row), "".join(cells), 1, len(cells)) for row, cells in lines]
