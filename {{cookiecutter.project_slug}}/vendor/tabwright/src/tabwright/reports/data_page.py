"""A self-contained HTML page about the data, and skrub's profile of its columns."""

from typing import Any

import pandas as pd
from skrub import TableReport

from ..dataset.counts import count_rows
from ..evaluation.style import short
from ..io.parquet import read_parquet
from ..io.sample import sample_file
from ..project.files import read_json, replacing
from ..project.project import Project
from ..schema.schema import load_schema
from .data_figures import MAX_PANELS, draw_columns, draw_target
from .page import figures_in, fill, write_page

MAX_ROWS = 20_000  # that are drawn
MAX_RULES = 30
MAX_WHOLE = 2**53  # from here on floating-point numbers leave whole ones out


def write_data_page(project: Project) -> None:
    """Write `reports/data.html`, its figure, and the profile of every column."""
    params, schema = project.params, load_schema(project.schema_file)
    rows, _ = sample_file(project.clean_file, params.seed, MAX_ROWS)
    names = ["rejected_row", "rejected_column", "rejected_value", "rejected_rule"]
    rejected = read_parquet(project.rejected_file, columns=names)
    with replacing(project.data_figures_folder) as folder:
        folder.mkdir()
        draw_columns(rows, schema, folder)
        draw_target(rows, schema, folder)
    page = render(
        title=project.title,
        schema=schema,
        data=params.data.raw,
        counts=count_rows(project),
        **read_json(project.warnings_file),
        rejected=broken_rules(rejected),
        figures=figures_in(project.data_figures_folder),
    )
    write_page(project.data_report_file, page)
    with replacing(project.data_profile_file) as partial:
        table = rows.apply(whole_numbers)
        report = TableReport(table, title="Data profile", verbose=0, plot_distributions=False)
        report.write_html(partial)
    print(f"wrote reports/{project.data_profile_file.name}")


def render(**facts: Any) -> str:
    """Fill `data_report.html.jinja` with the facts."""
    return fill(
        "data_report.html.jinja",
        **facts,
        sampled=MAX_ROWS if facts["counts"]["clean"] > MAX_ROWS else 0,
        left_out=max(len(facts["schema"].features) - MAX_PANELS, 0),
        max_rules=MAX_RULES,
    )


def whole_numbers(cells: pd.Series) -> pd.Series:
    """The cells as integers where they are: 2007, not 2.01e+03."""
    if cells.dtype.kind == "f" and cells.abs().max() < MAX_WHOLE and not (cells.dropna() % 1).any():
        return cells.astype("Int64")
    return cells


def broken_rules(rejected: pd.DataFrame) -> list[dict[str, Any]]:
    """Each broken rule with its `column`, `expected`, number of `rows` and `examples`.

    Parameters
    ----------
    rejected
        One line per broken rule of a row, as in `data/interim/rejected.parquet`.
    """
    rules = [
        {
            "column": column,
            "expected": short(rule, 90),
            "rows": lines["rejected_row"].nunique(),
            "examples": _examples(lines["rejected_value"]),
        }
        for (column, rule), lines in rejected.groupby(["rejected_column", "rejected_rule"])
    ]
    return sorted(rules, key=lambda rule: -rule["rows"])


def _examples(values: pd.Series, most: int = 3) -> list[str]:
    """The values that occur most."""
    counts = values.fillna("").value_counts()
    return [short(value, 40) or "an empty cell" for value in counts.index[:most]]
