"""The entry of a column in the schema."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic.dataclasses import dataclass

from ..io.source import Bool, Text, TextList
from ..project.settings import FORBID, must_be

Kind = Literal["numeric", "category", "boolean", "datetime", "text", "identifier", "ignore"]
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
    """The kind and the rules of a column."""

    kind: Kind
    nullable: Bool = True
    missing: TextList | None = None
    unique: Bool | None = None
    categories: TextList | None = None
    range: Annotated[list[End], AfterValidator(_ordered)] | None = None
    unit: Text | None = None
    format: Annotated[Text, AfterValidator(_date_format)] | None = None
    description: Text = ""
    strict: Bool = False

    @model_validator(mode="after")
    def _fitting(self) -> "Column":
        if self.range is not None and self.kind not in ("numeric", "ignore"):
            raise ValueError(f"kind {self.kind} has no range: remove it")
        if self.categories is not None and self.kind in ("numeric", "boolean", "datetime"):
            raise ValueError(
                f"kind {self.kind} has no categories: make it a category, or leave them out"
            )
        return self

    @property
    def kept(self) -> bool:
        """Whether typed tables contain the column."""
        return self.kind != "ignore"

    def as_dict(self) -> dict[str, Any]:
        """The keys that are set."""
        keys = asdict(self) | {"strict": self.strict or None}
        return {key: value for key, value in keys.items() if value not in (None, "")}
