"""Validate a table against the schema: type its cells, find those that break a rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import pandas as pd

from ..io.source import Source
from ..project.errors import ProjectError
from .cells import declared_missing, typed, without_missing
from .column import Column
from .numbers import look_like_numbers
from .schema import Schema

ROW, COLUMN, VALUE, RULE = "rejected_row", "rejected_column", "rejected_value", "rejected_rule"
REJECTS = "rejects"  # whether the row is rejected, else it is kept and flagged
EMPTY, EMPTY_CELL = "a value", "an empty cell"  # the rule, and the cell that breaks it
ONE_OF, FROM = "one of ", "a value from "
LEFT_OUT = "a row that clean() keeps"
NOTES = {FROM: "{} {} is outside {}", ONE_OF: "{} {!r} is new", EMPTY: "{} is empty"}
NOTES[LEFT_OUT] = "left out by clean()"
PROBLEM = {ROW: "int64", COLUMN: "str", VALUE: "str", RULE: "str", REJECTS: "bool"}
NO_PROBLEMS = pd.DataFrame(columns=list(PROBLEM)).astype(PROBLEM)
MAX_SHOWN = 5  # rows that break the same rule, or values
MAX_VALUES = 1000  # distinct values kept for each rule
MAX_NUMBER = 1e30  # models in single precision fail on much larger numbers


def apply_contract(
    table: pd.DataFrame, schema: Schema, *, target: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the columns of `table` and list the cells that break a rule.

    Parameters
    ----------
    table
        Raw rows: text cells, or typed columns from Parquet. Additional columns are dropped.
    target
        Whether the target and other columns that are not features are required.

    Returns
    -------
    typed : DataFrame
        The columns of the schema, with the same rows and index.
    problems : DataFrame
        One line per broken rule: `rejected_row` (from the index of `table`), `rejected_column`,
        `rejected_value`, `rejected_rule`, and whether it `rejects` the row. An inferred rule does
        not: the row is kept and flagged.

    Raises
    ------
    ProjectError
        When columns are missing.
    """
    columns = {
        name: column
        for name, column in schema.columns.items()
        if column.kept and (target or name != schema.target)
    }
    _require(table, columns if target else schema.features)
    result, problems = {}, [NO_PROBLEMS]
    for name in filter(table.columns.__contains__, columns):
        result[name], found = _apply_to_column(table[name], schema)
        problems += found
    listed = pd.concat(problems, ignore_index=True).sort_values(ROW, kind="stable")
    return pd.DataFrame(result, index=table.index, copy=False), listed


def _apply_to_column(raw: pd.Series, schema: Schema) -> tuple[pd.Series, list[pd.DataFrame]]:
    """Type the cells of a column, and list those that break its rules."""
    column, source = schema.columns[str(raw.name)], schema.source
    declared = declared_missing(column, source)
    words = [*source.missing, *(column.missing or [])]
    cells = without_missing(raw, [word for word in words if word not in declared])
    values = typed(cells, column, source)
    if declared and (found := values.isin(declared.values())).any():
        cells, values = cells.mask(found), values.mask(found)
        column = replace(column, nullable=True)  # as they say
    shown = values if column.read_as == "category" else raw
    rules = broken_rules(cells, values, column, raw.name == schema.target, source)
    return values, [
        problems_in(shown, np.flatnonzero(bad), rule, rejects)
        for bad, rule, rejects in rules
        if bad.any()
    ]


def broken_rules(
    cells: pd.Series, values: pd.Series, column: Column, is_target: bool, source: Source
) -> Iterator[tuple[np.ndarray, str, bool]]:
    """Yield a mask of the cells that break a rule, the rule in words, and whether it rejects.

    Parameters
    ----------
    cells
        Untyped cells, NaN where they are missing.
    values
        Typed cells, NaN also where they cannot be converted.
    is_target
        Whether the column is the target, which may be missing: such rows are predicted.
    source
        The dialect, for the number format.
    """
    missing = cells.isna().to_numpy()
    unread = missing if values is cells else values.isna().to_numpy()
    odd = unread & ~missing
    if odd.any():
        if column.read_as == "numeric":
            amounts = odd & look_like_numbers(cells)
            marks = source.describe_numbers(column.unit)
            yield amounts, f"{type_in_words(column)} {marks}", True
            odd &= ~amounts
        yield odd, type_in_words(column), True
    if not column.nullable and not is_target:
        yield missing, EMPTY, column.strict
    if column.role:  # what a feature may hold does not count
        return
    if column.categories is not None:
        new = ~values.isin(column.categories).to_numpy() & ~unread
        # A class that the models do not know can be neither trained on nor scored.
        hint = " (`make schema UPDATE=1` adds a class)" if is_target else ""
        yield new, f"{ONE_OF}{', '.join(column.categories)}{hint}", column.strict or is_target
    if column.range is not None:
        (low, high), numbers = column.range, values.to_numpy()
        outside = (numbers < low) | (numbers > high)  # NaN is neither
        if outside.any():
            far = outside & (np.abs(numbers) > MAX_NUMBER)
            for bad, rejects in ((outside & ~far, column.strict), (far, True)):
                yield bad, f"{FROM}{low:g} to {high:g}", rejects


