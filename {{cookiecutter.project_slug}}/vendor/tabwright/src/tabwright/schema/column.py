"""The entry of a column in the schema."""

from dataclasses import asdict
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic.dataclasses import dataclass

from ..io.source import Bool, Text, TextList
from ..project.settings import FORBID, must_be

Type = Literal["numeric", "category", "boolean", "datetime", "text"]
Role = Literal["identifier", "ignore"]
End = Annotated[
    float,
    BeforeValidator(lambda end: str(end).replace(".inf", "inf")),
    must_be("a number, such as 0 or .inf"),
]


def _ordered(ends: list[float]) -> list[float]:
    if len(ends) != 2 or not ends[0] <= ends[1]:
        raise ValueError("must be [lowest, highest]")
    return ends


def _date_format(form: str) -> str:
    import pandas as pd

    try:
        pd.to_datetime(["2024-01-01"], format=form, errors="coerce")
    except (ValueError, TypeError) as error:
        raise ValueError(f"must be like %Y-%m-%d, or ISO8601, not {form!r}") from error
    return form


@dataclass(config=FORBID)
class Column:
    """The type, the role and the rules of a column.

    Attributes
    ----------
    role
        Of a column that is no feature: an identifier is carried along, what to ignore is not read.
    """

    type: Type
    nullable: Bool = True
    role: Role | None = None
    missing: TextList | None = None
    unique: Bool | None = None
    categories: TextList | None = None
    range: Annotated[list[End], AfterValidator(_ordered)] | None = None
    unit: Text | None = None
    format: Annotated[Text, AfterValidator(_date_format)] | None = None
    description: Text = ""
    strict: Bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_kind(cls, entry: Any) -> Any:
        """Read the `kind` of older schemas, which was the type or the role."""
        if not isinstance(entry, dict) or "kind" not in entry:
            return entry
        kind, keys = entry["kind"], {key: entry[key] for key in entry if key != "kind"}
        if kind not in get_args(Role):
            return {"type": kind} | keys
        types = {"range": "numeric", "categories": "category", "format": "datetime"}
        found = [column_type for key, column_type in types.items() if key in keys]
        return {"type": found[0] if found else "text", "role": kind} | keys

    @model_validator(mode="after")
    def _fitting(self) -> "Column":
        if self.range is not None and self.type != "numeric":
            raise ValueError(f"type {self.type} has no range: remove it")
        if self.categories is not None and self.type in ("numeric", "boolean", "datetime"):
            raise ValueError(
                f"type {self.type} has no categories: make it a category, or leave them out"
            )
        return self

    @property
    def kept(self) -> bool:
        """Whether typed tables contain the column."""
        return self.role != "ignore"

    @property
    def role_or_type(self) -> str:
        """The role of a column that is no feature, of others the type."""
        return self.role or self.type

    @property
    def read_as(self) -> str:
        """The type that cells are read as: of an identifier text; empty if they are not read."""
        if self.role is None:
            return self.type
        return "text" if self.role == "identifier" else ""

    def as_dict(self) -> dict[str, Any]:
        """The keys that are set."""
        first = {"type": self.type, "role": self.role}
        keys = first | asdict(self) | {"strict": self.strict or None}
        return {key: value for key, value in keys.items() if value not in (None, "")}
