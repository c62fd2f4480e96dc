"""Type every row, and separate the valid ones from those that the schema rejects.

Rows are processed in batches: the table need not fit into memory.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..io.parquet import parquet_batches, parquet_file
from ..io.read import read_batches
from ..io.rows import RaggedRow
from ..project.errors import ProjectError
from ..project.files import replacing
from ..project.project import Project
from ..project.settings import DataParams
from ..schema.rules import (
    COLUMN,
    PROBLEM,
    REJECTS,
    ROW,
    RULE,
    VALUE,
    ProblemCounts,
    apply_contract,
    describe,
    problems_in,
    rejected_by,
)
from ..schema.schema import Schema
from .clean import Clean, clean_rows, unchanged

WHOLE_ROW = ""  # the column of a rule about the row


@dataclass
class CheckedRows:
    """The result of checking a file.

    Attributes
    ----------
    clean_file
        The valid rows, typed.
    rows, left_out, rejected : int
        The number of rows, of those that `clean` left out, and of those that the schema rejects.
    flagged
        Deviations from the schema in rows that are kept.
    problems : DataFrame
        A line for each rule that a rejected row breaks.
    """

    clean_file: Path
    rows: int = 0
    left_out: int = 0
    rejected: int = 0
    flagged: ProblemCounts = field(default_factory=ProblemCounts)
    problems: pd.DataFrame = field(default_factory=pd.DataFrame)


@contextmanager
def check_rows(project: Project, schema: Schema, clean: Clean = unchanged) -> Iterator[CheckedRows]:
    """Write the typed rows of the raw file, and those that are rejected, into `data/interim`.

    The files are replaced when the block succeeds. A rejected row has a line for each broken rule, with
    `rejected_row` (1 is the first below the header), `rejected_column`, `rejected_value`,
    `rejected_rule` and its cells.

    Raises
    ------
    ProjectError
        When more than `data.max_rejected` of the rows are rejected, which are written nevertheless.
    """
    limit = project.params.data.max_rejected
    with (
        replacing(project.clean_file) as clean_file,
        replacing(project.rejected_file) as rejected_file,
    ):
        checked = CheckedRows(clean_file)
        with parquet_file(rejected_file) as write:
            _check(project, schema, clean, checked, write)
        checked.problems = pd.read_parquet(rejected_file, columns=[ROW, COLUMN, VALUE, RULE])
        if checked.rejected > limit * checked.rows:
            rejected_file.replace(project.rejected_file)  # for inspection
            raise ProjectError(
                f"{checked.rejected} of {checked.rows} rows break references/schema.yaml, more than "
                f"data.max_rejected ({limit:.0%}) allows:\n{describe(checked.problems)}\n"
                "All of them are in data/interim/rejected.parquet; `make schema` compares the file. "
                "Correct the data or the schema, or raise data.max_rejected in params.yaml."
            )
        yield checked


def _check(
    project: Project,
    schema: Schema,
    clean: Clean,
    checked: CheckedRows,
    write_rejected: Callable[[pd.DataFrame], None],
) -> None:
    """Write the valid rows, typed, and the problems of the others."""

    def reject(problems: pd.DataFrame, batch: pd.DataFrame) -> np.ndarray:
        """Count problems, write those that reject, with the cells in `batch`; return their rows."""
        lines = rejected_by(problems).drop(columns=REJECTS)
        bad = lines[ROW].unique()
        checked.rejected += len(bad)
        checked.flagged.count(problems[~problems[ROW].isin(bad)])
        if len(bad) or not checked.rows:  # the first table defines the columns
            cells = batch.rename(columns=lambda name: f"{name}.raw" if name in PROBLEM else name)
            cells = cells.reindex(lines[ROW]).set_axis(lines.index).astype("str")
            write_rejected(pd.concat([lines, cells], axis=1))
        return bad

    ragged, duplicates = list[RaggedRow](), Duplicates(schema, project.params.data)
    batches = read_batches(project.raw_file, schema.source, ragged, schema.known_columns)
    with parquet_file(checked.clean_file) as write:
        for read in tqdm(batches, "check", unit="batch", delay=2, leave=False, disable=None):
            batch = clean_rows(read, clean)
            typed, problems = apply_contract(batch, schema)
            kept = typed.drop(index=reject(problems, batch))
            duplicates.add(kept)
            write(kept)
            checked.rows += len(read)
            checked.left_out += len(read) - len(batch)
    reject(whole_rows((row.row, row.text, row.rule) for row in ragged), batch)
    checked.rows += len(ragged)
    for problems, cells in duplicates.remove(checked.clean_file):
        reject(problems, cells)


def whole_rows(found: Iterable[tuple[int, str, str]]) -> pd.DataFrame:
    """Problems that concern no column: of each row its number, its text, and the rule it breaks."""
    lines = [(row, WHOLE_ROW, text, rule, True) for row, text, rule in found]
    return pd.DataFrame(lines, columns=list(PROBLEM)).astype(PROBLEM)


class Duplicates:
    """Find repeated values of unique columns, and repeated rows.

    Only hashes and row numbers are kept, of 8 bytes each.
    """

    def __init__(self, schema: Schema, params: DataParams | None = None) -> None:
        columns = schema.columns.items()
        self.rejects = {
            name: entry.strict for name, entry in columns if entry.unique and entry.kept
        }
        if params and params.duplicates == "reject":
            self.rejects[WHOLE_ROW] = True
        self.hashes: dict[str, list[np.ndarray]] = {name: [] for name in self.rejects}
        self.rows: list[np.ndarray] = []

    def add(self, rows: pd.DataFrame) -> None:
        """Add the next clean rows."""
        if self.hashes:
            self.rows.append(rows.index.to_numpy())
        for name, hashes in self.hashes.items():
            cells = rows if name == WHOLE_ROW else rows[name]
            hashes.append(pd.util.hash_pandas_object(cells, index=False).to_numpy())

    def find(self) -> dict[str, np.ndarray]:
        """The positions of repeated values among all rows, by column."""
        found = {name: _repeated(np.concatenate(parts)) for name, parts in self.hashes.items()}
        self.hashes.clear()  # they take eight bytes a row
        return found

    def remove(self, clean: Path) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Rewrite the clean rows without duplicates that reject; yield problems and cells."""
        found = self.find()
        if not any(map(len, found.values())):
            return
        numbers = np.concatenate(self.rows)
        with parquet_file(clean) as write:
            for batch in parquet_batches(clean):
                here = {name: batch.index.isin(positions) for name, positions in found.items()}
                batch.index = numbers[batch.index]
                problems = []
                for name, repeated in here.items():
                    row = name == WHOLE_ROW
                    cells = pd.Series("", batch.index, name=name) if row else batch[name]
                    rule = f"a {'row' if row else 'value'} of its own"
                    positions = np.flatnonzero(repeated)
                    problems.append(problems_in(cells, positions, rule, self.rejects[name]))
                broken = pd.concat(problems, ignore_index=True)
                write(batch.drop(index=rejected_by(broken)[ROW].unique()))
                yield broken, batch


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """Positions of repeated hashes; in parts, because a hash table needs more memory."""
    parts = (np.flatnonzero(hashes % 16 == part) for part in range(16))
    return np.concatenate([part[pd.Series(hashes[part]).duplicated()] for part in parts])
