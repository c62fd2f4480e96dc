"""The schema of a table: `references/schema.yaml` as Python objects."""

from dataclasses import field
from pathlib import Path
from typing import Annotated
from unicodedata import normalize

from pydantic import Field
from pydantic.dataclasses import dataclass

from ..io.source import KnownColumns, Source, Text
from ..project.errors import ProjectError
from ..project.settings import FORBID, build, must_be
from .column import Column
from .yaml_file import read_tree, write_tree

HEADER = """\
# The schema of the raw table. It was inferred once; from now on it is yours to edit.
#
# columns has a line for each column, or one for each key if that is too long:
#
#   type         numeric, category, boolean, datetime or text
#   role         of a column that is no feature: identifier (carried along as text) or ignore
#   nullable     whether cells may be empty
#   missing      values that mean an empty cell in this column, such as [-1]; for all: source.missing
#   unique       true: no value occurs twice
#   categories   the known values; without this key any value is allowed
#   range        the lowest and the highest expected value
#   unit         the unit of the numbers, such as $; with % 12% is 0.12
#   format       the format of dates (strftime codes)
#   strict       true: nullable, unique, categories and range are rules that reject rows
#   description  for the data dictionary
#
# All values are text: the categories [no, yes, 007] need no quotes.
#
# positive is the positive class of two: threshold, precision, recall and F1 refer to it.
#
# source is the dialect of the raw file, with the markers of missing values. It was detected once and
# is not detected again; references/README.md explains its keys.
#
# Unless strict, these rules are inferred: a row that deviates from them is kept and counted in
# reports/warnings.json. Rows with a cell of another type, or with a class of the target that is not
# listed, are written to data/interim/rejected.parquet. `make schema` compares the schema with the
# raw file, `make schema UPDATE=1` updates it. `task` follows from the target and is classification
# or regression: correct it here if it is wrong.
"""


@dataclass(config=FORBID)
class Schema:
    """The schema of a table: target, task, columns and dialect."""

    target: Text
    task: Annotated[
        str, Field(pattern="^(classification|regression)$"), must_be("classification or regression")
    ]
    columns: dict[str, Column]
    source: Source = field(default_factory=Source)
    positive: Text = ""  # if empty, the last of two classes

    @property
    def classes(self) -> list[str]:
        """The classes of the target in order; of two the positive one is last."""
        known = self.columns[self.target].categories or []
        if len(known) == 2 and self.positive == known[0]:
            return known[::-1]
        return known

    @property
    def features(self) -> dict[str, Column]:
        """The columns that models use."""
        return {
            name: column
            for name, column in self.columns.items()
            if name != self.target and column.role is None
        }

    @property
    def identifier(self) -> str | None:
        """The first column that identifies a row, if there is one."""
        found = (n for n, column in self.columns.items() if column.role == "identifier")
        return next(found, None)

    @property
    def known_columns(self) -> KnownColumns:
        """The columns, for reading a file without a header."""
        return KnownColumns(list(self.columns), self.target)

    def names(self, *types: str) -> list[str]:
        """Names of the feature columns of these types, in order."""
        return [name for name, column in self.features.items() if column.type in types]


def load_schema(path: Path) -> Schema:
    """Read the schema.

    Raises
    ------
    ProjectError
        When the file is missing or not YAML, or a key is repeated, unknown or has a wrong value.
    """
    tree, name = read_tree(path), path.name
    if not isinstance(tree.get("source"), dict):
        raise ProjectError(
            f"{name} has no `source`, such as {{separator: ',', encoding: utf-8}}. Add it."
        )
    tree["source"] = {"separator": None} | tree["source"]
    schema = build(Schema, tree, name)
    schema.target = normalize("NFC", schema.target)
    schema.columns = {normalize("NFC", name): column for name, column in schema.columns.items()}
    _check(schema, name)
    return schema


def save_schema(schema: Schema, path: Path) -> None:
    """Write the schema, without keys that are not set."""
    columns = {name: column.as_dict() for name, column in schema.columns.items()}
    tree = {
        "target": schema.target,
        "task": schema.task,
        **({"positive": schema.positive} if schema.positive else {}),
        "source": schema.source.as_dict(),
        "columns": columns,
    }
    write_tree(tree, path, HEADER)


def print_positive_class(schema: Schema) -> None:
    """Print which class is the positive one, unless the schema names it."""
    if len(schema.classes) == 2 and not schema.positive:
        how = "`positive:` in references/schema.yaml changes it"
        print(f"positive class: {schema.classes[1]}, the last of two; {how}")


def _check(schema: Schema, name: str) -> None:
    if schema.target not in schema.columns:
        raise ProjectError(
            f"{name}: the target {schema.target!r} is not among the columns. "
            "Correct it here, or delete this file to infer a new one."
        )
    target = schema.columns[schema.target]
    if schema.task == "regression" and target.read_as != "numeric":
        raise ProjectError(f"{name}: task is regression, so {schema.target!r} is of type numeric.")
    if schema.task == "classification" and not (target.read_as == "category" and target.categories):
        raise ProjectError(
            f"{name}: task is classification, so {schema.target!r} must be of type category, "
            "with its classes listed in `categories`."
        )
    if schema.positive and schema.positive not in schema.classes:
        raise ProjectError(
            f"{name}: positive is {schema.positive!r}, which is no class of {schema.target!r}. "
            "Correct or remove it."
        )
    if not schema.features:
        raise ProjectError(
            f"{name}: there is no feature to predict {schema.target!r} from; all other columns "
            "have the role identifier or ignore. Remove it from those that are features."
        )
