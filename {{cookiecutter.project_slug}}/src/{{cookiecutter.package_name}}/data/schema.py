"""The data contract: `references/schema.yaml` as Python objects."""

import codecs
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ..config import SCHEMA
from ..errors import ProjectError
from ..files import replacing

KINDS = ("numeric", "category", "boolean", "datetime", "text", "identifier", "ignore")
TASKS = ("classification", "regression")

HEADER = """\
# The data contract. It was inferred once from the raw file; from now on it is yours.
#
#   kind         numeric, category, boolean, datetime, text (features);
#                identifier, ignore (carried along, never a feature)
#   nullable     may a cell be empty?
#   unique       true: no value comes twice
#   categories   the only values allowed; without the line any value is
#   range        lowest and highest value allowed
#   format       how a date is written (strftime codes)
#   description  for the data dictionary
#
# source says how the raw file is written and which words in it stand for an empty cell. It was
# detected once and is obeyed from then on; `#` lines of references/README.md explain its keys.
#
# Rows that break it go to data/interim/rejected.parquet. `task` follows from the
# target and is classification or regression: correct it here if the guess is wrong.
"""


@dataclass
class Column:
    """What the cells of one column may hold."""

    kind: str
    nullable: bool = True
    unique: bool | None = None
    categories: list[str] | None = None
    range: list[float] | None = None
    format: str | None = None
    description: str = ""


@dataclass
class Source:
    """How the raw file is written; `separator` is None for files that are no text."""

    separator: str | None = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    missing: list[str] = field(default_factory=lambda: [""])
    header: bool = True
    quote: str = '"'
    escape: str = ""
    skip_rows: int = 0
    skip_rows_after_header: int = 0
    sheet: str = ""

    def unusual(self) -> dict[str, Any]:
        """What differs from a plain CSV file, beyond the words for an empty cell."""
        usual = asdict(Source()) | {"missing": self.missing}
        tree = {key: value for key, value in asdict(self).items() if value != usual[key]}
        return tree if self.separator else {"sheet": self.sheet} if self.sheet else {}

    def as_tree(self) -> dict[str, Any]:
        """What the contract says of the file: what may need a correction, and what is unusual."""
        text = {"separator": self.separator, "encoding": self.encoding, "decimal": self.decimal}
        return (text if self.separator else {}) | {"missing": self.missing} | self.unusual()


@dataclass
class Schema:
    """The whole contract."""

    target: str
    task: str
    columns: dict[str, Column]
    source: Source = field(default_factory=Source)

    @property
    def features(self) -> dict[str, Column]:
        """The columns a model may see."""
        return {
            name: column
            for name, column in self.columns.items()
            if name != self.target and column.kind not in ("identifier", "ignore")
        }

    def names(self, *kinds: str) -> list[str]:
        """Names of the feature columns of these kinds, in order."""
        return [name for name, column in self.features.items() if column.kind in kinds]


