"""The request, as the schema has it: pydantic reads it, OpenAPI shows it, `apply_contract` judges it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from ..project.errors import did_you_mean
from ..schema.column import Column
from ..schema.rules import EMPTY, MAX_NUMBER, kind_in_words
from ..schema.schema import Schema

NUMBER = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MAX_NUMBER, le=MAX_NUMBER)]
TRUTH = Annotated[bool, Field(strict=True)]
TEXT = Annotated[str, Field(strict=True)]
CODE = TEXT | Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]  # 7 is the text "7"
CELL = TEXT | TRUTH | NUMBER | None  # as in a file
TYPES = {"numeric": NUMBER, "boolean": TRUTH, "datetime": TEXT, "ignore": CELL}
UNKNOWN = "a column of the schema"
MAX_PROBLEMS = 100  # in an answer


class Problem(NamedTuple):
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
        self.model = self._row_model()
        self.one: TypeAdapter[Any] = TypeAdapter(self.model)
        self.many: TypeAdapter[Any] = TypeAdapter(
            Annotated[list[self.model], Field(max_length=max_rows)]  # type: ignore[name-defined, arg-type]
        )

    def _row_model(self) -> type[BaseModel]:
        """A pydantic model; its fields have numbers for names, for a column may be called `copy`."""
        fields: dict[str, Any] = {}
        for number, (name, column) in enumerate(self.columns.items()):
            kind: Any = TYPES.get(column.kind, CODE)
            required = name in self.schema.features and not column.nullable and not self.raw
            kind = (kind | TEXT if self.raw else kind) | None  # an empty cell is for the schema
            rules = Field(
                ... if required else None,
                alias=name,
                title=name,
                description=describe_column(column) or None,
            )
            fields[f"c{number}"] = (kind, rules)
        # A misspelt column that may be empty would count as empty: what is unknown is refused.
        config = ConfigDict(
            extra="allow" if self.raw else "forbid",
            protected_namespaces=(),
            json_schema_extra={"example": example(self.schema)},
        )
        return create_model("Row", __config__=config, **fields)

    def read(self, body: bytes) -> list[BaseModel]:
        """The rows of a body, a JSON object or a list of them.

        Raises
        ------
        RefusedError
            When it is not JSON, or has other columns or types than the schema.
        """
        is_list = body.lstrip()[:1] == b"["
        try:
            if is_list:
                rows: list[BaseModel] = self.many.validate_json(body)
                return rows
            return [self.one.validate_json(body)]
        except ValidationError as error:
            raise self._refused(error, is_list) from None

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
        return kind_in_words(self.columns[name])

    def cells(self, rows: Sequence[BaseModel]) -> pd.DataFrame:
        """Untyped cells with the columns of the rows, as a file has them."""
        if self.raw:
            dumped = [row.model_dump(by_alias=True, exclude_unset=True) for row in rows]
            if self.schema.source.separator:
                decimal = self.schema.source.decimal
                dumped = [{n: _as_text(v, decimal) for n, v in row.items()} for row in dumped]
                return pd.DataFrame(dumped, range(len(rows)), dtype="str")
            return pd.DataFrame(dumped, range(len(rows)))
        values = zip(*(vars(row).values() for row in rows), strict=True)
        table = dict(zip(self.names, values, strict=True))
        return pd.DataFrame(
            {name: _series(table[name], column) for name, column in self.schema.features.items()}
        )

    def features(self, rows: Sequence[BaseModel], cells: pd.DataFrame) -> list[dict[str, Any]]:
        """The features of each row as they were sent, or as `clean` made them, for the log."""
        names = list(self.schema.features)
        if self.raw:
            table = cells[names].astype(object)
            return table.where(table.notna(), None).to_dict("records")
        fields = {name: f"c{self.names.index(name)}" for name in names}
        return [{name: getattr(row, field) for name, field in fields.items()} for row in rows]

    def key(self, row: BaseModel) -> str | None:
        """The identifier of a row, the first of several."""
        for number, column in enumerate(self.columns.values()):
            if column.kind == "identifier":
                found = getattr(row, f"c{number}")
                return None if found is None else str(found)
        return None


def example(schema: Schema) -> dict[str, Any]:
    """A made-up row that satisfies the schema: rows of people do not belong on a page."""
    return {name: _example(column) for name, column in schema.features.items()}


def _example(column: Column) -> Any:
    match column.kind:
        case "numeric":
            low, high = column.range or (0.0, 1.0)
            middle = max(low, -MAX_NUMBER) / 2 + min(high, MAX_NUMBER) / 2
            return next((n for n in (round(middle, 3), middle) if low <= n <= high), low)
        case "boolean":
            return True
        case "datetime":
            moment, form = datetime(2026, 1, 31, 12), column.format
            return moment.isoformat() if form in (None, "ISO8601") else moment.strftime(form)
        case _ if column.categories:
            return column.categories[0]
        case _:
            return "text"


def describe_column(column: Column) -> str:
    """The description of a column, with the values that are expected."""
    parts: list[str] = [column.description] if column.description else []
    if column.range is not None:
        parts.append(f"from {column.range[0]:g} to {column.range[1]:g}")
    if column.categories is not None:
        parts.append(f"one of {', '.join(column.categories)}")
    if column.kind == "datetime":
        parts.append(kind_in_words(column))
    return "; ".join(parts)


def _series(cells: Iterable[Any], column: Column) -> pd.Series:
    match column.kind:
        case "numeric":
            return pd.Series(cells, dtype="float64")
        case "boolean":
            return pd.Series(cells, dtype="boolean")
        case _:
            texts = [str(cell) if isinstance(cell, int) else cell for cell in cells]
            return pd.Series(texts, dtype="str")


def _as_text(value: Any, decimal: str) -> str | None:
    """A cell as a file of text has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace(".", decimal)
    return None if value is None else str(value)
