"""Parse numbers with decimal and thousands separators, units and any minus sign."""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from ..io.source import Source

MIN_FIT = 0.99  # of the cells, or all but one, must fit a type; the others are rejected
MIN_CELLS = 20  # of fewer cells all must fit
SAMPLE = 1000  # cells from which the number format is guessed
EXACT = 2.0**53  # whole numbers beyond it are rounded as floating point numbers
BLANK = "\\s\u00a0\u2007\u2009\u202f"
MINUS = "-\u2212\u2013"
APOSTROPHE = "'\u2019"
CODES = "EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|BRL|MXN|ZAR|KRW"
SIGN = rf"(?:(?:US|CA|AU|NZ|HK|R)?\p{{Sc}}|%|{CODES}|kr\.?|zł|Kč|Ft|Fr\.|Rs\.?)"
# Decimal and thousands separators.
FORMATS = [(".", ""), (".", ","), (",", ""), (",", ".")]
FORMATS += [(".", " "), (",", " "), (".", "'"), (",", "'")]
WRITTEN = {" ": f"[{BLANK}]", "'": f"[{APOSTROPHE}]"}  # variants of a thousands separator
PART = rf"(?:[{BLANK}.,{APOSTROPHE}+{MINUS}()eE\d]|{SIGN})*"
AMOUNT = rf"^{PART}\d{PART}$"
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
BARE = [  # strips whitespace and the unit around a number
    (rf"^[{BLANK}]*([+(]|[{MINUS}])?[{BLANK}]*{SIGN}?[{BLANK}]*", r"\1"),
    (rf"[{BLANK}]*{SIGN}?[{BLANK}]*([{MINUS})])?[{BLANK}]*$", r"\1"),
]
NEGATIVE = [(r"^\((.*)\)$", r"-\1"), (rf"^([^{MINUS}]*)[{MINUS}]$", r"-\1"), (f"^[{MINUS}]", "-")]


def as_numbers(
    cells: pd.Series, decimal: str = ".", thousands: str = "", unit: str | None = None
) -> pd.Series:
    """Convert cells to floats, durations to hours.

    NaN where a cell has other separators, a thousands separator elsewhere than between groups of
    digits, or another unit. With the unit `%`, 12% is 0.12, and 0.12 is itself.
    """
    if types.is_datetime64_any_dtype(cells):
        return pd.Series(np.nan, cells.index)
    if types.is_timedelta64_dtype(cells):
        return cells / pd.Timedelta(hours=1)
    if not types.is_numeric_dtype(cells):
        numbers = _from_text(_as_array(cells), decimal, thousands, unit)
        cells = pd.Series(numbers, cells.index, name=cells.name)
    numbers = cells.astype(float)
    infinite = np.isinf(numbers)
    return numbers.mask(infinite) if infinite.any() else numbers


def _from_text(text: pa.Array, decimal: str, thousands: str, unit: str | None) -> np.ndarray:
    numbers = _parse(_normalize(text, decimal, thousands), unit)
    rest = np.flatnonzero(np.isnan(numbers))
    odd = len(rest) > text.null_count  # some cells are not plain numbers
    rest = rest[look_like_numbers(text.take(rest))] if odd else rest[:0]
    if len(rest):
        amounts = text.take(rest)
        signs = _signs(amounts)
        plain = _parse(_normalize(strip_signs(amounts), decimal, thousands))
        plain = np.where(signs == "%", plain / 100, plain)
        other = signs == "%" if unit is None else (signs != "") & (signs != unit)
        if unit == "%":
            other |= (signs == "") & (np.abs(plain) > 1)
        numbers[rest] = np.where(other, np.nan, plain)
    return numbers


