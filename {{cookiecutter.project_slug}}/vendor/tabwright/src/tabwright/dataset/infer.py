"""Infer the schema from the raw file, unless it exists."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..io.read import describe_layout, detect
from ..io.sample import sample
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project
from ..project.settings import DataParams
from ..schema.ambiguities import find_ambiguities
from ..schema.cells import as_text, without_missing
from ..schema.guess import MAX_CATEGORIES, find_target, infer_schema
from ..schema.rules import ONE_OF, apply_contract, type_in_words
from ..schema.schema import Schema, load_schema, save_schema
from .checks.issue import Issue
from .clean import Clean, find_clean, read_clean, unchanged
from .compare import differences
from .observed import ObservedTable, validate


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("infer", __doc__).parse_args(arguments)
    infer(project)


def infer(project: Project) -> None:
    """Write `references/schema.yaml` unless it exists."""
    params = project.params
    if project.schema_file.exists():
        schema = load_schema(project.schema_file)
        if schema.target != find_target(pd.Index(schema.columns), params.data.target):
            raise ProjectError(
                f"the target is {params.data.target!r} in params.yaml and {schema.target!r} in "
                "references/schema.yaml: change one, or delete the schema to infer a new one."
            )
        print("references/schema.yaml exists and is unchanged")
        return
    schema = infer_from_file(project.raw_file, params.data, params.seed, find_clean(project))
    save_schema(schema, project.schema_file)
    print(f"wrote references/schema.yaml: {summary(schema)}")


def infer_from_file(path: Path, params: DataParams, seed: int, clean: Clean = unchanged) -> Schema:
    """Infer the schema of a file, from a sample of its rows if there are very many.

    Parameters
    ----------
    clean
        Applied to the rows first.
    """
    source = detect(path, params.select, [params.target])
    for line in describe_layout(path, source):
        print(line)
    table, rows = sample(read_clean(path, source, clean), seed)
    if not rows:
        raise ProjectError(f"{path}: the table is empty. Add rows below its header.")
    if len(table) < rows:
        print(f"{rows:,} rows: kinds are inferred from {len(table):,} of them, the rest from all")
    schema = infer_schema(table, params.target, source, whole=len(table) == rows)
    if len(table) < rows:
        batches = read_clean(path, source, clean, schema.known_columns)
        extend_to_all_rows(schema, ObservedTable(source, table, rows), batches)
    typed, _ = apply_contract(table, schema)
    for ambiguity in find_ambiguities(table, typed, schema):
        print(Issue("reading", *ambiguity))
    if schema.positive:
        labels = as_text(without_missing(table[schema.target], schema.source.missing).dropna())
        share = (labels == schema.positive).mean()
        print(f"positive class: {schema.positive} ({100 * share:.2g} % of rows), see `positive`")
    return schema


def extend_to_all_rows(
    schema: Schema, observed: ObservedTable, batches: Iterable[pd.DataFrame]
) -> None:
    """Extend ranges, categories and nullability from a sample to all rows."""
    validate(batches, schema, observed)
    for difference in differences(observed, schema):
        if difference.column is not None and difference.column in schema.columns:
            vars(schema.columns[difference.column]).update(difference.keys)
    for (name, rule), words in observed.broken.words.items():
        column = schema.columns[name]
        if rule.startswith(ONE_OF):
            column.categories = sorted({*(column.categories or []), *words})
            if name != schema.target and len(column.categories) > MAX_CATEGORIES:
                column.categories = None
        elif column.read_as == "boolean" and rule == type_in_words(column):
            cells = without_missing(observed.table[name], observed.source.missing).dropna()
            column.type, column.categories = "category", sorted({*as_text(cells), *words})
    if len(schema.columns[schema.target].categories or []) != 2:
        schema.positive = ""


def summary(schema: Schema) -> str:
    """List what was inferred and should be checked."""
    counts = pd.Series([column.role_or_type for column in schema.columns.values()]).value_counts()
    features, dialect = schema.features, schema.source.non_default()
    notes = {
        "no feature": [name for name in schema.columns if name not in {*features, schema.target}],
        "dates read": [f"{name} as {features[name].format}" for name in schema.names("datetime")],
        "read as an empty cell": schema.source.missing[1:],
        "dialect of the file": [f"{key} {value!r}" for key, value in dialect.items()],
    }
    lines = [
        f"{schema.task} of {schema.target!r}",
        f"{', '.join(f'{count} {what}' for what, count in counts.items())} columns",
        *[f"{what}: {', '.join(map(str, names))}" for what, names in notes.items() if names],
    ]
    return "\n  ".join(lines)
