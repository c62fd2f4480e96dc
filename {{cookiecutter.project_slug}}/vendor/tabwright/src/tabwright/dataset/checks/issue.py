"""The results of a data check: issues, and what it looked for."""

from dataclasses import dataclass

import pandas as pd

IGNORE = "role: ignore in references/schema.yaml"


@dataclass(frozen=True)
class Issue:
    """An issue in the data: its kind, the column if any, and a remedy."""

    kind: str
    column: str | None
    message: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        where = f"column {self.column!r}: " if self.column else ""
        return f"{where}{self.message}; {self.remedy}"


@dataclass(frozen=True)
class Checked:
    """What a check measures, its limit, and the nearest value within it."""

    kind: str
    measure: str
    limit: str
    nearest: str


def nearest(scores: pd.Series, form: str = ".2f") -> str:
    """The column with the highest of some scores, and the score; the limit is above them all."""
    scores = scores.dropna()
    if scores.empty:
        return ""
    name = scores.idxmax()
    return f"nearest {name!r} with {scores[name]:{form}}"
