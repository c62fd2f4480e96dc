"""Rules of thumb: from the cells of a table to the contract they keep."""

import math
import re
import warnings

import numpy as np
import pandas as pd
from pandas.api import types
from pandas.tseries.api import guess_datetime_format

from ...errors import ProjectError
from .cells import FALSE, SIGNS, TRUE, as_numbers, as_text, without_missing
from .schema import Column, Schema, Source

# Words that stand for an empty cell in data of many origins. `None` is not among them: it is
# a class in some.
MISSING = ["#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "-NaN", "-nan", "?"]
# The same among numbers; among words they may mean something.
MISSING_NUMBER = [
    "unknown",
    "Unknown",
    "missing",
    "n.a.",
    "*",
    "-",
    "--",
    "---",
    ".",
    "..",
    "None",
    "none",
    "#DIV/0!",
    "#VALUE!",
    "#NUM!",
]
MAX_CATEGORIES = 20  # more distinct values than this are not listed: any value is allowed
MAX_INTEGER_CLASSES = 5  # an integer target with more distinct values is a quantity
ALMOST_ALL = 0.99  # of the cells, or all but one, have to fit a kind; others are rejected
FEW = 20  # cells, which have to fit all
ID_NAME = re.compile(r"(^|[_\W])(id|ID|Id|key|number|no|index)$|[a-z](ID|Id|Number|No)$")
DATE_NAME = re.compile(r"date|day|time|(^|_)(dt|ts)($|_)", re.IGNORECASE)
# Beside those pandas guesses from a single date.
DATE_FORMATS = [
    "ISO8601",
    "%H:%M",
    "%H:%M:%S",
    "%m/%d/%y %H:%M",
    "%d.%m.%y",
    "%Y-%m-%d %I %M %S %p",
]
MARKS = [(".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'")]


def infer_schema(table: pd.DataFrame, target: str, source: Source, *, whole: bool = True) -> Schema:
    """Guess the contract that the rows of `table` keep.

    Parameters
    ----------
    table
        Raw rows, cells as text or columns with types; the index counts rows.
    target
        The column to predict.
    source
        How the file is written; `decimal`, `thousands` and `missing` are set here from the cells.
    whole
        Whether these are all rows there are, so that what is unique here is unique.

    Raises
    ------
    ProjectError
        When the target is not a column or has no value at all.
    """
    target = find_target(table.columns, target)
    found = {word for name in table for word in table.loc[table[name].isin(MISSING), name]}
    source.missing = ["", *[word for word in MISSING if word in found]]
    table = table.apply(without_missing, words=source.missing)
    if table[target].dropna().empty:
        raise ProjectError(f"the target {target!r} has no value in any row. Choose another.")
    source.decimal, source.thousands = guess_marks(table, source)
    if dashes := _missing_numbers(table, source):
        source.missing += dashes
        table = table.apply(without_missing, words=source.missing)
    columns = {name: guess_column(cells, str(name), source, whole) for name, cells in table.items()}
    columns[target] = _target(table[target].dropna(), columns[target], source)
    task = "regression" if columns[target].kind == "numeric" else "classification"
    counts = as_text(table[target].dropna()).value_counts().sort_index(ascending=False)
    positive = str(counts.idxmin()) if task == "classification" and len(counts) == 2 else ""
    return Schema(target, task, columns, source, positive)


def find_target(names: pd.Index, target: str) -> str:
    """The name of the target, which may be given by position: `#0` is the first, `#-1` the last.

    Raises
    ------
    ProjectError
        Naming the columns there are, when `target` is none of them.
    """
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
    shown = [*map(str, names[:50])] + (["..."] if len(names) > 50 else [])
    raise ProjectError(
        f"the target {target!r} is not a column. The file has: {', '.join(shown)}. "
        "Correct `data.target` in params.yaml; `#0` is the first column, `#-1` the last."
    )


def guess_column(cells: pd.Series, name: str, source: Source, whole: bool) -> Column:
    """The entry of a column, from its cells without the words for an empty one."""
    present = cells.dropna()
    nullable = len(present) < len(cells)
    if present.empty:
        return Column("ignore", description="empty in every row")
    if _is_boolean(present):
        return Column("boolean", nullable)
    if types.is_datetime64_any_dtype(present):
        return Column("datetime", nullable)
    numbers = _numbers(present, source)
    if numbers is not None:
        if DATE_NAME.search(name) and _dates_fit(as_text(present), "%Y%m%d"):
            return Column("datetime", nullable, format="%Y%m%d")
        if not nullable and _counts_rows(numbers, name):
            return Column("identifier", nullable, unique=whole or None)
        return Column("numeric", nullable, range=generous_range(numbers, whole=whole))
    text = as_text(present)
    if form := _date_format(text):
        return Column("datetime", nullable, format=form)
    if _is_prose(text):
        return Column("text", nullable)
    if text.is_unique and not nullable and len(text) > MAX_CATEGORIES:
        return Column("identifier", nullable, unique=whole or None)
    values = sorted(text.unique())
    return Column(
        "category", nullable, categories=values if len(values) <= MAX_CATEGORIES else None
    )


def _target(present: pd.Series, column: Column, source: Source) -> Column:
    """A quantity or a set of classes."""
    numbers = _numbers(present, source)
    if numbers is not None and numbers.nunique() > 2:
        whole = (numbers.dropna() % 1 == 0).all()
        if not whole or numbers.nunique() > MAX_INTEGER_CLASSES:
            return Column("numeric", column.nullable)
    classes = as_text(present).unique()
    if len(classes) > max(MAX_CATEGORIES, len(present) / 2):
        raise ProjectError(
            f"the target {present.name!r} has {len(classes)} different values in {len(present)} rows: too many for "
            "classes, and they are no numbers. Choose another column, or correct its cells."
        )
    return Column("category", column.nullable, categories=sorted(classes))


def guess_marks(table: pd.DataFrame, source: Source) -> tuple[str, str]:
    """Decimal and thousands mark that make numbers of the most columns.

    `28,801` is a decimal number where the comma does not part cells, else thousands.
    """
    marked = [
        cells
        for cells in (table[name].dropna().head(1000) for name in table.columns[:500])
        if types.is_string_dtype(cells) and cells.str.contains(r"\d[,'\s]\d|,\d", regex=True).any()
    ]
    ways = MARKS if source.separator != "," else [MARKS[0], MARKS[2], MARKS[1], *MARKS[3:]]

    def numbers(marks: tuple[str, str]) -> int:
        decimal, thousands = map(re.escape, marks)
        grouped = rf"\d{{1,3}}({thousands}\d{{3}})+|" if thousands else ""
        number = rf"[-+]?({grouped}\d+)?({decimal}\d+)?([eE][-+]?\d+)?"
        return sum(
            cells.str.strip(SIGNS).str.fullmatch(number).mean() >= ALMOST_ALL for cells in marked
        )

    return max(ways, key=numbers)


def _missing_numbers(table: pd.DataFrame, source: Source) -> list[str]:
    """Words for an empty cell that stand in columns of numbers and nowhere else."""
    found: dict[str, bool] = {}
    for name in table:
        cells = table[name]
        if types.is_string_dtype(cells):
            words = set(MISSING_NUMBER) & set(cells.unique())
            if words:
                rest = cells[~cells.isin(MISSING_NUMBER)].dropna()
                among_numbers = len(rest) > 0 and _numbers(rest, source) is not None
                found |= {word: found.get(word, True) and among_numbers for word in words}
    return [word for word in MISSING_NUMBER if found.get(word)]


def _numbers(present: pd.Series, source: Source) -> pd.Series | None:
    """Cells as numbers where nearly all are."""
    if types.is_datetime64_any_dtype(present) or types.is_bool_dtype(present):
        return None
    if types.is_string_dtype(present) and present.str.fullmatch(r"0\d+").any():
        return None  # a code such as a postcode, not a quantity
    numbers = as_numbers(present, source.decimal, source.thousands)
    typed = not types.is_string_dtype(present) and numbers.notna().any()
    return numbers if typed or _nearly_all(numbers.notna()) else None


def _nearly_all(fits: pd.Series) -> bool:
    odd = len(fits) - fits.sum()
    return odd == 0 or (len(fits) >= FEW and odd <= max(1, (1 - ALMOST_ALL) * len(fits)))


def _is_boolean(present: pd.Series) -> bool:
    if types.is_bool_dtype(present):
        return True
    if types.is_numeric_dtype(present) or types.is_datetime64_any_dtype(present):
        return False
    words = set(as_text(present).str.lower().unique())
    return len(words) == 2 and words in [{yes, no} for yes, no in zip(TRUE, FALSE, strict=True)]


def _counts_rows(numbers: pd.Series, name: str) -> bool:
    """Whole numbers, all different, that are called an id or simply count up."""
    if not numbers.is_unique or not (numbers == numbers.round()).all() or len(numbers) < 3:
        return False
    counts_up = numbers.is_monotonic_increasing and numbers.iloc[0] in (0, 1)
    dense = counts_up and numbers.max() <= 2 * len(numbers)
    with_the_rows = np.ptp(numbers.to_numpy() - numbers.index.to_numpy()) == 0
    return bool(ID_NAME.search(name)) or dense or with_the_rows


def generous_range(numbers: pd.Series, *, whole: bool = True) -> list[float]:
    """The range seen, widened by half its width on each side; what is never negative stays so.

    A sample may miss a negative number.
    """
    low, high = float(numbers.min()), float(numbers.max())
    margin = (high - low) / 2 or abs(high) / 2 or 1.0
    digits = -math.floor(math.log10(margin))
    unit = 10.0**digits
    floor = 0.0 if low >= 0 and whole else -math.inf
    lowest = max(math.floor((low - margin) * unit) / unit, floor)
    highest = math.ceil((high + margin) * unit) / unit
    return [round(end, max(digits, 0)) for end in (lowest, highest)]


def _date_format(text: pd.Series) -> str | None:
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # on a day beyond 12
        guesses = [guess_datetime_format(text.iloc[0], dayfirst=first) for first in (False, True)]
    forms = [form for form in (*guesses, *DATE_FORMATS) if form]
    return next((form for form in forms if _dates_fit(text, form)), None)


def _dates_fit(text: pd.Series, form: str) -> bool:
    def fit(cells: pd.Series) -> bool:
        dates = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
        return _nearly_all(dates.notna()) and dates.min().year >= 1000

    return fit(text.head(100)) and fit(text)


def _is_prose(text: pd.Series) -> bool:
    """Mostly different cells of several words each."""
    words = text.str.count(r"\s+") + 1
    return words.mean() >= 3 and text.nunique() > max(MAX_CATEGORIES, len(text) / 2)
