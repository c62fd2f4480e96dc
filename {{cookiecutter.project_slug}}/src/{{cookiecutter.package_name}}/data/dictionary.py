"""The data dictionary: one line per column, from the contract and the clean rows."""

import pandas as pd

from .contract.guess import MAX_CATEGORIES
from .contract.schema import Column, Schema

SHOWN = 5  # values of a category
MIN_ROWS = 10  # that hold a value which is shown


def data_dictionary(clean: pd.DataFrame, schema: Schema) -> str:
    """Markdown table of every column: kind, empty cells, values seen, description."""
    lines = [
        "# Data dictionary",
        "",
        f"From `references/schema.yaml` and {len(clean)} clean rows, by `make data`.",
        f"The target is **{_cell(schema.target)}** ({schema.task}).",
        "",
        "| column | kind | empty | values | description |",
        "|---|---|---|---|---|",
    ]
    for name, column in schema.columns.items():
        empty, values = "", ""
        if name in clean.columns and len(clean):
            empty = f"{clean[name].isna().mean():.1%}"
            values = _values(clean[name].dropna(), column)
        cells = (name, column.kind, empty, values, column.description)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _values(present: pd.Series, column: Column) -> str:
    if present.empty:
        return ""
    different = f"{present.nunique()} different"
    match column.kind:
        case "numeric":
            return f"{present.min():g} to {present.max():g}, median {present.median():g}"
        case "datetime":
            return f"{present.min()} to {present.max()}"
        case "boolean":
            return f"{present.mean():.1%} true"
        case "category":
            counts = present.value_counts()
            listed = counts[counts >= MIN_ROWS].index[:SHOWN] if _is_listed(column) else []
            more = ", ..." if len(listed) < len(counts) else ""
            return f"{len(counts)}: {', '.join(listed)}{more}" if len(listed) else different
        case _:
            return different


def _is_listed(column: Column) -> bool:
    """Whether its values are few and known: others may be names, which git should not keep."""
    return column.categories is not None and len(column.categories) <= MAX_CATEGORIES


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
