"""What the contract says of one column, and of how the raw file is written."""

import codecs
import re
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

KINDS = ("numeric", "category", "boolean", "datetime", "text", "identifier", "ignore")
LISTS = ("categories", "range", "missing")  # the other keys hold a word each
TRUTH = {"true": True, "yes": True, "false": False, "no": False}


@dataclass
class Column:
    """What the cells of one column may hold."""

    kind: str
    nullable: bool = True
    unique: bool | None = None
    categories: list[str] | None = None
    range: list[float] | None = None
    unit: str | None = None
    format: str | None = None
    description: str = ""
    strict: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is among the typed columns."""
        return self.kind != "ignore"

    def as_tree(self) -> dict[str, Any]:
        """Its keys, without those it does not use."""
        keys = asdict(self) | {"strict": self.strict or None}
        return {key: value for key, value in keys.items() if value not in (None, "")}

    def problem(self) -> str | None:
        """What is wrong with it."""
        if self.kind not in KINDS:
            return f"kind is {self.kind!r}, not one of {', '.join(KINDS)}"
        if self.range is not None:
            if self.kind not in ("numeric", "ignore"):
                return f"kind {self.kind} has no range"
            if not _is_range(self.range):
                return "range is [lowest, highest]"
        if not (isinstance(self.nullable, bool) and isinstance(self.strict, bool)):
            return "nullable and strict are true or false"
        if not isinstance(self.unique, bool | None):
            return "unique is true or false"
        if self.format is not None and not _is_date_format(self.format):
            return f"format {self.format!r} is none, unlike %Y-%m-%d or ISO8601"
        if self.categories is not None and not isinstance(self.categories, list):
            return f"categories is a list, such as [{self.categories}]"
        if self.categories is not None and self.kind in ("numeric", "boolean", "datetime"):
            return f"kind {self.kind} has no categories: make it a category, or leave them out"
        return None


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

    def problem(self) -> str | None:
        """What is wrong with it."""
        # One character, perhaps with blanks before a quote.
        if self.separator is not None and not re.fullmatch(r".( ?)", self.separator, re.DOTALL):
            return f"separator is {self.separator!r}, not one character"
        if len(self.quote) > 1 or len(self.escape) > 1:
            return "quote and escape are one character, or empty"
        if self.decimal not in (".", ",") or self.thousands == self.decimal:
            return "decimal is . or , and thousands another mark"
        if not isinstance(self.missing, list):
            return "missing is a list of words"
        if not isinstance(self.header, bool):
            return "header is true or false"
        if type(self.skip_rows) is not int or type(self.skip_rows_after_header) is not int:
            return "skip_rows and skip_rows_after_header are whole numbers"
        try:
            codecs.lookup("utf-8" if self.encoding == "mixed" else self.encoding)
        except LookupError:
            return f"{self.encoding!r} is not an encoding Python knows"
        return None


def from_words(key: str, value: Any) -> Any:
    """The value of a key, from the words in the file; as it is when they make no sense."""
    try:
        match key:
            case "nullable" | "unique" | "strict" | "header":
                return TRUTH.get(str(value).lower(), value)
            case "range":
                return [float(end.replace(".inf", "inf")) for end in value]
            case "skip_rows" | "skip_rows_after_header":
                return int(value)
            case _:
                return [str(word) for word in value] if isinstance(value, list) else str(value)
    except (ValueError, TypeError, AttributeError):
        return value


def _is_range(ends: Any) -> bool:
    numbers = isinstance(ends, list) and all(isinstance(end, int | float) for end in ends)
    return numbers and len(ends) == 2 and ends[0] <= ends[1]


def _is_date_format(form: str) -> bool:
    try:
        pd.to_datetime(["2024-01-01"], format=form, errors="coerce")
    except (ValueError, TypeError):
        return False
    return True
