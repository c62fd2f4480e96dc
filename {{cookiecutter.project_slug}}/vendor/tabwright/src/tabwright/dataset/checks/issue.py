"""What a check of the data finds."""

from dataclasses import dataclass

IGNORE = "kind: ignore in references/schema.yaml"


@dataclass(frozen=True)
class Issue:
    """One finding: what it is, in which column if any, and its remedy."""

    kind: str
    column: str | None
    message: str
    remedy: str
