"""Compare the schema with the raw file; `--update` relaxes it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from ..project.commands import Arguments, command_parser
from ..project.project import Project
from ..schema.cells import without_missing
from ..schema.column import Column
from ..schema.guess import MAX_CATEGORIES, MISSING, MISSING_NUMBER, generous_range, guess_column
from ..schema.rules import EMPTY, did_you_mean, in_rows, most_common, type_in_words
from ..schema.schema import Schema, load_schema, print_positive_class
from ..schema.yaml_file import OneLine, as_yaml
from .clean import find_clean
from .observed import ObservedTable, profile
from .update import update_schema


@dataclass(frozen=True)
class Difference:
    """A difference between file and schema, and the keys of the schema that would allow it.

    Without keys the owner has to decide.
    """

    column: str | None  # None: the dialect
    message: str
    keys: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line."""
        where = "the file" if self.column is None else f"column {self.column!r}"
        return f"{where}: {self.message}"


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("schema", __doc__)
    parser.add_argument("--update", action="store_true", help="update the schema")
    options = parser.parse_args(arguments)
    params, schema = project.params, load_schema(project.schema_file)
    print_positive_class(schema)
    observed = profile(project.raw_file, schema, params.seed, find_clean(project))
    found = list(differences(observed, schema))
    if not found:
        print(f"references/schema.yaml and {params.data.raw} agree in all {observed.rows} rows")
        return
    ready = [difference for difference in found if difference.keys]
    if options.update and ready:
        update_schema(project.schema_file, [(d.column, d.keys) for d in ready])
        print("references/schema.yaml now allows:", *ready, sep="\n  ")
        found, ready = [difference for difference in found if not difference.keys], []
    if found:
        print(f"references/schema.yaml and {params.data.raw} differ:", *found, sep="\n  ")
    if open_ends := len(found) - len(ready):
        print(f"to be decided by you: {open_ends}. Correct the file or the schema")
    if ready:
        print(f"`make schema UPDATE=1` writes {len(ready)} of these {len(found)} into the schema")


def differences(observed: ObservedTable, schema: Schema) -> Iterator[Difference]:
    """Yield differences: of the dialect, then new columns, then those of the schema."""
    agreed = asdict(schema.source)
    for key, value in asdict(observed.source).items():
        if value != agreed[key]:
            message = f"{key} is {value!r}, in the schema {agreed[key]!r}"
            yield Difference(None, message, {key: value})
    if observed.ragged:
        first = observed.ragged[0]
        rows = f"{in_rows(len(observed.ragged))} malformed, the first is row {first.row}"
        yield Difference(None, f"{rows}, expected {first.rule}")
    for name in observed.table.columns.difference(list(schema.columns), sort=False):
        entry = _guess(name, observed).as_dict()
        yield Difference(name, f"new; it seems to be {as_yaml(OneLine(entry)).rstrip()}", entry)
    for name, column in schema.columns.items():
        if name in observed.table.columns:
            for found in _differences_in(name, column, observed):
                rule = replace(found, message=f"{found.message}; strict: true forbids it", keys={})
                yield rule if column.strict else found
        else:
            hint = did_you_mean(name, observed.table.columns).removeprefix(f"{name!r}")
            yield Difference(name, f"not in the file{hint}")


def _differences_in(name: str, column: Column, observed: ObservedTable) -> Iterator[Difference]:
    for key, cells in observed.broken.cells.items():
        if key[0] == name:
            yield _broken(name, column, key[1], cells, observed)
    if count := observed.duplicates.get(name):
        yield Difference(name, f"repeated values in {in_rows(count)}", {"unique": False})


def _broken(
    name: str, column: Column, rule: str, cells: int, observed: ObservedTable
) -> Difference:
    values = observed.broken.words[name, rule]
    if rule == EMPTY:
        return Difference(name, f"empty in {in_rows(cells)}", {"nullable": True})
    if rule.startswith(type_in_words(column)):
        message = f"not {rule} in {cells} of {in_rows(observed.rows)}: {most_common(values)}"
        return _unreadable(name, column, message, observed)
    if column.range is not None:
        low, high = observed.ends[name]
        agreed, now = (f"{start:.15g} to {end:.15g}" for start, end in (column.range, (low, high)))
        message = f"outside {agreed} in {in_rows(cells)}; the observed range is {now}"
        return Difference(name, message, {"range": _widen(column.range, low, high)})
    known = column.categories or []
    message = f"{in_rows(cells)} with {most_common(values)}, not among its {len(known)} categories"
    if len(values) > MAX_CATEGORIES:
        return Difference(name, f"{message}; without `categories` any value is allowed")
    return Difference(name, message, {"categories": [*known, *sorted(values)]})


def _unreadable(name: str, column: Column, message: str, observed: ObservedTable) -> Difference:
    fresh = _guess(name, observed)
    if column.read_as == fresh.read_as == "datetime" and fresh.format not in (None, column.format):
        seems = f"; dates seem to be written like {fresh.format}"
        return Difference(name, message + seems, {"format": fresh.format})
    for word in observed.broken.words[name, type_in_words(column)]:
        if word in MISSING or word.lower() in MISSING_NUMBER:
            message += f"; if {word!r} is an empty cell, add it to source.missing"
    return Difference(name, message)


def _widen(agreed: list[float], low: float, high: float) -> list[float]:
    """Widen the range, with some margin, on the side where it is too narrow."""
    room = generous_range(pd.Series([low, high]))
    return [room[0] if low < agreed[0] else agreed[0], room[1] if high > agreed[1] else agreed[1]]


def _guess(name: str, observed: ObservedTable) -> Column:
    cells = without_missing(observed.table[name], observed.source.missing)
    return guess_column(cells, name, observed.source, observed.whole)
