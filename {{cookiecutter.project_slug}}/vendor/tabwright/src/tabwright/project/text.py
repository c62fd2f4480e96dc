"""Text for people: tables and lists of names."""

from collections.abc import Iterable, Sequence


def listed(names: Sequence[str], most: int) -> str:
    """The first `most` names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def score(value: float) -> str:
    """A score with four decimals, a large one with fewer."""
    return f"{value:,.{4 if abs(value) < 100 else 1 if abs(value) < 10_000 else 0}f}"


def aligned(rows: Iterable[Sequence[object]], width: int = 1000) -> str:
    """Rows of cells as lines of text with aligned columns, cells cut to `width` characters."""
    cells = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    cells = [[c if len(c) <= width else f"{c[: width - 1]}…" for c in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
