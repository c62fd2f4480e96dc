"""Hold a table against the contract: type its cells, find those that break a rule."""

import difflib
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandas.api import types

from ..errors import ProjectError
from .schema import Column, Schema

TRUE = ("true", "yes", "t", "y")
FALSE = ("false", "no", "f", "n")
PROBLEM_COLUMNS = ["row", "column", "value", "expected"]


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
        Whether the target column must be there.

    Returns
    -------
    typed : DataFrame
        The columns of the contract, same rows, same index.
    problems : DataFrame
        One line per broken rule: `row` (position, 0 is the first), `column`, `value`, `expected`.

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
    _require(table, [*schema.features, *([schema.target] if target else [])])
    typed, unreadable = {}, []
    for name, column in columns.items():
        if name in table.columns:
            cells = without_missing(table[name], schema.source.missing)
            typed[name] = _typed(cells, column, schema.source.decimal)
            bad = np.flatnonzero(typed[name].isna() & cells.notna())
            unreadable.append(_problems(bad, name, table[name], _kind_in_words(column)))
    result = pd.DataFrame(typed, index=table.index)
    broken = _check_rules(result, table, schema, columns)
    problems = pd.concat([*unreadable, broken], ignore_index=True)
    # A cell that cannot be read is also an empty one: the first reason says more.
    return result, problems.drop_duplicates(["row", "column"]).sort_values(["row"], kind="stable")


def describe(problems: pd.DataFrame, most: int = 5) -> str:
    """One sentence per problem, the first few of each kind; rows count from 1 below the header."""
    lines = []
    for (column, expected), group in problems.groupby(["column", "expected"], sort=False):
        for problem in group.head(most).itertuples():
            empty = pd.isna(problem.value) or problem.value == ""
            found = "an empty cell" if empty else repr(problem.value)
            lines.append(
                f"  row {problem.row + 1}, column {column!r}: {found}, expected {expected}"
            )
        if len(group) > most:
            lines.append(f"  ... and {len(group) - most} more rows like these in {column!r}")
    return "\n".join(lines)


def without_missing(cells: pd.Series, words: list[str]) -> pd.Series:
    """Cells with NaN in place of the words that stand for an empty cell."""
    if not types.is_string_dtype(cells):
        return cells
    return cells.mask(cells.str.strip().isin(words))


def as_text(cells: pd.Series) -> pd.Series:
    """Cells as text; whole numbers without a decimal point, surrounding blanks removed."""
    if types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")
    return cells.astype("str").where(cells.notna()).str.strip()


def _typed(cells: pd.Series, column: Column, decimal: str) -> pd.Series:
    match column.kind:
        case "numeric":
            return _numbers(cells, decimal)
        case "boolean":
            if types.is_bool_dtype(cells):
                return cells.astype("boolean")
            words = as_text(cells).str.lower()
            truth = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
            return words.map(truth).astype("boolean")
        case "datetime":
            moments = pd.to_datetime(cells, format=column.format, errors="coerce", utc=True)
            return moments.dt.tz_localize(None).dt.as_unit("us")
        case _:
            return as_text(cells)


def _numbers(cells: pd.Series, decimal: str) -> pd.Series:
    if not types.is_numeric_dtype(cells) and decimal != ".":
        cells = cells.str.replace(decimal, ".", regex=False)
    return pd.to_numeric(cells, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)


def _require(table: pd.DataFrame, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        hints = []
        for name in missing:
            close = difflib.get_close_matches(name, table.columns.astype(str), n=1)
            hints.append(f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
        raise ProjectError(
            f"missing from the file: {', '.join(hints)}. "
            f"It has: {', '.join(table.columns.astype(str))}."
        )


def _check_rules(
    typed: pd.DataFrame, table: pd.DataFrame, schema: Schema, columns: dict[str, Column]
) -> pd.DataFrame:
    """Check nulls, categories and ranges with pandera."""
    rules = pa.DataFrameSchema(
        {name: _rule(columns[name], name == schema.target) for name in typed.columns}
    )
    try:
        rules.validate(typed.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return pd.concat(
            _problems(
                group["index"].to_numpy(dtype=int),
                name,
                table[name],
                _rule_in_words(str(check), columns[name]),
            )
            for (name, check), group in cases.groupby(["column", "check"], sort=False)
        )
    return pd.DataFrame(columns=PROBLEM_COLUMNS)


def _rule(column: Column, is_target: bool) -> pa.Column:
    checks = []
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories))
    if column.range is not None:
        checks.append(pa.Check.in_range(*column.range))
    # Rows without a target are not wrong, they wait for a prediction.
    return pa.Column(nullable=column.nullable or is_target, checks=checks)


def _problems(rows: np.ndarray, name: str, cells: pd.Series, expected: str) -> pd.DataFrame:
    values = cells.iloc[rows].astype(object).to_numpy()
    return pd.DataFrame({"row": rows, "column": name, "value": values, "expected": expected})


def _kind_in_words(column: Column) -> str:
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
    return "a value"