def _as_array(cells: pd.Series) -> pa.Array:
    text = pa.array(cells, pa.large_string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _signs(text: pa.Array) -> np.ndarray:
    """The unit in each cell, or an empty string."""
    found = pc.extract_regex(text, f"(?P<sign>{SIGN})").field("sign")
    return pc.fill_null(found, "").to_numpy(zero_copy_only=False)


def _parse(text: pa.Array, unit: str | None = None) -> np.ndarray:
    """Parse plain numbers; NaN for other cells."""
    try:  # fast if all cells are numbers
        numbers = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        plain = pc.match_substring_regex(text, NUMBER)
        numbers = pc.cast(pc.if_else(plain, text, None), pa.float64())
    found = numbers.to_numpy(zero_copy_only=False)
    return np.where(np.abs(found) > 1, np.nan, found) if unit == "%" else found


def look_like_numbers(cells: pd.Series | pa.Array) -> np.ndarray:
    """Mask of the cells that are numbers in any format."""
    if isinstance(cells, pd.Series):
        if not types.is_string_dtype(cells):
            return np.zeros(len(cells), dtype=bool)
        cells = _as_array(cells)
    found = pc.match_substring_regex(cells, AMOUNT)
    return found.fill_null(False).to_numpy(zero_copy_only=False)


def strip_signs(text: pa.Array) -> pa.Array:
    """Remove units and whitespace from numbers, and normalize the minus."""
    unusual = pc.any(pc.match_substring_regex(text, rf"\)$|[{MINUS}]$|[{MINUS[1:]}]")).as_py()
    for written, plain in [*BARE, *(NEGATIVE if unusual else [])]:
        text = pc.replace_substring_regex(text, written, plain)
    return text


def _normalize(text: pa.Array, decimal: str, thousands: str) -> pa.Array:
    """Remove thousands separators and use a decimal point; null where separators are misplaced."""
    if thousands:
        mark = WRITTEN.get(thousands, re.escape(thousands))
        marked = pc.match_substring_regex(text, mark)
        if pc.any(marked).as_py():
            grouped = pc.match_substring_regex(text, _grouped(mark, decimal))
            replaced = pc.replace_substring_regex if thousands in WRITTEN else pc.replace_substring
            bare = replaced(text, mark if thousands in WRITTEN else thousands, "")
            text = pc.if_else(pc.or_(grouped, pc.invert(marked)), bare, None)
    if decimal != ".":
        pointed = pc.match_substring(text, ".")
        text = pc.if_else(pointed, None, pc.replace_substring(text, decimal, "."))
    return text


def _grouped(mark: str, decimal: str) -> str:
    """A pattern of groups of three digits; with commas also the Indian format (12,34,567)."""
    groups = rf"[1-9]\d{{0,2}}({mark}\d{{3}})+"
    if mark == ",":
        groups += rf"|[1-9]\d?({mark}\d\d)+{mark}\d{{3}}"
    return rf"^[-+]?({groups})({re.escape(decimal)}\d*)?$"


def guess_separators(table: pd.DataFrame, source: Source) -> tuple[str, str]:
    """Guess the decimal and thousands separators with which the most columns are numbers.

    If both fit, a comma is the thousands separator in files delimited by commas, and where three
    digits follow each comma and numbers without one are below 1000; in files delimited by
    semicolons only if there are such numbers.
    """
    columns = [plain_sample(table[name]) for name in table.columns[:500]]
    columns = [cells for cells in columns if len(cells)]
    either = source.separator == "," or any(
        may_be_thousands(cells, ",")
        and (source.separator != ";" or not pc.all(pc.match_substring(cells, ",")).as_py())
        for cells in columns
    )

    def fitting(marks: tuple[str, str]) -> tuple[int, bool, float]:
        fits = [pd.notna(_parse(_normalize(cells, *marks))) for cells in columns]
        usual = marks != ((",", "") if either else (".", ","))
        return sum(map(nearly_all, fits)), usual, sum(float(cells.mean()) for cells in fits)

    return max(FORMATS, key=fitting)


def plain_sample(cells: pd.Series) -> pa.Array:
    """At most `SAMPLE` cells without units, if there are separators in numbers; else none."""
    present = cells.dropna()
    if not types.is_string_dtype(present):
        return pa.array([], pa.string())
    some = _as_array(present.iloc[:: 1 + len(present) // SAMPLE])
    marks = pc.match_substring_regex(some, rf"\d[.,{APOSTROPHE}{BLANK}]\d|[.,]\d")
    return strip_signs(some if pc.any(marks).as_py() else some[:0])


def may_be_thousands(cells: pa.Array, mark: str) -> bool:
    """Whether `mark` always precedes three digits, and numbers without it are below 1000."""
    marked = pc.match_substring(cells, mark)
    grouped = pc.match_substring_regex(cells, rf"^[-+]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}$")
    small = pc.match_substring_regex(cells, r"^[-+]?\d{1,3}$")
    fits = pc.if_else(marked, grouped, small).to_numpy(zero_copy_only=False)
    return bool(pc.any(marked).as_py()) and nearly_all(fits)


def nearly_all(fits: np.ndarray | pd.Series) -> bool:
    """Whether so many cells fit that the others must be errors."""
    odd = len(fits) - fits.sum()
    return bool(odd == 0 or (len(fits) >= MIN_CELLS and odd <= max(1, (1 - MIN_FIT) * len(fits))))


def read_numbers(present: pd.Series, source: Source) -> tuple[pd.Series | None, str | None]:
    """Numbers and their unit, if nearly all cells are numbers and not codes; else None."""
    if types.is_datetime64_any_dtype(present) or types.is_bool_dtype(present):
        return None, None
    if not types.is_string_dtype(present):
        numbers = as_numbers(present)
        return (numbers if numbers.notna().any() else None), None
    if is_code(present):
        return None, None
    sign = find_unit(present)
    for unit in (sign, None) if sign == "%" else (sign,):
        numbers = as_numbers(present, source.decimal, source.thousands, unit)
        if nearly_all(numbers.notna()):
            return numbers, unit
    return None, None


def find_unit(present: pd.Series) -> str | None:
    """The most frequent unit of the cells."""
    text = _as_array(present)
    signs = Counter(_signs(text.filter(pa.array(look_like_numbers(text)))).tolist())
    del signs[""]
    return max(sorted(signs), key=signs.__getitem__, default=None)


def is_code(present: pd.Series) -> bool:
    """Whether digits are codes: with leading zeros, or such as 3E2, which is not how programs write
    numbers (3.0E+2).
    """
    text = _as_array(present)
    if pc.all(pc.match_substring_regex(text, r"^\d+[eE]\d+$")).as_py():
        return True
    led = text.filter(pc.match_substring_regex(text, r"^0\d+$"))
    if not len(led):
        return False
    one_width = pc.count_distinct(pc.utf8_length(text)).as_py() == 1
    return bool(one_width or pc.sum(pc.match_substring_regex(led, "[^0]")).as_py() > 1)
