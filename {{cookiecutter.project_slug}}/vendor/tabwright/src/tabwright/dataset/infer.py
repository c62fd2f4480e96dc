"""Write the data contract from the raw file, once; leave it alone when it exists."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..io.read import describe_top, detect
from ..io.sample import sample
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project
from ..project.settings import DataParams
from ..schema.ambiguities import find_ambiguities
from ..schema.cells import as_text, without_missing
from ..schema.guess import MAX_CATEGORIES, find_target, infer_schema
from ..schema.rules import ONE_OF, apply_contract, kind_in_words
from ..schema.schema import Schema, load_schema, save_schema
from .clean import Clean, find_clean, read_clean, unchanged
from .compare import differences
from .observed import ObservedTable, validate


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("infer", __doc__).parse_args(arguments)
    infer(project)


def infer(project: Project) -> None:
    """Write `references/schema.yaml` unless it is there."""
    params = project.params
    if project.schema_file.exists():
        schema = load_schema(project.schema_file)
        if schema.target != find_target(pd.Index(schema.columns), params.data.target):
            raise ProjectError(
                f"the target is {params.data.target!r} in params.yaml and {schema.target!r} in "
                "references/schema.yaml: change one, or delete the schema to infer a new one."
            )
        print("references/schema.yaml is there and is left as it is")
        return
    schema = infer_from_file(project.raw_file, params.data, params.seed, find_clean(project))
    save_schema(schema, project.schema_file)
    print(f"wrote references/schema.yaml: {summary(schema)}")


def infer_from_file(path: Path, params: DataParams, seed: int, clean: Clean = unchanged) -> Schema:
    """Guess the contract that a file keeps; from a sample of its rows when there are very many.

    Parameters
    ----------
    clean
        What the owner does to rows before the schema sees them.
    """
    source = detect(path, params.select, [params.target])
    for line in describe_top(path, source):
        print(line)
    table, rows = sample(read_clean(path, source, clean), seed)
    if not rows:
        raise ProjectError(f"{path}: the table is empty. Put rows below its header.")
    if len(table) < rows:
        print(f"{rows:,} rows: kinds are guessed from {len(table):,} of them, the rest from all")
    schema = infer_schema(table, params.target, source, whole=len(table) == rows)
    if len(table) < rows:
        batches = read_clean(path, source, clean, schema.known_columns)
        complete_from_all(schema, ObservedTable(source, table, rows), batches)
    for column, message, remedy in find_ambiguities(
        table, apply_contract(table, schema)[0], schema
    ):
        print((f"column {column!r}: " if column else "") + f"{message}; {remedy}")
    if schema.positive:
        labels = as_text(without_missing(table[schema.target], schema.source.missing).dropna())
        share = (labels == schema.positive).mean()
        print(
            f"positive class: {schema.positive} ({100 * share:.2g} % of rows), see `positive` there"
        )
    return schema


def complete_from_all(
    schema: Schema, observed: ObservedTable, batches: Iterable[pd.DataFrame]
) -> None:
    """Widen ranges, categories and what may be empty from those of a sample to those of all rows."""
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
        elif column.kind == "boolean" and rule == kind_in_words(column):
            cells = without_missing(observed.table[name], observed.source.missing).dropna()
            column.kind, column.categories = "category", sorted({*as_text(cells), *words})
    if len(schema.columns[schema.target].categories or []) != 2:
        schema.positive = ""


def summary(schema: Schema) -> str:
    """What was guessed and should be checked, a line each."""
    kinds = pd.Series([column.kind for column in schema.columns.values()]).value_counts()
    features = schema.features
    notes = {
        "no feature": [name for name in schema.columns if name not in {*features, schema.target}],
        "dates read": [f"{name} as {features[name].format}" for name in schema.names("datetime")],
        "read as an empty cell": schema.source.missing[1:],
        "how the file is written": [
            f"{key} {value!r}" for key, value in schema.source.unusual().items()
        ],
    }
    lines = [
        f"{schema.task} of {schema.target!r}",
        f"{', '.join(f'{count} {kind}' for kind, count in kinds.items())} columns",
        *[f"{what}: {', '.join(map(str, names))}" for what, names in notes.items() if names],
    ]
    return "\n  ".join(lines)
