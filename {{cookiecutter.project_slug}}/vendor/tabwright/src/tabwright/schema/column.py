"""What the contract says of one column, and of how the raw file is written."""

import codecs
from dataclasses import asdict, field
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from ..project.settings import FORBID, must_be

Kind = Literal["numeric", "category", "boolean", "datetime", "text", "identifier", "ignore"]
Truth = Annotated[bool, must_be("true or false")]
Word = Annotated[str, must_be("a word, not a list or a mapping")]
Words = Annotated[list[str], must_be("a list, such as [a, b]")]
Character = Annotated[str, Field(max_length=1), must_be("one character, or empty")]
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
    try:
        pd.to_datetime(["2024-01-01"], format=form, errors="coerce")
    except (ValueError, TypeError) as error:
        raise ValueError(f"must be like %Y-%m-%d, or ISO8601, not {form!r}") from error
    return form


def _encoding(name: str) -> str:
    try:
        codecs.lookup("utf-8" if name == "mixed" else name)
    except LookupError as error:
        raise ValueError(f"must be one that Python knows, not {name!r}") from error
    return name


@dataclass(config=FORBID)
class Column:
    """What the cells of one column may hold."""

    kind: Kind
    nullable: Truth = True
    unique: Truth | None = None
    categories: Words | None = None
    range: Annotated[list[End], AfterValidator(_ordered)] | None = None
    unit: Word | None = None
    format: Annotated[Word, AfterValidator(_date_format)] | None = None
    description: Word = ""
    strict: Truth = False

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
        """Whether it is among the typed columns."""
        return self.kind != "ignore"

    def as_tree(self) -> dict[str, Any]:
        """Its keys, without those it does not use."""
        keys = asdict(self) | {"strict": self.strict or None}
        return {key: value for key, value in keys.items() if value not in (None, "")}


@dataclass(config=FORBID)
class Source:
    """How the raw file is written; `separator` is None for files that are no text."""

    # A blank may follow it, before a quote.
    separator: Annotated[
        Annotated[str, Field(pattern=r"^(?s:.) ?$")] | None, must_be("one character")
    ] = ","
    encoding: Annotated[Word, AfterValidator(_encoding)] = "utf-8"
    decimal: Annotated[str, Field(pattern="^[.,]$"), must_be(". or ,")] = "."
    thousands: Word = ""
    missing: Words = field(default_factory=lambda: [""])
    header: Truth = True
    quote: Character = '"'
    escape: Character = ""
    skip_rows: int = 0
    skip_rows_after_header: int = 0
    sheet: Word = ""

    @model_validator(mode="after")
    def _fitting(self) -> "Source":
        if self.thousands == self.decimal:
            raise ValueError("thousands must be another mark than decimal")
        return self

    @property
    def mark(self) -> str:
        """The character that parts cells; in `separator` a blank may follow it."""
        return (self.separator or ",")[0]

    def marks_in_words(self, unit: str | None) -> str:
        """How a number with this sign is written."""
        thousands = f" and thousands {self.thousands!r}" if self.thousands else ""
        return f"with decimal {self.decimal!r}{thousands}" + (f", in {unit}" if unit else "")

    def unusual(self) -> dict[str, Any]:
        """What differs from a plain CSV file, beyond the words for an empty cell."""
        usual = asdict(Source()) | {"missing": self.missing}
        text = ("separator", "encoding", "quote", "escape")
        keys = usual if self.separator else [key for key in usual if key not in text]
        return {key: getattr(self, key) for key in keys if getattr(self, key) != usual[key]}

    def as_tree(self) -> dict[str, Any]:
        """What the contract says of the file: what may need a correction, and what is unusual."""
        text = {"separator": self.separator, "encoding": self.encoding, "decimal": self.decimal}
        return (text if self.separator else {}) | {"missing": self.missing} | self.unusual()
