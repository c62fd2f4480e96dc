"""Run the data checks: issues with a number, and a remedy for each."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import pandas as pd

from ...io.sample import sample_file
from ...project.files import write_json
from ...project.project import Project
from ...project.settings import Params
from ...schema.ambiguities import find_ambiguities
from ...schema.rules import EMPTY, EMPTY_CELL, ProblemCounts, in_rows, most_common
from ...schema.schema import Schema
from ..check_rows import CheckedRows
from ..clean import Clean, read_clean, unchanged
from . import columns, rows
from .issue import Issue

MAX_ISSUES = 10  # of each kind, the worst first
ADD = "`make schema UPDATE=1` adds it; set `kind: ignore` there if it is not a feature"
REMEDY = "if that is right: `make schema UPDATE=1`; `strict: true` rejects such rows"


def run_checks(
    train: pd.DataFrame, test: pd.DataFrame, schema: Schema, params: Params
) -> list[Issue]:
    """Check for problems that make a model worse, or its scores too good.

    Parameters
    ----------
    train, test
        Typed rows with a target, after the split.
    schema
        The schema.
    params
        Settings, of which the seed, the split, the folds and the metric are used.

    Returns
    -------
    list of Issue
        The gravest first.
    """
    both = pd.concat([train, test], ignore_index=True)
    at_random = params.data.split == "random"
    found = [
        columns.leaks(train, schema, params.seed),
        columns.informative_missingness(train, schema),
        rows.train_test_duplicates(train, test, schema),
        rows.order_in_time(train, schema) if at_random else [],
        rows.panel_data(both, schema) if at_random else [],
        columns.identifiers(train, schema),
        columns.spellings(both, schema),
        rows.small_classes(train, schema, params.train.folds),
        rows.imbalance(both, schema, params.train.metric),
        rows.duplicates(both),
        columns.constants(train, schema),
    ]
    return [issue for group in found for issue in _worst(group)]


def check_dataset(
    project: Project, schema: Schema, checked: CheckedRows, clean: Clean = unchanged
) -> list[Issue]:
    """Write the issues of the dataset to `reports/warnings.json`."""
    params = project.params
    files = (project.train_file, project.test_file)
    train, test = (sample_file(path, params.seed)[0] for path in files)
    first = next(read_clean(project.raw_file, schema.source, clean, schema.known_columns))
    issues = [
        *_worst(new_columns(first, schema)),
        *new_values(checked.flagged),
        *(Issue("reading", *a) for a in find_ambiguities(first, pd.concat([train, test]), schema)),
        *run_checks(train, test, schema, params),
    ]
    write_json(project.warnings_file, [asdict(issue) for issue in issues])
    return issues


def new_columns(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """Issues of columns that the schema does not have, such as those that `clean` derives."""
    for name in rows.columns.difference(list(schema.columns), sort=False):
        yield Issue(
            "outside the contract", name, "not in references/schema.yaml, and left out", ADD
        )


def new_values(flagged: ProblemCounts) -> Iterator[Issue]:
    """Issues of rows that are kept although they deviate from the schema."""
    for (column, rule), cells in flagged.cells.items():
        values = EMPTY_CELL if rule == EMPTY else most_common(flagged.words[column, rule])
        message = f"{values} in {in_rows(cells)}, expected {rule}"
        yield Issue("outside the contract", column, message, REMEDY)


def describe_issues(issues: list[Issue]) -> str:
    """One line per issue."""
    return "\n".join(
        (f"column {issue.column!r}: " if issue.column else "") + f"{issue.message}; {issue.remedy}"
        for issue in issues
    )


def _worst(group: Iterable[Issue]) -> list[Issue]:
    found = list(group)
    if len(found) <= MAX_ISSUES:
        return found
    more = f"and {len(found) - MAX_ISSUES} more like these"
    return [*found[:MAX_ISSUES], Issue(found[0].kind, None, more, found[0].remedy)]
