"""One HTML page, complete in itself, on what the data is like, and skrub's profile beside it."""

from typing import Any

import pandas as pd
from skrub import TableReport

from ..config import (
    CLEAN,
    DATA_FIGURES,
    DATA_PROFILE,
    DATA_REPORT,
    REJECTED,
    WARNINGS,
    load_params,
)
from ..data.contract.schema import load_schema
from ..data.sample import sample_file
from ..errors import explained
from ..files import read_parquet, replacing
from .data_figures import MOST_PANELS, draw_target
from .page import TITLE, count_rows, figures_in, fill, read_json, write_page
from .style import short

MOST_ROWS = 20_000  # that are drawn
MOST_RULES = 30
CAPTIONS = {
    "target": (
        "The target",
        (
            "a column whose boxes or bars differ, or whose line rises or falls, helps to predict. One "
            "that tells all by itself may be known only afterwards"
        ),
    )
}


def main() -> None:
    params, schema = load_params(), load_schema()
    rows, _ = sample_file(CLEAN, params.seed, MOST_ROWS)
    names = ["rejected_row", "rejected_column", "rejected_value", "rejected_rule"]
    rejected = read_parquet(REJECTED, columns=names)
    with replacing(DATA_FIGURES) as folder:
        draw_target(rows, schema, folder)
    page = render(
        title=TITLE,
        schema=schema,
        data=params.data.raw,
        counts=count_rows(),
        warnings=read_json(WARNINGS),
        rejected=broken_rules(rejected),
        figures=figures_in(DATA_FIGURES, CAPTIONS),
    )
    write_page(DATA_REPORT, page)
    with replacing(DATA_PROFILE) as partial:
        TableReport(rows, title="Data profile", verbose=0).write_html(partial)
    print(f"wrote reports/{DATA_PROFILE.name}")


def render(**facts: Any) -> str:
    """Fill `data_report.html.jinja` with the facts."""
    counts, schema = facts["counts"], facts["schema"]
    total = counts["clean"] + counts["rejected"]
    rows = {
        "in the raw file": total,
        "rejected by the contract": counts["rejected"],
        "to train on": counts["train"],
        "held out to test on": counts["test"],
        f"without a known {schema.target}": counts["unlabelled"],
    }
    return fill(
        "data_report.html.jinja",
        **facts,
        rows=rows,
        total=max(total, 1),
        sampled=MOST_ROWS if counts["clean"] > MOST_ROWS else 0,
        left_out=max(len(schema.features) - MOST_PANELS, 0),
        most_rules=MOST_RULES,
    )


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


if __name__ == "__main__":
    with explained():
        main()
