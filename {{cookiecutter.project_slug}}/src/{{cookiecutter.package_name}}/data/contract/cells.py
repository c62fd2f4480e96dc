"""What the text in a cell means: missing, a number, yes or no, a date."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from .schema import Column, Source

TRUE = ("true", "yes", "t", "y")
SIGNS = "$€£¥% "  # around a number: a column has one of them, or none
FALSE = ("false", "no", "f", "n")


def typed(cells: pd.Series, column: Column, source: Source) -> pd.Series:
    """Cells with the type of the column's kind; NaN where they cannot be read so."""
    match column.kind:
        case "numeric":
            return as_numbers(cells, source.decimal, source.thousands)
        case "boolean":
            return as_booleans(cells)
        case "datetime":
            return as_dates(cells, column.format)
        case _:
            return as_text(cells)


def without_missing(cells: pd.Series, words: list[str]) -> pd.Series:
    """Cells with NaN in place of the words that stand for an empty cell."""
    if not types.is_string_dtype(cells):
        return cells
    missing = cells == words[0] if len(words) == 1 else cells.isin(words)  # faster, and usual
    return cells.mask(missing) if missing.any() else cells


def as_text(cells: pd.Series) -> pd.Series:
    """Cells as text; whole numbers without a decimal point."""
    if cells.dtype == "str":
        return cells
    if types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")
    return cells.astype("str").where(cells.notna())


def as_numbers(cells: pd.Series, decimal: str = ".", thousands: str = "") -> pd.Series:
    """Cells as floating point numbers."""
    if types.is_datetime64_any_dtype(cells):
        return pd.Series(np.nan, cells.index)
    if not types.is_numeric_dtype(cells):
        if thousands:
            mark = r"\s" if thousands == " " else thousands
            cells = cells.str.replace(mark, "", regex=thousands == " ")
        if decimal != ".":
            cells = cells.str.replace(decimal, ".", regex=False)
        try:  # the fast way, where every cell is a plain number
            numbers = pc.cast(pa.array(cells), pa.float64())
            cells = pd.Series(numbers.to_numpy(zero_copy_only=False), cells.index, name=cells.name)
        except pa.ArrowInvalid:
            cells = pd.to_numeric(cells.str.strip(SIGNS), errors="coerce")
    numbers = cells.astype(float)
    infinite = np.isinf(numbers)
    return numbers.mask(infinite) if infinite.any() else numbers


def as_booleans(cells: pd.Series) -> pd.Series:
    """Cells as true, false or missing."""
    if types.is_bool_dtype(cells):
        return cells.astype("boolean")
    truth = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    return as_text(cells).str.lower().map(truth).astype("boolean")


def as_dates(cells: pd.Series, form: str | None) -> pd.Series:
    """Cells as moments in UTC, without a time zone."""
    moments = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    return moments.dt.tz_localize(None).dt.as_unit("us")
