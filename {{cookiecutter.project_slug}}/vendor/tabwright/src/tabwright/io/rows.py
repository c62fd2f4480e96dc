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


Tables = Iterator[tuple[pa.Table, np.ndarray]]  # with the numbers of the rows, from 1


def trimmed(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Strip whitespace, also that beyond ASCII."""
    return pc.utf8_trim(cells, characters=BLANKS)


def _alike(texts: pa.Table, line: list[str]) -> np.ndarray:
    """Positions of lines that equal `line`, ignoring case and surrounding whitespace."""
    at = np.arange(len(texts) if len(line) == texts.num_columns else 0)
    for cells, name in zip(texts.columns, line, strict=False):
        if len(at):
            some = cells if len(at) == len(cells) else cells.take(pa.array(at))
            at = at[pc.equal(pc.utf8_lower(trimmed(some)), name.lower()).to_numpy()]
    return at


def only_rows(tables: Tables, top: Top, name: str, ragged: list[RaggedRow]) -> Tables:
    """Drop empty lines and repeated headers; add footnotes to the malformed rows."""
    table = pa.table({column: pa.array([], pa.string()) for column in top.columns})
    rows, again = np.arange(0), 0
    for texts, numbers in tables:
        yield table, rows
        headers = [_alike(texts, line) for line in top.lines]
        again += sum(map(len, headers))
        kept = np.ones(len(texts), dtype=bool)
        kept[np.concatenate([_alike(texts, [""] * texts.num_columns), *headers])] = False
        table, rows = texts if kept.all() else texts.filter(pa.array(kept)), numbers[kept]
    below = _footnotes(table, rows)
    ragged += below
    end = len(table) - len(below)
    yield table.slice(0, end), rows[:end]
    if again:
        print(f"{name}: skipped {again} lines that repeat the header")


def _footnotes(texts: pa.Table, rows: np.ndarray) -> list[RaggedRow]:
    """Footnotes at the end of a table."""
    last = texts.slice(max(len(rows) - MAX_FOOTNOTES, 0))
    end = [*zip(*(trimmed(cells).to_pylist() for cells in last.columns), strict=True)]
    below = count_footnotes(end)
    lines = zip(rows[len(rows) - below :], end[len(end) - below :], strict=True)
    return [RaggedRow(int(row), "".join(cells), 1, len(cells)) for row, cells in lines]
