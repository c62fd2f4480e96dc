"""Infer the schema of a table from its cells."""

import math
import re
from collections import defaultdict
from difflib import get_close_matches
from unicodedata import normalize

import numpy as np
import pandas as pd
from pandas.api import types

from ..io.source import Source
from ..project.errors import ProjectError
from .cells import FALSE, TRUE, as_text, without_missing
from .column import Column
from .dates import NO_DATE, as_dates, guess_format
from .numbers import EXACT, guess_separators, nearly_all, read_numbers
from .odd_cells import describe_non_numbers
from .schema import Schema

# Missing-value markers of many tools. `None` is not among them: it is a class in some.
MISSING = ["#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "-NaN", "-nan", "?"]
# The same among numbers and dates; among words they may mean something. Compared in lowercase.
MISSING_NUMBER = ["unknown", "missing", "none", "null", "(null)", "nil", "nan", "na", "n/a", "n.a."]
MISSING_NUMBER += ["not available", "n.d.", "k.a.", "\\n", "*", ".", "..", "...", "-", "--", "---"]
MISSING_NUMBER += ["\u2013", "\u2014", "#div/0!", "#value!", "#num!", "#ref!", "#name?", "#null!"]
MAX_CATEGORIES = 20  # more distinct values than this are not listed: any value is allowed
MAX_INTEGER_CLASSES = 5  # an integer target with more distinct values is a quantity
ID_NAME = re.compile(r"(^|[_\W])(id|ID|Id|key|number|no|index)$|[a-z](ID|Id|Number|No)$")
DATE_NAME = re.compile(r"date|day|time|(^|_)(dt|ts)($|_)", re.IGNORECASE)
DATE_AS_NUMBER = "%Y%m%d"


def infer_schema(table: pd.DataFrame, target: str, source: Source, *, whole: bool = True) -> Schema:
    """Infer the schema of a table.

    Parameters
    ----------
    table
        Raw rows with text cells or typed columns, indexed by row number.
    source
        The dialect; `decimal`, `thousands` and `missing` are set here from the cells.
    whole
        Whether these are all rows, not a sample: only then are unique columns marked so.

    Raises
    ------
    ProjectError
        When the target is not a column or is empty in every row.
    """
    target = find_target(table.columns, target)
    there = {word for name in table for word in table.loc[table[name].isin(MISSING), name]}
    source.missing = ["", *[word for word in MISSING if word in there]]
    table = table.apply(without_missing, markers=source.missing)
    if table[target].dropna().empty:
        raise ProjectError(f"the target {target!r} is empty in every row. Choose another.")
    source.decimal, source.thousands = guess_separators(table, source)
    found = _missing_markers(table, source)
    source.missing += sorted(word for word, typed in found.items() if all(typed.values()))
    own = {n: sorted(word for word, typed in found.items() if typed.get(n)) for n in table}
    table = table.apply(lambda cells: without_missing(cells, [*source.missing, *own[cells.name]]))
    columns = {name: guess_column(cells, str(name), source, whole) for name, cells in table.items()}
    columns[target] = _target(table[target].dropna(), columns[target], source)
    for name, column in columns.items():
        column.missing = [word for word in own[name] if word not in source.missing] or None
    task = "regression" if columns[target].type == "numeric" else "classification"
    counts = as_text(table[target].dropna()).value_counts().sort_index(ascending=False)
    positive = str(counts.idxmin()) if task == "classification" and len(counts) == 2 else ""
    return Schema(target, task, columns, source, positive)


def find_target(names: pd.Index, target: str) -> str:
    """Resolve the target, a name or a position: `#0` is the first column, `#-1` the last.

    Raises
    ------
    ProjectError
        When `target` is not a column; the message lists the columns.
    """
    target = normalize("NFC", target)
    if target in names:
        if f"{target}.1" in names:
            raise ProjectError(
                f"several columns are named {target!r}. Give the position of the target in "
                f"params.yaml, such as `data.target: '#{list(names).index(target)}'`."
            )
        return target
    position = re.fullmatch(r"#?(-?\d+)", target)
    if position and -len(names) <= int(position[1]) < len(names):
        return str(names[int(position[1])])
    shown = [*map(str, names)]
    by_case = {name.lower(): name for name in shown}
    close = [by_case[key] for key in get_close_matches(target.lower(), by_case, cutoff=0.5)]
    shown = close + [name for name in shown if name not in close]
    shown[25:-25] = ["..."] if len(shown) > 50 else shown[25:-25]
    raise ProjectError(
        f"the target {target!r} is not a column. The file has: {', '.join(shown)}. "
        "Correct `data.target` in params.yaml; `#0` is the first column, `#-1` the last."
    )


def guess_column(cells: pd.Series, name: str, source: Source, whole: bool) -> Column:
    """Infer the entry of a column from its cells, NaN where they are missing."""
    present = cells.dropna()
    nullable = len(present) < len(cells)
    identifier = Column("text", nullable, role="identifier", unique=whole or None)
    if present.empty:
        return Column("text", role="ignore", description="empty in every row")
    if _is_boolean(present):
        return Column("boolean", nullable)
    if types.is_datetime64_any_dtype(present):
        return Column("datetime", nullable)
    numbers, unit = read_numbers(present, source)
    if numbers is not None:
        if DATE_NAME.search(name) and nearly_all(
            as_dates(as_text(present), DATE_AS_NUMBER).notna()
        ):
            return Column("datetime", nullable, format=DATE_AS_NUMBER)
        if _too_long(present, numbers) or (not nullable and _counts_rows(numbers, name)):
            return identifier
        hours = "hours" if types.is_timedelta64_dtype(present) else ""
        ends = generous_range(numbers, whole=whole)
        return Column("numeric", nullable, range=ends, unit=unit, description=hours)
    text = as_text(present)
    # Programs write semicolons where the comma is decimal, and the day comes first.
    if form := guess_format(text, day_first=source.decimal == "," or source.separator == ";"):
        return Column("datetime", nullable, format=form)
    if _is_prose(text):
        return Column("text", nullable)
    if text.is_unique and not nullable and len(text) > MAX_CATEGORIES:
        return identifier
    listed = sorted(text.unique()) if text.nunique() <= MAX_CATEGORIES else None
    return Column("category", nullable, categories=listed)


def _target(present: pd.Series, column: Column, source: Source) -> Column:
    """Infer the entry of the target: numeric or a category."""
    numbers, unit = read_numbers(present, source)
    if numbers is not None and numbers.nunique() > 2:
        whole = (numbers.dropna() % 1 == 0).all()
        if not whole or numbers.nunique() > MAX_INTEGER_CLASSES:
            return Column("numeric", column.nullable, unit=unit, description=column.description)
    classes = as_text(present).unique()
    if len(classes) > max(MAX_CATEGORIES, len(present) / 2):
        odd = describe_non_numbers(present, source)
        raise ProjectError(
            f"the target {present.name!r} has {len(classes)} distinct values in {len(present)} rows: too many for "
            f"classes, and {odd or 'they are not numbers'}. Choose another column, or correct its cells."
        )
    return Column("category", column.nullable, categories=sorted(classes))


def _missing_markers(table: pd.DataFrame, source: Source) -> dict[str, dict[str, bool]]:
    """Missing-value markers, the columns they occur in, and whether the rest is numbers or dates."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, cells in table.items():
        if types.is_string_dtype(cells):
            values = pd.Index(cells.dropna().unique())
            known = values.str.lower().isin(MISSING_NUMBER) | values.str.fullmatch(NO_DATE)
            if len(words := values[known]):
                rest = cells[~cells.isin(words)].dropna()
                typed = len(rest) > 0 and (
                    read_numbers(rest, source)[0] is not None or guess_format(rest) is not None
                )
                for word in words:
                    found[word][str(name)] = typed
    return found


def _is_boolean(present: pd.Series) -> bool:
    if types.is_bool_dtype(present):
        return True
    if not types.is_string_dtype(present):
        return False
    words = set(present.str.lower().unique())
    return words in [{yes, no} for yes, no in zip(TRUE, FALSE, strict=True)]


def _too_long(present: pd.Series, numbers: pd.Series) -> bool:
    """Whether cells are distinct integers beyond the precision of floats."""
    if types.is_float_dtype(present) or not numbers.abs().max() > EXACT:
        return False
    digits = not types.is_string_dtype(present) or present.str.fullmatch(r"-?\d+").all()
    return bool(digits) and present.is_unique


def _counts_rows(numbers: pd.Series, name: str) -> bool:
    """Whether distinct integers are named like an id or count the rows."""
    if not numbers.is_unique or not (numbers == numbers.round()).all() or len(numbers) < 3:
        return False
    counts_up = numbers.is_monotonic_increasing and numbers.iloc[0] in (0, 1)
    dense = counts_up and numbers.max() <= 2 * len(numbers)
    with_the_rows = np.ptp(numbers.to_numpy() - numbers.index.to_numpy()) == 0
    return bool(ID_NAME.search(name)) or dense or with_the_rows


def generous_range(numbers: pd.Series, *, whole: bool = True) -> list[float]:
    """The observed range extended by half its width on each side, but not below zero.

    In a sample (`whole` is false) it may extend below zero: negative numbers may be missing there.
    """
    low, high = float(numbers.min()), float(numbers.max())
    margin = (high - low) / 2 or abs(high) / 2 or 1.0
    digits = -math.floor(math.log10(margin))
    unit = 10.0**digits
    floor = 0.0 if low >= 0 and whole else -math.inf
    lowest = max(math.floor((low - margin) * unit) / unit, floor)
    highest = math.ceil((high + margin) * unit) / unit
    return [round(end, max(digits, 0)) for end in (lowest, highest)]


def _is_prose(text: pd.Series) -> bool:
    """Whether cells are mostly distinct and of several words."""
    words = text.str.count(r"\s+") + 1
    return words.mean() >= 3 and text.nunique() > max(MAX_CATEGORIES, len(text) / 2)