def problems_in(cells: pd.Series, positions: np.ndarray, rule: str, rejects: bool) -> pd.DataFrame:
    """A table of problems: a line for each cell at `positions`, which break a rule."""
    values = cells.iloc[positions].astype("str")
    if cells.dtype.kind == "f":  # a whole number, as text has it
        values = values.str.removesuffix(".0")
    lines = {ROW: values.index, COLUMN: cells.name, VALUE: values.to_numpy(), RULE: rule}
    return pd.DataFrame({**lines, REJECTS: rejects}).astype(PROBLEM)


def rejected_by(problems: pd.DataFrame) -> pd.DataFrame:
    """The problems that reject their row."""
    return problems[problems[REJECTS]]


def notes(problems: pd.DataFrame) -> dict[int, str]:
    """A note on each row with problems, by row number."""
    found: dict[int, str] = {}
    for row, column, value, rule, _ in problems.itertuples(index=False, name=None):
        start = next((start for start in NOTES if rule.startswith(start)), "")
        unreadable = "{}: {!r} is not {}" if column else "{0}expected {2}: {1!r}"
        text = value[:80] if isinstance(value, str) else ""
        note = NOTES.get(start, unreadable).format(column, text, rule.removeprefix(start))
        found[row] = f"{found[row]}; {note}" if row in found else note
    return found


def describe(problems: pd.DataFrame) -> str:
    """Describe problems, one per line, the first few of each rule."""
    lines = []
    for (column, rule), group in problems.groupby([COLUMN, RULE], sort=False):
        where = f"column {column!r}: " if column else ""
        for row, value in group[[ROW, VALUE]].head(MAX_SHOWN).itertuples(index=False):
            found = EMPTY_CELL if pd.isna(value) or value == "" else repr(value[:80])
            lines.append(f"  row {row}, {where}{found}, expected {rule}")
        if len(group) > MAX_SHOWN:
            more = f"  ... and {len(group) - MAX_SHOWN} more rows like these"
            lines.append(more + (f" in {column!r}" if column else ""))
    return "\n".join(lines)


def _require(table: pd.DataFrame, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        there = table.columns.astype(str)
        raise ProjectError(
            f"missing from the file: {', '.join(did_you_mean(name, there) for name in missing[:10])}. "
            f"After clean() it has: {', '.join(there[:50])}. Add the columns, or name those you have "
            "in references/schema.yaml."
        )


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The name, and the most similar existing one, if any."""
    close = get_close_matches(name, [*names], n=1)
    return f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else "")


def type_in_words(column: Column) -> str:
    """The rule of a column's type."""
    return {
        "numeric": "a number",
        "boolean": "true or false",
        "datetime": f"a date written like {column.format or 'ISO 8601'}",
    }.get(column.read_as, "text")


@dataclass
class ProblemCounts:
    """Counts by column and broken rule, in constant memory."""

    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    words: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, problems: pd.DataFrame) -> None:
        """Add the problems of further rows."""
        for key, lines in problems.groupby([COLUMN, RULE], sort=False):
            self.cells[key] += len(lines)
            words = self.words[key] + Counter(lines[VALUE].dropna().tolist())
            self.words[key] = Counter(dict(words.most_common(MAX_VALUES)))


def most_common(values: Mapping[str, int]) -> str:
    """List the most frequent values with their counts."""
    often = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:MAX_SHOWN]
    most = [f"{value[:80]!r} ({count})" for value, count in often]
    if len(values) == 1:
        return most[0].rpartition(" ")[0]
    return ", ".join(most) + (", ..." if len(values) > MAX_SHOWN else "")


def in_rows(number: int) -> str:
    """A number with its unit."""
    return "1 row" if number == 1 else f"{number} rows"
