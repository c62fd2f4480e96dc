"""Convert Arrow tables to pandas."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import types

from ..project.errors import ProjectError
from .header import BLANKS
from .rows import trimmed


def to_pandas(table: pa.Table, path: Path) -> pd.DataFrame:
    """Convert columns to one type each: numbers, booleans, dates or stripped text."""
    named = zip(table.column_names, table.columns, strict=True)
    columns = [_plain(name, cells, path) for name, cells in named]
    found = pa.table(columns, names=table.column_names).to_pandas()
    for name, cells in zip(table.column_names, columns, strict=True):
        if types.is_integer(cells.type) and cells.null_count:  # a float has 15 digits
            unsigned = types.is_unsigned_integer(cells.type)
            found[name] = pd.Series(cells.to_pylist(), dtype="UInt64" if unsigned else "Int64")
        elif found[name].dtype in (object, "category"):
            cells = found[name].astype(object)
            found[name] = cells.astype("str").where(cells.notna()).str.strip(BLANKS)
    return found


def _plain(name: str, cells: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
    kind = cells.type
    if types.is_nested(kind) or "binary" in str(kind):
        raise ProjectError(
            f"{path}: column {name!r} contains lists or records. Write each part into a column "
            "of its own, or remove the column."
        )
    if types.is_string_view(kind):
        cells = cells.cast(pa.string())
    if types.is_decimal(kind):
        try:
            cells = cells.cast(pa.float64() if kind.scale > 0 else pa.int64())
        except pa.ArrowInvalid:  # too many digits
            cells = cells.cast(pa.string())
    return trimmed(cells) if types.is_string(cells.type) or types.is_large_string(kind) else cells


def keep_types(table: pa.Table) -> pd.DataFrame:
    """Convert columns without a change of their types, for writing them again."""
    return table.to_pandas(
        types_mapper=lambda kind: None if types.is_floating(kind) else pd.ArrowDtype(kind),
        ignore_metadata=True,
    )
