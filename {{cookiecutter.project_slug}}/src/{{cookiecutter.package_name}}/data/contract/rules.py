"""Hold a table against the contract: type its cells, find those that break a rule."""

import difflib
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from ...errors import ProjectError
from .cells import typed, without_missing
from .numbers import are_amounts
from .schema import Column, Schema, Source

ROW, COLUMN, VALUE, RULE = "rejected_row", "rejected_column", "rejected_value", "rejected_rule"
EMPTY = "a value"  # the rule that an empty cell breaks
PROBLEM = {ROW: "int64", COLUMN: "str", VALUE: "str", RULE: "str"}
NO_PROBLEMS = pd.DataFrame(columns=list(PROBLEM)).astype(PROBLEM)


def apply_contract(
    table: pd.DataFrame, schema: Schema, *, target: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the columns of `table` and list what breaks the contract.

    Parameters
    ----------
    table
        Raw rows: text cells, or typed columns from Parquet. Extra columns are left out.
    schema
        The contract.
    target
        Whether the target must be there, and what is no feature, but kept.

    Returns
    -------
    typed : DataFrame
        The columns of the contract, same rows, same index.
    problems : DataFrame
        One line per broken rule: `rejected_row` (from the index of `table`), `rejected_column`,
        `rejected_value` and `rejected_rule`.

    Raises
    ------
    ProjectError
        When columns are missing.
    """
    columns = {
        name: column
        for name, column in schema.columns.items()
        if column.kind != "ignore" and (target or name != schema.target)
    }
    _require(table, columns if target else schema.features)
    result, problems = {}, [NO_PROBLEMS]
    for name, column in columns.items():
        if name in table.columns:
            cells = without_missing(table[name], schema.source.missing)
            result[name] = typed(cells, column, schema.source)
            for bad, rule in broken_rules(
                cells, result[name], column, name == schema.target, schema.source
            ):
                if bad.any():
                    problems.append(problems_in(table[name], np.flatnonzero(bad), rule))
    found = pd.concat(problems, ignore_index=True).sort_values(ROW, kind="stable")
    return pd.DataFrame(result, index=table.index, copy=False), found


def broken_rules(
    cells: pd.Series, values: pd.Series, column: Column, is_target: bool, source: Source
) -> Iterator[tuple[np.ndarray, str]]:
    """Where the cells of a column break each rule, and the rule in words.

    Parameters
    ----------
    cells
        As they came, NaN where they are missing.
    values
        The same with the type of the column's kind, NaN also where they cannot be read.
    is_target
        Rows without a target are not wrong, they wait for a prediction.
    source
        How numbers are written.
    """
    missing, unread = cells.isna().to_numpy(), values.isna().to_numpy()
    odd = unread & ~missing
    if column.kind == "numeric" and odd.any():
        amounts = odd & are_amounts(cells)
        yield amounts, f"{kind_in_words(column)} {source.marks_in_words(column.unit)}"
        odd = odd & ~amounts
    yield odd, kind_in_words(column)
    if not column.nullable and not is_target:
        yield missing, EMPTY
    if column.categories is not None:
        known = values.isin(column.categories).to_numpy()
        yield ~known & ~unread, f"one of {', '.join(column.categories)}"
    if column.range is not None:
        low, high = column.range
        inside = values.between(low, high).to_numpy()
        yield ~inside & ~unread, f"a value from {low:g} to {high:g}"


def problems_in(cells: pd.Series, positions: np.ndarray, rule: str) -> pd.DataFrame:
    """Lines for the cells at some positions of a column, which break a rule."""
    values = cells.iloc[positions].astype("str")
    lines = {ROW: values.index, COLUMN: cells.name, VALUE: values.to_numpy(), RULE: rule}
    return pd.DataFrame(lines).astype(PROBLEM)


def describe(problems: pd.DataFrame, most: int = 5) -> str:
    """One sentence per problem, the first few of each kind; rows count from 1 below the header."""
    lines = []
    for (column, rule), group in problems.groupby([COLUMN, RULE], sort=False):
        where = f"column {column!r}: " if column else ""
        for row, value in zip(group[ROW].head(most), group[VALUE].head(most), strict=True):
            found = "an empty cell" if pd.isna(value) or value == "" else repr(value[:80])
            lines.append(f"  row {row}, {where}{found}, expected {rule}")
        if len(group) > most:
            more = f"  ... and {len(group) - most} more rows like these"
            lines.append(more + (f" in {column!r}" if column else ""))
    return "\n".join(lines)


def _require(table: pd.DataFrame, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        hints = []
        for name in missing:
            close = difflib.get_close_matches(name, table.columns.astype(str), n=1)
            hints.append(f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
        raise ProjectError(
            f"missing from the file: {', '.join(hints[:10])}. It has: "
            f"{', '.join(table.columns.astype(str)[:50])}. Add the columns, or name those you have "
            "in references/schema.yaml."
        )


def kind_in_words(column: Column) -> str:
    """The rule that a cell of another kind breaks."""
    return {
        "numeric": "a number",
        "boolean": "true or false",
        "datetime": f"a date written like {column.format or 'ISO 8601'}",
    }.get(column.kind, "text")
