"""Count the cells that break each rule, and their values."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from .rules import COLUMN, RULE, VALUE

MAX_VALUES = 1000  # distinct values kept for each rule
MAX_SHOWN = 5  # values


@dataclass
class ProblemCounts:
    """Counts by column and broken rule, in constant memory."""

    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    words: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, problems: pd.DataFrame) -> None:
        """Add the problems of further rows."""
        for key, lines in problems.groupby([COLUMN, RULE], sort=False):
            self.cells[key] += len(lines)
            words = self.words[key] + Counter(lines[VALUE].dropna().tolist())
            self.words[key] = Counter(dict(words.most_common(MAX_VALUES)))


def most_common(values: Mapping[str, int]) -> str:
    """List the most frequent values with their counts."""
    often = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:MAX_SHOWN]
    most = [f"{value[:80]!r} ({count})" for value, count in often]
    if len(values) == 1:
        return most[0].rpartition(" ")[0]
    return ", ".join(most) + (", ..." if len(values) > MAX_SHOWN else "")


def in_rows(number: int) -> str:
    """A number with its unit."""
    return "1 row" if number == 1 else f"{number} rows"
