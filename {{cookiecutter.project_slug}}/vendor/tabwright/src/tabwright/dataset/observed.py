"""Profile a file and compare it with the schema."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from ..io.open_file import SAMPLE, open_bytes
from ..io.read import column_names, detect, list_files
from ..io.rows import RaggedRow
from ..io.sample import sample
from ..io.source import Source
from ..project.errors import ProjectError
from ..schema.cells import without_missing
from ..schema.guess import guess_separators
from ..schema.numbers import as_numbers
from ..schema.rules import ProblemCounts, apply_contract
from ..schema.schema import Schema
from .check_rows import Duplicates
from .clean import Clean, read_clean, unchanged

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


@dataclass
class ObservedTable:
    """The profile of a file."""

    source: Source  # its dialect
    table: pd.DataFrame  # its rows, or a sample of them
    rows: int
    ragged: list[RaggedRow] = field(default_factory=list)
    broken: ProblemCounts = field(default_factory=ProblemCounts)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)  # lowest, highest number
    duplicates: dict[str, int] = field(default_factory=dict)  # repeated values

    @property
    def whole(self) -> bool:
        """Whether the table has all rows."""
        return len(self.table) == self.rows


def profile(path: Path, schema: Schema, seed: int, clean: Clean = unchanged) -> ObservedTable:
    """Compare every row of a file with the schema, in constant memory.

    Raises
    ------
    ProjectError
        When it cannot be read, or has no rows.
    """
    ragged: list[RaggedRow] = []
    source = detect_source(path, schema)
    table, rows = sample(read_clean(path, source, clean, schema.known_columns, ragged), seed)
    if not rows:
        raise ProjectError(f"{path}: the table is empty. Add rows below its header.")
    source.decimal, source.thousands = _number_separators(table, schema, source)
    observed = ObservedTable(source, table, rows, ragged)
    again = read_clean(path, source, clean, schema.known_columns)
    validate([table] if observed.whole else again, schema, observed)
    return observed


def validate(batches: Iterable[pd.DataFrame], schema: Schema, observed: ObservedTable) -> None:
    """Count in `observed` the rows that deviate from the schema."""
    there = {name: column for name, column in schema.columns.items() if name in observed.table}
    schema = Schema(schema.target, schema.task, there, observed.source)
    duplicates = Duplicates(schema)
    progress = tqdm(batches, desc="check", unit="batch", delay=2, leave=False, disable=None)
    for batch in progress:
        typed, problems = apply_contract(batch, schema, target=schema.target in there)
        duplicates.add(typed)
        observed.broken.count(problems)
        for name in typed.columns[[there[name].range is not None for name in typed]]:
            low, high = observed.ends.get(name, (float("inf"), float("-inf")))
            observed.ends[name] = (min(low, typed[name].min()), max(high, typed[name].max()))
    observed.duplicates = {name: len(found) for name, found in duplicates.find().items()}


def detect_source(path: Path, schema: Schema) -> Source:
    """The dialect of a file: that of the schema, unless another one finds more of its columns.

    Decimal and thousands separator are those of the schema, unless only one of the two is text.
    """
    agreed, file = schema.source, list_files(path)[0]
    found = replace(detect(file, agreed.sheet, schema.columns), missing=agreed.missing)
    if bool(found.separator) != bool(agreed.separator):
        return found
    encoding = _encoding(file, agreed.encoding, found.encoding)
    found = replace(found, decimal=agreed.decimal, thousands=agreed.thousands)
    ways = [replace(way, encoding=encoding) for way in (agreed, found)]

    def columns_found(way: Source) -> int:
        try:
            return len(schema.columns.keys() & column_names(file, way, schema.known_columns))
        except ProjectError:  # a header that does not fit
            return -1

    return ways[0] if ways[0] == ways[1] else max(ways, key=columns_found)


def _encoding(file: Path, agreed: str, found: str) -> str:
    """That of the schema if possible: ASCII fits any, Latin encodings cannot be distinguished."""
    if {agreed, found} <= {"utf-8", "utf-8-sig"} or not {agreed, found} & set(UNICODE):
        return agreed
    with open_bytes(file) as data:
        plain = data.read(SAMPLE).isascii()
    return agreed if plain and not {agreed, found} & set(UNICODE[2:]) else found


def _number_separators(table: pd.DataFrame, schema: Schema, source: Source) -> tuple[str, str]:
    """Decimal and thousands separators: those of the schema, unless others parse more numbers."""
    names = [
        n for n, column in schema.columns.items() if column.read_as == "numeric" and n in table
    ]
    cells = table[names].apply(without_missing, markers=source.missing)

    def numbers(marks: tuple[str, str]) -> int:
        return int(cells.apply(as_numbers, decimal=marks[0], thousands=marks[1]).count().sum())

    ways = [(source.decimal, source.thousands)]
    return max([*ways, guess_separators(cells, source)], key=numbers) if names else ways[0]
