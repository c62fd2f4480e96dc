"""What a check of the data finds."""

from dataclasses import dataclass

IGNORE = "kind: ignore in references/schema.yaml"


@dataclass(frozen=True)
class Issue:
    """One finding: what is so, in which column if any, and the setting that settles it."""

    kind: str
    column: str | None
    message: str
    remedy: str
