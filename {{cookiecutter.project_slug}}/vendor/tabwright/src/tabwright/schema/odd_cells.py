"""Describe the cells that keep a column from being numbers or dates."""

import pandas as pd

from ..io.source import Source
from .dates import best_format
from .numbers import SAMPLE, as_numbers, find_unit, is_code, look_like_numbers, nearly_all

MAX_ODD = 10  # distinct non-numbers in a numeric column; with more it is text


def describe_non_numbers(present: pd.Series, source: Source) -> str:
    """Describe the few cells that are not numbers in a column of numbers; else an empty string."""
    unit = find_unit(present)
    numbers = as_numbers(present, source.decimal, source.thousands, unit)
    odd = present[numbers.isna()]
    if not 0 < len(odd) <= len(present) / 2 or numbers.nunique() < MAX_ODD or is_code(present):
        return ""
    limits = odd.str.contains("^[<>≤≥~]").all()
    if not (limits or look_like_numbers(odd).all() or odd.nunique() <= MAX_ODD):
        return ""
    share = f"{numbers.count()} of {len(present)} cells"
    return f"{share} are numbers {source.describe_numbers(unit)}, but not {with_rows(odd)}"


def describe_non_dates(present: pd.Series) -> str:
    """Describe the cells that have another format than most in a column of dates; else nothing."""
    form, fits = best_format(present)
    fits &= ~present.str.isdigit()  # 2024 is a date of ISO 8601, and more often a number
    if not form or not len(present) / 2 <= fits.sum() < len(present):
        return ""
    share = f"{fits.sum()} of {len(present)} cells"
    return f"{share} are dates written like {form}, but not {with_rows(present[~fits])}"


def common_word(present: pd.Series) -> str:
    """The word that nearly all cells of several numbers have behind the number, such as kg."""
    present = present.iloc[:: 1 + len(present) // SAMPLE]
    words = present.str.extract(r"^[-+]?\d[\d.,]*\s?([^\W\d_][^\d\s]*)$", expand=False)
    word = words.mode().max() if words.notna().any() else ""
    return str(word) if present.nunique() >= MAX_ODD and nearly_all(words == word) else ""


def with_rows(cells: pd.Series) -> str:
    """List the first few distinct cells with the numbers of their rows."""
    rows = {one: ", ".join(map(str, cells.index[cells == one][:3])) for one in cells.unique()[:3]}
    return ", ".join(f"{cell!r} (row {numbers})" for cell, numbers in rows.items())
