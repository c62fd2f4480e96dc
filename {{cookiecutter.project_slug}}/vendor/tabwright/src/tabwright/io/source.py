"""The dialect of a file: delimiter, encoding, number separators, lines to skip."""

import codecs
from dataclasses import asdict, field
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from ..project.settings import FORBID, must_be

Bool = Annotated[bool, must_be("true or false")]
Text = Annotated[str, must_be("a word, not a list or a mapping")]
TextList = Annotated[list[str], must_be("a list, such as [a, b]")]
Character = Annotated[str, Field(max_length=1), must_be("one character, or empty")]


class KnownColumns(NamedTuple):
    """The columns of a file without a header, in order, and which of them is the target.

    A file of new rows may lack the target.
    """

    names: list[str]
    target: str


def _encoding(name: str) -> str:
    try:
        codecs.lookup("utf-8" if name == "mixed" else name)
    except LookupError as error:
        raise ValueError(f"must be an encoding of Python, not {name!r}") from error
    return name


@dataclass(config=FORBID)
class Source:
    """The dialect of the raw file; `separator` is None for formats other than text."""

    # One character, and a space where one comes before a quote.
    separator: Annotated[
        Annotated[str, Field(pattern=r"^(?s:.) ?$")] | None, must_be("one character")
    ] = ","
    encoding: Annotated[Text, AfterValidator(_encoding)] = "utf-8"
    decimal: Annotated[str, Field(pattern="^[.,]$"), must_be(". or ,")] = "."
    thousands: Text = ""
    missing: TextList = field(default_factory=lambda: [""])
    header: Bool = True
    quote: Character = '"'
    escape: Character = ""
    skip_rows: int = 0
    skip_rows_after_header: int = 0
    sheet: Text = ""

    @model_validator(mode="after")
    def _fitting(self) -> "Source":
        if self.thousands == self.decimal:
            raise ValueError("thousands must differ from decimal")
        return self

    @property
    def delimiter(self) -> str:
        """The character between cells, without the space that may follow it in `separator`."""
        return (self.separator or ",")[0]

    def describe_numbers(self, unit: str | None) -> str:
        """Describe the number format, for messages."""
        thousands = f" and thousands {self.thousands!r}" if self.thousands else ""
        return f"with decimal {self.decimal!r}{thousands}" + (f", in {unit}" if unit else "")

    def non_default(self) -> dict[str, Any]:
        """The keys that differ from a plain CSV file, except `missing`."""
        usual = asdict(Source()) | {"missing": self.missing}
        text = ("separator", "encoding", "quote", "escape")
        keys = usual if self.separator else [key for key in usual if key not in text]
        return {key: getattr(self, key) for key in keys if getattr(self, key) != usual[key]}

    def as_dict(self) -> dict[str, Any]:
        """The keys for schema.yaml: those that often need correction, and non-default ones."""
        text = {"separator": self.separator, "encoding": self.encoding, "decimal": self.decimal}
        return (text if self.separator else {}) | {"missing": self.missing} | self.non_default()
