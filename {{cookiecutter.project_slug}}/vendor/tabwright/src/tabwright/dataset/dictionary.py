"""The data dictionary: one line per column, from the schema and the clean rows."""

import pandas as pd

from ..io.sample import sample_file
from ..project.files import write_text
from ..project.project import Project
from ..schema.column import Column
from ..schema.guess import MAX_CATEGORIES
from ..schema.schema import Schema

MIN_ROWS = 10  # with a value, for it to be shown: rarer ones may be personal data


def write_data_dictionary(project: Project, schema: Schema) -> None:
    """Write `references/data_dictionary.md`."""
    some, _ = sample_file(project.clean_file, project.params.seed)
    write_text(project.data_dictionary_file, data_dictionary(some, schema))


def data_dictionary(clean: pd.DataFrame, schema: Schema) -> str:
    """Markdown table of all columns: type, share of empty cells, values, description."""
    lines = [
        "# Data dictionary",
        "",
        f"From `references/schema.yaml` and {len(clean)} clean rows, by `make data`.",
        f"The target is **{_cell(schema.target)}** ({schema.task}).",
        "",
        "| column | type | empty | values | description |",
        "|---|---|---|---|---|",
    ]
    for name, column in schema.columns.items():
        empty, values = "", ""
        if name in clean.columns and len(clean):
            empty = f"{clean[name].isna().mean():.1%}"
            values = _values(clean[name].dropna(), column)
        cells = (name, column.role_or_type, empty, values, column.description)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _values(present: pd.Series, column: Column) -> str:
    if present.empty:
        return ""
    match column.read_as:
        case "numeric":
            return f"{present.min():g} to {present.max():g}, median {present.median():g}"
        case "datetime":
            return f"{present.min()} to {present.max()}"
        case "boolean":
            return f"{present.mean():.1%} true"
        case "category" if 0 < len(column.categories or []) <= MAX_CATEGORIES:
            counts = present.value_counts()
            often = counts.index[counts >= MIN_ROWS][:5]
            more = ["..."] if len(often) < len(counts) else []
            return f"{len(counts)}: {', '.join([*often, *more])}"
        case _:
            return f"{present.nunique()} different"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
