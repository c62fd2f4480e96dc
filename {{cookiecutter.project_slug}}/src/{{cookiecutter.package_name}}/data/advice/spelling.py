"""Find values that look alike: they differ only in case or in blanks."""

import re
import unicodedata
from collections.abc import Iterable


def spellings(values: Iterable[str]) -> list[list[str]]:
    """Groups of values that are the same without regard to case, blanks and invisible characters."""
    groups: dict[str, list[str]] = {}
    for value in values:
        groups.setdefault(_folded(value), []).append(value)
    return [group for group in groups.values() if len(group) > 1]


def _folded(value: str) -> str:
    text = re.sub(r"\s+", "", unicodedata.normalize("NFC", value))
    return "".join(c for c in text if unicodedata.category(c) != "Cf").casefold()