def load_schema(path: Path = SCHEMA) -> Schema:
    """Read the contract.

    Raises
    ------
    ProjectError
        When the file is missing, is not YAML, or names an unknown key, kind or task.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProjectError(f"{path.name} is missing: `make data` infers one.") from error
    except yaml.YAMLError as error:
        raise ProjectError(f"{path.name} is not valid YAML, correct it: {error}") from error
    try:
        columns = {
            name: _build(Column, entry, f"column {name!r}")
            for name, entry in tree["columns"].items()
        }
        source = _build(Source, {"separator": None} | tree["source"], "source")
        schema = Schema(tree["target"], tree["task"], columns, source)
    except (TypeError, KeyError, AttributeError) as error:
        raise ProjectError(
            f"{path.name} needs target, task, source and columns, each column with its kind."
        ) from error
    _check(schema, path.name)
    for column in columns.values():
        if column.categories is not None:  # cells are text, YAML reads 2007 as a number
            column.categories = [str(category) for category in column.categories]
    return schema


def save_schema(schema: Schema, path: Path = SCHEMA) -> None:
    """Write the contract, leaving out what a column does not use."""
    columns = {
        name: {key: value for key, value in asdict(column).items() if value is not None}
        for name, column in schema.columns.items()
    }
    tree = {
        "target": schema.target,
        "task": schema.task,
        "source": schema.source.as_tree(),
        "columns": columns,
    }
    text = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    with replacing(path) as partial:
        partial.write_text(HEADER + text, encoding="utf-8")


class _Dumper(yaml.SafeDumper):
    """Lists on one line: a contract is read in a pull request."""


_Dumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True)
)


def _build(kind: type, entry: dict[str, Any], where: str) -> Any:
    if unknown := entry.keys() - {known.name for known in fields(kind)}:
        names = ", ".join(sorted(map(str, unknown)))
        raise ProjectError(f"schema.yaml, {where}: {names} is not a key. Correct or remove it.")
    if kind is Column and "kind" not in entry:
        raise ProjectError(f"schema.yaml, {where}: kind is missing. Add one of {', '.join(KINDS)}.")
    return kind(**entry)


def _check(schema: Schema, name: str) -> None:
    if schema.task not in TASKS:
        raise ProjectError(f"{name}: task is {schema.task!r}, not one of {', '.join(TASKS)}.")
    if schema.target not in schema.columns:
        raise ProjectError(
            f"{name}: the target {schema.target!r} is not among the columns. "
            "Correct it here, or delete this file to infer a new one."
        )
    if problem := _source_problem(schema.source):
        raise ProjectError(f"{name}, source: {problem}. Correct it.")
    for column, entry in schema.columns.items():
        if problem := _problem(entry):
            raise ProjectError(f"{name}, column {column!r}: {problem}. Correct it.")
    target = schema.columns[schema.target]
    if schema.task == "regression" and target.kind != "numeric":
        raise ProjectError(f"{name}: task is regression, so {schema.target!r} is of kind numeric.")
    if schema.task == "classification" and not (target.kind == "category" and target.categories):
        raise ProjectError(
            f"{name}: task is classification, so {schema.target!r} is of kind category, "
            "with its classes listed in `categories`."
        )
    if not schema.features:
        raise ProjectError(
            f"{name}: no column is left to predict {schema.target!r} from; all others are of kind "
            "identifier or ignore. Correct the kind of those that say something about it."
        )


def _problem(entry: Column) -> str | None:
    """What is wrong with a column's entry."""
    if entry.kind not in KINDS:
        return f"kind is {entry.kind!r}, not one of {', '.join(KINDS)}"
    if entry.range is not None:
        if entry.kind != "numeric":
            return f"kind {entry.kind} has no range"
        numbers = isinstance(entry.range, list) and all(
            isinstance(end, int | float) for end in entry.range
        )
        if not numbers or len(entry.range) != 2 or entry.range[0] > entry.range[1]:
            return "range is [lowest, highest]"
    if not isinstance(entry.nullable, bool) or not isinstance(entry.unique, bool | None):
        return "nullable and unique are true or false"
    if entry.format is not None and not _is_date_format(entry.format):
        return f"format {entry.format!r} is none, unlike %Y-%m-%d or ISO8601"
    if entry.categories is None:
        return None
    if not isinstance(entry.categories, list) or bool in map(type, entry.categories):
        return "categories is a list of words; yes, no, true and false need quotes"
    return None


def _is_date_format(form: str) -> bool:
    try:
        pd.to_datetime(["2024-01-01"], format=form, errors="coerce")
    except (ValueError, TypeError):
        return False
    return True


def _source_problem(source: Source) -> str | None:
    """What is wrong with how the file is said to be written."""
    # One character, perhaps with blanks before a quote.
    if source.separator is not None and not re.fullmatch(r".( ?)", source.separator, re.DOTALL):
        return f"separator is {source.separator!r}, not one character"
    if len(source.quote) > 1 or len(source.escape) > 1:
        return "quote and escape are one character, or empty"
    if source.decimal not in (".", ",") or source.thousands == source.decimal:
        return "decimal is . or , and thousands another mark"
    if not isinstance(source.missing, list):
        return "missing is a list of words"
    if type(source.skip_rows) is not int or type(source.skip_rows_after_header) is not int:
        return "skip_rows and skip_rows_after_header are whole numbers"
    try:
        codecs.lookup("utf-8" if source.encoding == "mixed" else source.encoding)
    except LookupError:
        return f"{source.encoding!r} is not an encoding Python knows"
    return None
