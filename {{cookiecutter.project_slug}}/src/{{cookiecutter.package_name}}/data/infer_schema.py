"""Write the data contract from the raw file, once; leave it alone when it exists."""

import math
import re

import numpy as np
import pandas as pd
from pandas.api import types
from pandas.tseries.api import guess_datetime_format

from ..config import ROOT, SCHEMA, load_params
from ..errors import ProjectError, explained
from .contract import FALSE, TRUE, as_text, without_missing
from .read import read_table, sniff
from .schema import Column, Schema, Source, load_schema, save_schema

# Words that stand for an empty cell in data of many origins. `None` is not among them: it is
# a class in some.
MISSING = ["#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "-NaN", "-nan", "?"]
MAX_CATEGORIES = 20  # more distinct values than this are not listed: any value is allowed
MAX_INTEGER_CLASSES = 5  # an integer target with more distinct values is a quantity
ID_NAME = re.compile(r"(^|[_\W])(id|ID|Id|key|number|no|index)$|[a-z](ID|Id|Number|No)$")
DECIMAL_COMMA = r"\s*[-+]?\d+(,\d+)?\s*"


def main() -> None:
    params = load_params().data
    if SCHEMA.exists():
        schema = load_schema()
        if schema.target != params.target:
            raise ProjectError(
                f"the target is {params.target!r} in params.yaml and {schema.target!r} in "
                "references/schema.yaml: change one, or delete the schema to infer a new one."
            )
        print("references/schema.yaml is there and is left as it is")
        return
    path = ROOT / params.raw
    source = Source() if path.suffix == ".parquet" else sniff(path) if path.is_file() else None
    table = read_table(path, source)
    schema = infer_schema(table, params.target, source or Source())
    save_schema(schema)
    print(f"wrote references/schema.yaml: {summary(schema)}")


def summary(schema: Schema) -> str:
    """What was guessed and is worth a look, a line each."""
    kinds = pd.Series([column.kind for column in schema.columns.values()]).value_counts()
    features = schema.features
    notes = {
        "no feature": [name for name in schema.columns if name not in {*features, schema.target}],
        "dates read": [f"{name} as {features[name].format}" for name in schema.names("datetime")],
        "read as an empty cell": schema.source.missing[1:],
    }
    lines = [
        f"{schema.task} of {schema.target!r}",
        f"{', '.join(f'{count} {kind}' for kind, count in kinds.items())} columns",
        *[f"{what}: {', '.join(names)}" for what, names in notes.items() if names],
    ]
    return "\n  ".join(lines)


def infer_schema(table: pd.DataFrame, target: str, source: Source) -> Schema:
    """Guess the contract that the rows of `table` keep.

    Parameters
    ----------
    table
        The raw table, cells as text or columns with types.
    target
        The column to predict.
    source
        How the file is written; `decimal` and `missing` are set here from what the cells hold.

    Raises
    ------
    ProjectError
        When the target is not a column or has no value at all.
    """
    require_target(table, target)
    source.missing = ["", *[word for word in MISSING if table.isin([word]).to_numpy().any()]]
    table = table.apply(without_missing, words=source.missing)
    if table[target].dropna().empty:
        raise ProjectError(f"the target {target!r} has no value in any row.")
    source.decimal = _decimal(table, source)
    columns = {name: _infer_column(table[name], name, source.decimal) for name in table.columns}
    task = _infer_target(columns, table[target], target, source.decimal)
    return Schema(target, task, columns, source)


def require_target(table: pd.DataFrame, target: str) -> None:
    """Raise a `ProjectError` that names the columns there are when `target` is none of them."""
    if target not in table.columns:
        raise ProjectError(
            f"the target {target!r} is not a column. The file has: {', '.join(table.columns)}. "
            "Correct `data.target` in params.yaml."
        )


def _infer_column(cells: pd.Series, name: str, decimal: str) -> Column:
    present = cells.dropna()
    nullable = len(present) < len(cells)
    if present.empty:
        return Column("ignore", description="empty in every row")
    if _is_boolean(present):
        return Column("boolean", nullable)
    if types.is_datetime64_any_dtype(present):
        return Column("datetime", nullable)
    numbers = _as_numbers(present, decimal)
    if numbers is not None and np.isfinite(numbers).any():
        if _counts_rows(numbers, name) and not nullable:
            return Column("identifier", nullable)
        return Column("numeric", nullable, range=_generous_range(numbers))
    text = as_text(present)
    if form := _date_format(text):
        return Column("datetime", nullable, format=form)
    if _is_prose(text):
        return Column("text", nullable)
    if text.is_unique and not nullable and len(text) > MAX_CATEGORIES:
        return Column("identifier", nullable)
    values = sorted(text.unique())
    return Column("category", nullable, values if len(values) <= MAX_CATEGORIES else None)


def _infer_target(columns: dict[str, Column], cells: pd.Series, target: str, decimal: str) -> str:
    """Make the target a quantity or a set of classes, and say which."""
    present, nullable = cells.dropna(), columns[target].nullable
    numbers = _as_numbers(present, decimal)
    if numbers is not None and numbers.nunique() > 2:
        whole = (numbers % 1 == 0).all()
        if not whole or numbers.nunique() > MAX_INTEGER_CLASSES:
            columns[target] = Column("numeric", nullable)
            return "regression"
    columns[target] = Column("category", nullable, sorted(as_text(present).unique()))
    return "classification"


def _decimal(table: pd.DataFrame, source: Source) -> str:
    """A comma when some column is all numbers with one and the comma does not part cells."""
    if source.separator == ",":
        return "."
    for name in table.columns:
        cells = table[name].dropna()
        if types.is_string_dtype(cells) and len(cells):
            commas = cells.str.contains(",", regex=False).any()
            if commas and cells.str.fullmatch(DECIMAL_COMMA).all():
                return ","
    return "."


def _as_numbers(present: pd.Series, decimal: str) -> pd.Series | None:
    if types.is_numeric_dtype(present):
        return present.astype(float)
    if not types.is_string_dtype(present):
        return None
    if present.str.fullmatch(r"0\d+").any():  # a code such as a postcode, not a quantity
        return None
    try:
        return pd.to_numeric(present.str.replace(decimal, ".", regex=False)).astype(float)
    except ValueError:
        return None


def _is_boolean(present: pd.Series) -> bool:
    if types.is_bool_dtype(present):
        return True
    if types.is_numeric_dtype(present) or types.is_datetime64_any_dtype(present):
        return False
    words = set(as_text(present).str.lower().unique())
    return len(words) == 2 and words in [{yes, no} for yes, no in zip(TRUE, FALSE, strict=True)]


def _counts_rows(numbers: pd.Series, name: str) -> bool:
    """Whole numbers, all different, that are called an id or simply count up from 0 or 1."""
    if not numbers.is_unique or not (numbers == numbers.round()).all() or len(numbers) < 3:
        return False
    counts_up = numbers.is_monotonic_increasing and numbers.iloc[0] in (0, 1)
    return bool(ID_NAME.search(name)) or (counts_up and numbers.max() <= 2 * len(numbers))


def _generous_range(numbers: pd.Series) -> list[float]:
    """The range seen, widened by half its width on each side; what is never negative stays so."""
    finite = numbers[np.isfinite(numbers)]
    low, high = float(finite.min()), float(finite.max())
    margin = (high - low) / 2 or abs(high) / 2 or 1.0
    digits = -math.floor(math.log10(margin))
    unit = 10.0**digits
    floor = 0.0 if low >= 0 else -math.inf
    lowest = max(math.floor((low - margin) * unit) / unit, floor)
    highest = math.ceil((high + margin) * unit) / unit
    return [round(end, max(digits, 0)) for end in (lowest, highest)]


def _date_format(text: pd.Series) -> str | None:
    for day_first in (False, True):
        form = guess_datetime_format(text.iloc[0], dayfirst=day_first)
        if form and not pd.to_datetime(text, format=form, errors="coerce").isna().any():
            return form
    return None


def _is_prose(text: pd.Series) -> bool:
    """Mostly different cells of several words each."""
    words = text.str.count(r"\s+") + 1
    return words.mean() >= 3 and text.nunique() > max(MAX_CATEGORIES, len(text) / 2)


if __name__ == "__main__":
    with explained():
        main()
