"""How a file is written: its delimiter, encoding, marks in numbers and lines that are no rows."""

import codecs
from dataclasses import asdict, field
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from ..project.settings import FORBID, must_be

Truth = Annotated[bool, must_be("true or false")]
Word = Annotated[str, must_be("a word, not a list or a mapping")]
Words = Annotated[list[str], must_be("a list, such as [a, b]")]
Character = Annotated[str, Field(max_length=1), must_be("one character, or empty")]


class KnownColumns(NamedTuple):
    """What a schema says of a file without a header: its columns in their order, and the target.

    The target may be left out of a file of new rows.
    """

    names: list[str]
    target: str


def _encoding(name: str) -> str:
    try:
        codecs.lookup("utf-8" if name == "mixed" else name)
    except LookupError as error:
        raise ValueError(f"must be one that Python knows, not {name!r}") from error
    return name


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
