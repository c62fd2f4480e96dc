"""Rows of data/interim/rejected.parquet: broken rules, with the cells of the row."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..io.parquet import parquet_batches, parquet_file
from ..io.rows import RaggedRow
from ..project.settings import DataParams
from ..schema.rules import PROBLEM, REJECTS, ROW, problems_in, rejected_by
from ..schema.schema import Schema

WHOLE_ROW = ""  # the column of a rule about the row


def with_cells(problems: pd.DataFrame, batch: pd.DataFrame) -> pd.DataFrame:
    """Add the cells of their rows, as text, to problems that reject; none for rows not in `batch`."""
    problems = rejected_by(problems).drop(columns=REJECTS)
    cells = batch.rename(columns=lambda name: f"{name}.raw" if name in PROBLEM else name)
    cells = cells.reindex(problems[ROW]).set_axis(problems.index).astype("str")
    return pd.concat([problems, cells], axis=1)


def ragged_lines(rows: list[RaggedRow]) -> pd.DataFrame:
    """Problems of malformed rows; the value is the text of the row."""
    lines = [(row.row, WHOLE_ROW, row.text, row.rule, True) for row in rows]
    return pd.DataFrame(lines, columns=list(PROBLEM)).astype(PROBLEM)


class Duplicates:
    """Find repeated values of unique columns, and repeated rows.

    Only hashes and row numbers are kept, of 8 bytes each.
    """

    def __init__(self, schema: Schema, params: DataParams | None = None) -> None:
        unique = [n for n, column in schema.columns.items() if column.unique and column.kept]
        self.hashes: dict[str, list[np.ndarray]] = {name: [] for name in unique}
        self.strict = {name: schema.columns[name].strict for name in unique}
        if params and params.duplicates == "reject":
            self.hashes[WHOLE_ROW] = []
        self.rows: list[np.ndarray] = []

    def add(self, rows: pd.DataFrame) -> None:
        """Add the next clean rows."""
        if self.hashes:
            self.rows.append(rows.index.to_numpy())
        for name, hashes in self.hashes.items():
            cells = rows if name == WHOLE_ROW else rows[name]
            hashes.append(pd.util.hash_pandas_object(cells, index=False).to_numpy())

    def find(self) -> bool:
        """Find duplicates among all rows; tell whether there are any."""
        self.positions = {name: _repeated(np.concatenate(h)) for name, h in self.hashes.items()}
        self.hashes.clear()
        return any(map(len, self.positions.values()))

    def remove(self, clean: Path) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Rewrite the clean rows without duplicates that reject; yield problems and cells."""
        numbers = np.concatenate(self.rows)
        start = 0
        with parquet_file(clean) as write:
            for batch in parquet_batches(clean):
                positions = start + np.arange(len(batch))
                start += len(batch)
                batch.index = numbers[positions]
                problems = []
                for name, repeated in self.positions.items():
                    here = np.flatnonzero(np.isin(positions, repeated))
                    if name == WHOLE_ROW:
                        cells = pd.Series("", batch.index, name=WHOLE_ROW)
                        problems.append(problems_in(cells, here, "a row of its own", True))
                    else:
                        rule = "a value of its own", self.strict[name]
                        problems.append(problems_in(batch[name], here, *rule))
                broken = pd.concat(problems, ignore_index=True)
                write(batch.drop(index=rejected_by(broken)[ROW].unique()))
                yield broken, batch


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """Positions of repeated hashes; in parts, because a hash table needs several times the memory."""
    parts = (np.flatnonzero(hashes % 16 == part) for part in range(16))
    return np.concatenate([part[pd.Series(hashes[part]).duplicated()] for part in parts])
