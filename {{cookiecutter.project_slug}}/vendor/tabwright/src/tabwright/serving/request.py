"""The request, as the schema has it: pydantic reads it, OpenAPI shows it, `apply_contract` judges it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from ..project.errors import did_you_mean
from ..schema.column import Column
from ..schema.rules import EMPTY, type_in_words
from ..schema.schema import Schema
from .columns import (
    CODE,
    TEXT,
    TYPES,
    Cells,
    as_series,
    as_text,
    describe_column,
    example,
    plain_type,
)

UNKNOWN = "a column of the schema"
MAX_PROBLEMS = 100  # in an answer


@dataclass(frozen=True)
class Problem:
    """What is wrong in a row, in the words of the schema and without the value."""

    row: int | None  # from 1
    column: str | None
    expected: str


class RefusedError(Exception):
    """A request that is not predicted."""

    def __init__(self, problems: Sequence[Problem], status: int = 422) -> None:
        self.problems, self.status = problems, status


class RowReader:
    """Reads the rows of a request.

    Parameters
    ----------
    raw
        Whether the rows are those of a raw file, which the owner's `clean` turns into those of the
        schema: any column is taken then, and none required.
    max_rows
        The most rows of a request.
    """

    def __init__(self, schema: Schema, *, raw: bool, max_rows: int) -> None:
        self.schema, self.raw, self.max_rows = schema, raw, max_rows
        self.columns = {n: column for n, column in schema.columns.items() if n != schema.target}
        self.names = list(self.columns)
        self._features = [(n, name) for n, name in enumerate(self.names) if name in schema.features]
        self.model = self._row_model("Row", {n: self._type(c) for n, c in self.columns.items()})
        plain = {name: plain_type(column, schema) for name, column in schema.features.items()}
        self.plain_model = (
            None if raw or None in plain.values() else self._row_model("Plain", plain)
        )
        models = [self.plain_model, self.model] if self.plain_model else [self.model]
        self._one = [TypeAdapter[Any](model) for model in models]
        self._many = [
            TypeAdapter[Any](Annotated[list[model], Field(max_length=max_rows)])  # type: ignore[valid-type, arg-type]
            for model in models
        ]

    def _type(self, column: Column) -> Any:
        cell: Any = TYPES.get(column.read_as, CODE)
        return (cell | TEXT if self.raw else cell) | None  # an empty cell is for the schema

    def _row_model(self, title: str, types: Mapping[str, Any]) -> type[BaseModel]:
        """A pydantic model; its fields have numbers for names, for a column may be called `copy`."""
        fields: dict[str, Any] = {}
        for number, (name, column) in enumerate(self.columns.items()):
            required = name in self.schema.features and not column.nullable and not self.raw
            said = describe_column(column) or None
            rules = Field(... if required else None, alias=name, title=name, description=said)
            fields[f"c{number}"] = (types.get(name, self._type(column)), rules)
        # A misspelt column that may be empty would count as empty: what is unknown is refused.
        config = ConfigDict(
            extra="allow" if self.raw else "forbid",
            protected_namespaces=(),
            json_schema_extra={"example": example(self.schema)},
        )
        return create_model(title, __config__=config, **fields)

    def read(self, body: bytes) -> list[BaseModel]:
        """The rows of a body, a JSON object or a list of them.

        Raises
        ------
        RefusedError
            When it is not JSON, or has other columns or types than the schema.
        """
        is_list = is_a_list(body)
        *quick, judge = self._many if is_list else self._one
        for adapter in quick:
            with suppress(ValidationError):
                return _as_list(adapter.validate_json(body))
        try:
            return _as_list(judge.validate_json(body))
        except ValidationError as error:
            raise self._refused(error, is_list) from None

    def are_plain(self, rows: Sequence[BaseModel]) -> bool:
        """Whether the schema has nothing to say about the rows, which are typed already."""
        return self.plain_model is not None and all(type(row) is self.plain_model for row in rows)

    def _refused(self, error: ValidationError, is_list: bool) -> RefusedError:
        found: dict[tuple[int | None, str | None], str] = {}
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            kind, place = wrong["type"], list(wrong["loc"])
            if kind == "too_long":
                return RefusedError([Problem(None, None, f"at most {self.max_rows} rows")], 413)
            if kind == "json_invalid":
                return RefusedError([Problem(None, None, f"JSON ({wrong['msg']})")])
            row = int(place.pop(0)) + 1 if is_list and place else None if is_list else 1
            name = str(place[0]) if place else None
            if (row, name) not in found:
                found[row, name] = self._expected(kind, name)
            if len(found) == MAX_PROBLEMS:
                break
        problems = [Problem(*place, expected) for place, expected in found.items()]
        return RefusedError(problems)

    def _expected(self, kind: str, name: str | None) -> str:
        if name is None:
            return "an object with a value for each column"
        if name not in self.columns:
            return UNKNOWN + (did_you_mean(name, self.names) if len(name) < 100 else "")
        if kind == "missing":
            return EMPTY
        return type_in_words(self.columns[name])

    def cells(self, rows: Sequence[BaseModel]) -> pd.DataFrame:
        """Untyped cells with the columns of the rows, as a file has them."""
        if self.raw:
            dumped = [row.model_dump(by_alias=True, exclude_unset=True) for row in rows]
            if self.schema.source.separator:
                decimal = self.schema.source.decimal
                dumped = [{n: as_text(v, decimal) for n, v in row.items()} for row in dumped]
                return pd.DataFrame(dumped, range(len(rows)), dtype="str")
            return pd.DataFrame(dumped, range(len(rows)))
        columns = self.columns_of(rows)
        return pd.DataFrame({n: as_series(columns[n], c) for n, c in self.schema.features.items()})

    def columns_of(self, rows: Sequence[BaseModel]) -> dict[str, Cells]:
        """The cells of each column, without the time that making a table takes."""
        values = zip(*(vars(row).values() for row in rows), strict=True)
        return dict(zip(self.names, map(Cells, values), strict=False))

    def features(self, row: BaseModel, cells: pd.Series | None) -> dict[str, Any]:
        """The features of a row as they were sent, or its cells as `clean` made them, for the log."""
        if cells is not None:
            found = cells[list(self.schema.features)].astype(object)
            return found.where(found.notna(), None).to_dict()
        return {name: getattr(row, f"c{n}") for n, name in self._features}

    def key(self, row: BaseModel) -> str | None:
        """The identifier of a row, the first of several."""
        if (name := self.schema.identifier) is None:
            return None
        found = getattr(row, f"c{self.names.index(name)}")
        return None if found is None else str(found)


def is_a_list(body: bytes) -> bool:
    """Whether a body of JSON is a list."""
    return body.lstrip()[:1] == b"["


def _as_list(found: Any) -> list[BaseModel]:
    return found if isinstance(found, list) else [found]
