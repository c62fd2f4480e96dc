"""Count which faults were tried, and which of them the project survived."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

TRIED: Counter[str] = Counter()
SURVIVED: Counter[str] = Counter()


def some(params: Sequence[Any], every: int) -> list[Any]:
    """Mark all but each n-th parameter as thorough; those run with `--moments 50` and more."""
    return [
        pytest.param(param, marks=[] if number % every == 0 else pytest.mark.thorough)
        for number, param in enumerate(params)
    ]


def asked_for(request: pytest.FixtureRequest, name: str) -> list[Any]:
    """The values of a parameter in all tests of this run."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    return [spec.params[name] for spec in specs if spec and name in spec.params]


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
