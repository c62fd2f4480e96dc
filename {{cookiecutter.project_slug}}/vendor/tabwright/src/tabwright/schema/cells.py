"""Convert text cells to missing values, numbers, booleans or dates."""

from typing import Any

import pandas as pd
from pandas.api import types

from ..io.source import Source
from .column import Column
from .dates import as_dates
from .numbers import as_numbers

TRUE = ("true", "yes", "t", "y")
FALSE = ("false", "no", "f", "n")


def typed(cells: pd.Series, column: Column, source: Source) -> pd.Series:
    """Convert cells to the type of the column; NaN where that fails."""
    match column.read_as:
        case "numeric":
            return as_numbers(cells, source.decimal, source.thousands, column.unit)
        case "boolean":
            return as_booleans(cells)
        case "datetime":
            return as_dates(cells, column.format)
        case _:
            return as_text(cells)


def without_missing(cells: pd.Series, markers: list[str]) -> pd.Series:
    """Replace missing-value markers by NaN."""
    if not types.is_string_dtype(cells):
        return cells
    missing = cells == markers[0] if len(markers) == 1 else cells.isin(markers)  # faster
    return cells.mask(missing) if missing.any() else cells


def declared_missing(column: Column, source: Source) -> dict[str, Any]:
    """Missing-value markers that are compared as values, not as text, and their values.

    They are those of the column, and of a numeric one the numbers among those of the file: -200 is
    also -200.0, and -200 in a workbook.
    """
    words = column.missing or []
    if column.read_as == "numeric":
        words = [*words, *(word for word in source.missing if any(map(str.isdigit, word)))]
    if not words:
        return {}
    values = typed(pd.Series(words, words, dtype="str"), column, source)
    return values[values.notna() & ~values.index.duplicated()].to_dict()


def as_text(cells: pd.Series) -> pd.Series:
    """Convert cells to text; whole numbers without a decimal point."""
    if cells.dtype == "str":
        return cells
    if types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")
    return cells.astype("str").where(cells.notna())


def as_booleans(cells: pd.Series) -> pd.Series:
    """Convert cells to true, false or missing."""
    if types.is_bool_dtype(cells):
        return cells.astype("boolean")
    words = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    return as_text(cells).str.lower().map(words).astype("boolean")
