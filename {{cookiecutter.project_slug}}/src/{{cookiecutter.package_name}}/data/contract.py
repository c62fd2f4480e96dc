"""Hold a table against the contract: type its cells, find those that break a rule."""

import difflib
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pandera.pandas as pa

from ..errors import ProjectError
from .cells import typed, without_missing
from .schema import Column, Schema

ROW, COLUMN, VALUE, RULE = "rejected_row", "rejected_column", "rejected_value", "rejected_rule"
EMPTY = "a value"  # the rule that an empty cell breaks
PROBLEM = {ROW: "int64", COLUMN: "str", VALUE: "str", RULE: "str"}


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
    result, unreadable = {}, []
    for name, column in columns.items():
        if name in table.columns:
            cells = without_missing(table[name], schema.source.missing)
            result[name] = typed(cells, column, schema.source)
            bad = np.flatnonzero(result[name].isna() & cells.notna())
            unreadable.append(problems_in(table[name], bad, kind_in_words(column)))
    typed_table = pd.DataFrame(result, index=table.index)
    broken = _check_rules(typed_table, table, schema, columns)
    problems = pd.concat([*unreadable, broken], ignore_index=True).astype(PROBLEM)
    # A cell that cannot be read is also an empty one: the first reason says more.
    problems = problems.drop_duplicates([ROW, COLUMN]).sort_values(ROW, kind="stable")
    return typed_table, problems


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


def _check_rules(
    typed_table: pd.DataFrame, table: pd.DataFrame, schema: Schema, columns: dict[str, Column]
) -> pd.DataFrame:
    """Check nulls, categories and ranges with pandera."""
    rules = pa.DataFrameSchema(
        {name: _rule(columns[name], name == schema.target) for name in typed_table.columns}
    )
    try:
        rules.validate(typed_table.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return pd.concat(
            problems_in(
                table[name],
                group["index"].to_numpy(dtype=int),
                _rule_in_words(str(check), columns[name]),
            )
            for (name, check), group in cases.groupby(["column", "check"], sort=False)
        )
    return pd.DataFrame(columns=list(PROBLEM))


def _rule(column: Column, is_target: bool) -> pa.Column:
    checks = []
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories))
    if column.range is not None:
        checks.append(pa.Check.in_range(*column.range))
    # Rows without a target are not wrong, they wait for a prediction.
    return pa.Column(nullable=column.nullable or is_target, checks=checks)


def kind_in_words(column: Column) -> str:
    """The rule that a cell of another kind breaks."""
    return {
        "numeric": "a number",
        "boolean": "true or false",
        "datetime": f"a date written like {column.format or 'ISO 8601'}",
    }.get(column.kind, "text")


def _rule_in_words(check: str, column: Column) -> str:
    if check.startswith("isin"):
        return f"one of {', '.join(map(str, column.categories or []))}"
    if check.startswith("in_range") and column.range:
        return f"a value from {column.range[0]:g} to {column.range[1]:g}"
    return EMPTY
