"""The result of a data check."""

from dataclasses import dataclass

IGNORE = "kind: ignore in references/schema.yaml"


@dataclass(frozen=True)
class Issue:
    """An issue in the data: its kind, the column if any, and a remedy."""

    kind: str
    column: str | None
    message: str
    remedy: str
