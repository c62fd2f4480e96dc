"""Count which faults were tried, and which of them the project survived."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

TRIED: Counter[str] = Counter()
SURVIVED: Counter[str] = Counter()


@contextmanager
def trying(fault: str, moments: int = 1) -> Iterator[None]:
    """Count moments of a fault; they are survived when the block succeeds."""
    TRIED[fault] += moments
    yield
    SURVIVED[fault] += moments


def table() -> list[str]:
    """The lines of a Markdown table."""
    rows = [(fault, str(tried), str(SURVIVED[fault])) for fault, tried in TRIED.items()]
    total = ("all", str(TRIED.total()), str(SURVIVED.total()))
    head = [("fault", "tried", "survived"), ("---", "---", "---")]
    return [f"| {' | '.join(row)} |" for row in [*head, *sorted(rows), total]]
