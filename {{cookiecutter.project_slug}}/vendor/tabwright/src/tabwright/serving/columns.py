"""What a cell of a column may be: for pydantic, for people, and as pandas and numpy take it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ..schema.cells import declared_missing
from ..schema.column import Column
from ..schema.rules import MAX_NUMBER, type_in_words
from ..schema.schema import Schema

NUMBER = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MAX_NUMBER, le=MAX_NUMBER)]
TRUTH = Annotated[bool, Field(strict=True)]
TEXT = Annotated[str, Field(strict=True)]
CODE = TEXT | Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]  # 7 is the text "7"
CELL = TEXT | TRUTH | NUMBER | None  # as in a file
TYPES = {"numeric": NUMBER, "boolean": TRUTH, "datetime": TEXT, "": CELL}


def plain_type(column: Column, schema: Schema) -> Any:
    """The cells that satisfy the schema and are typed as they are sent; None if it takes more to tell."""
    source = schema.source
    cell: Any = None
    if column.type == "numeric":
        low, high = column.range or (-MAX_NUMBER, MAX_NUMBER)
        ends = Field(ge=max(low, -MAX_NUMBER), le=min(high, MAX_NUMBER))
        cell = Annotated[NUMBER, ends]
    elif column.type == "boolean":
        cell = TRUTH
    elif known := [each for each in column.categories or [] if each not in source.missing]:
        cell = Literal[tuple(known)]
    if cell is None or declared_missing(column, source):
        return None
    return cell | None if column.nullable else cell


def example(schema: Schema) -> dict[str, Any]:
    """A made-up row that satisfies the schema: rows of people do not belong on a page."""
    return {name: _example(column) for name, column in schema.features.items()}


def _example(column: Column) -> Any:
    match column.type:
        case "numeric":
            low, high = column.range or (0.0, 1.0)
            middle = max(low, -MAX_NUMBER) / 2 + min(high, MAX_NUMBER) / 2
            return next((n for n in (round(middle, 3), middle) if low <= n <= high), low)
        case "boolean":
            return True
        case "datetime":
            moment, form = datetime(2026, 1, 31, 12), column.format
            return moment.isoformat() if form in (None, "ISO8601") else moment.strftime(form)
        case _ if column.categories:
            return column.categories[0]
        case _:
            return "text"


def describe_column(column: Column) -> str:
    """The description of a column, with the values that are expected."""
    parts: list[str] = [column.description] if column.description else []
    if column.range is not None:
        parts.append(f"from {column.range[0]:g} to {column.range[1]:g}")
    if column.categories is not None:
        parts.append(f"one of {', '.join(column.categories)}")
    if column.type == "datetime":
        parts.append(type_in_words(column))
    return "; ".join(parts)


def as_series(cells: Iterable[Any], column: Column) -> pd.Series:
    match column.read_as:
        case "numeric":
            return pd.Series(cells, dtype="float64")
        case "boolean":
            return pd.Series(cells, dtype="boolean")
        case _:
            texts = [str(cell) if isinstance(cell, int) else cell for cell in cells]
            return pd.Series(texts, dtype="str")


def as_text(value: Any, decimal: str) -> str | None:
    """A cell as a file of text has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace(".", decimal)
    return None if value is None else str(value)


class Cells(list[Any]):
    """The cells of a column, with what a reader of arrays asks of a Series."""

    def to_numpy(self, dtype: Any, na_value: Any = None) -> np.ndarray:
        """An array with another value for empty cells."""
        return np.array([na_value if cell is None else cell for cell in self], dtype=dtype)
