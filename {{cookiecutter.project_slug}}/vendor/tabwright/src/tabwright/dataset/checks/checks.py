"""Run the data checks: issues with a number, and a remedy for each."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from ...io.sample import sample_file
from ...project.files import write_json
from ...project.project import Project
from ...project.settings import Params
from ...project.text import listed
from ...schema.ambiguities import find_ambiguities
from ...schema.rules import EMPTY, EMPTY_CELL, ProblemCounts, in_rows, most_common
from ...schema.schema import Schema
from ..check_rows import CheckedRows
from ..clean import Clean, read_clean, unchanged
from . import columns, rows, values
from .issue import Checked, Issue

MAX_ISSUES = 10  # of each kind, the worst first
REMEDY = "if that is right: `make schema UPDATE=1`; `strict: true` rejects such rows"


@dataclass(frozen=True)
class DataChecks:
    """The issues of a dataset, the gravest first, and what was checked."""

    issues: list[Issue]
    checked: list[Checked]

    def __str__(self) -> str:
        """The issues, one line each."""
        count = len(self.issues)
        found = f"{count or 'no'} issue{'' if count == 1 else 's'} in {len(self.checked)} checks"
        head = f"data checks: {found}, limits and nearest values in reports/warnings.json"
        return "\n  ".join([head, *map(str, self.issues)])


def run_checks(
    train: pd.DataFrame, test: pd.DataFrame, schema: Schema, params: Params
) -> DataChecks:
    """Check for problems that make a model worse, or its scores too good.

    Parameters
    ----------
    train, test
        Typed rows with a target, after the split.
    params
        Settings, of which the seed, the split, the folds and the metric are used.
    """
    both = pd.concat([train, test], ignore_index=True)
    at_random = params.data.split == "random"
    distinct = train.drop_duplicates([*schema.features, schema.target])  # others are told by heart
    found = [
        columns.leaks(distinct, schema, params.seed),
        columns.informative_missingness(train, schema),
        values.sentinels(train, schema),
        rows.train_test_duplicates(train, test, schema),
        rows.order_in_time(train, schema) if at_random else [],
        rows.panel_data(both, schema) if at_random else [],
        columns.identifiers(train, schema),
        columns.spellings(both, schema),
        rows.small_classes(train, schema, params.train.folds),
        rows.imbalance(both, schema, params.train.metric),
        rows.duplicates(both),
        values.near_duplicates(distinct, schema, params.seed),
        columns.constants(train, schema),
    ]
    issues, checked = list[Issue](), list[Checked]()
    for group in found:
        results = list(group)
        issues += _worst(one for one in results if isinstance(one, Issue))
        checked += [one for one in results if isinstance(one, Checked)]
    return DataChecks(issues, checked)


def check_dataset(
    project: Project, schema: Schema, checked: CheckedRows, clean: Clean = unchanged
) -> DataChecks:
    """Run all checks, those of the contract first, and write `reports/warnings.json`."""
    params = project.params
    files = (project.train_file, project.test_file)
    train, test = (sample_file(path, params.seed)[0] for path in files)
    first = next(read_clean(project.raw_file, schema.source, clean, schema.known_columns))
    outside = [
        *new_columns(first, schema),
        *new_values(checked.flagged),
        *(Issue("reading", *a) for a in find_ambiguities(first, pd.concat([train, test]), schema)),
    ]
    contract = Checked("contract", "columns and values outside references/schema.yaml", "", "")
    found = run_checks(train, test, schema, params)
    found = DataChecks([*outside, *found.issues], [contract, *found.checked])
    write_json(project.warnings_file, asdict(found))
    return found


def new_columns(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """An issue if the schema lacks columns, such as those that `clean` derives."""
    if len(names := rows.columns.difference(list(schema.columns), sort=False)):
        shown = listed([repr(name) for name in names], MAX_ISSUES)
        message = f"not in references/schema.yaml, and left out: {shown}"
        what = "adds it" if len(names) == 1 else "adds them"
        remedy = f"`make schema UPDATE=1` {what}; set `role: ignore` there for no feature"
        yield Issue("outside the contract", None, message, remedy)


def new_values(flagged: ProblemCounts) -> Iterator[Issue]:
    """Issues of rows that are kept although they deviate from the schema."""
    for (column, rule), cells in flagged.cells.items():
        values = EMPTY_CELL if rule == EMPTY else most_common(flagged.words[column, rule])
        message = f"{values} in {in_rows(cells)}, expected {rule}"
        yield Issue("outside the contract", column, message, REMEDY)


def _worst(group: Iterable[Issue]) -> list[Issue]:
    found = list(group)
    if len(found) <= MAX_ISSUES:
        return found
    more = f"and {len(found) - MAX_ISSUES} more like these"
    return [*found[:MAX_ISSUES], Issue(found[0].kind, None, more, found[0].remedy)]
