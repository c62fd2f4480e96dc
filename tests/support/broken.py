"""Broken input: each ends in a sentence that says what, where and what to do, and harms nothing.

A case is a function that leaves a broken table in `data/raw` and returns its name there, or that
breaks a text which it is given. Its words, patterns all, are what the sentence must hold; `either`
marks input which a good reader may well make sense of, so that it may work too.
"""

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .dataset_runner import SECONDS, DatasetRunner, StepResult, plain_user

LINES, LENGTH = 25, 2500  # a message is read on one screen
ADVICE = re.compile(
    r"\b(add|ask|change|check|choose|close|convert|copy|correct|delete|did you mean|download|export"
    r"|fetch|fill|fix|give|install|keep|list|lower|make|mark|move|must|name|needs?|one of|put"
    r"|quote|raise|remove|rename|replace|save|see|set|split|start|take|tell|try|unpack|unzip|use|write)\b",
    re.IGNORECASE,
)
REJECTED = "data/interim/rejected.parquet"
ROWS = 40
CUT = "truncated|cut|incomplete|damaged|end|whole|broken"


@dataclass(frozen=True)
class Case:
    """How to break something, and what is to be said about it."""

    make: Callable[[Any], Any]
    words: tuple[str, ...]
    either: bool = False
    target: Any = "y"
    leaves: tuple[str, ...] = ()  # files that a refusal may leave, because its message names them
    permitted: bool = True  # to read what permissions forbid, as the superuser is
    params: dict[str, Any] = field(default_factory=dict)


def add(cases: list[Case], *words: str, **more: Any) -> Callable[[Callable], Callable]:
    """Put a function among the cases."""

    def register(make: Callable) -> Callable:
        cases.append(Case(make, words, **more))
        return make

    return register


def every(cases: list[Case]) -> pytest.MarkDecorator:
    """Test each case under the name of its function."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.make.__name__)


def outcome(runner: DatasetRunner, case: Case) -> StepResult:
    """Make a dataset of the table that a case leaves."""
    name = case.make(runner.clear())
    with nullcontext() if case.permitted else plain_user():
        return runner.run(name, case.target, **case.params)


def assert_explained(run: StepResult, case: Case) -> None:
    """Hold the end of a step to what is asked of it."""
    assert run.broke is None, f"{type(run.broke).__name__}: {run.broke}"
    if run.worked and case.either:
        return
    assert not run.worked, "it worked"
    assert run.message.startswith("error: "), run.message
    assert "Traceback" not in run.message + run.output, run
    missing = [word for word in case.words if not re.search(word, run.message, re.IGNORECASE)]
    assert not missing, run.message
    assert ADVICE.search(run.message), f"nothing to do: {run.message}"
    assert len(run.message) <= LENGTH, run.message
    assert run.message.count("\n") < LINES, run.message
    assert run.changed <= set(case.leaves), run.changed
    assert run.seconds < SECONDS / 2, run.seconds


def frame(rows: int = ROWS) -> pd.DataFrame:
    """A column of each kind, and two which are the same in every row."""
    return pd.DataFrame(
        {
            "key": [f"k{n:04d}" for n in range(rows)],
            "size": [n * 7 % 11 + 0.5 for n in range(rows)],
            "colour": [("red", "blue", "green")[n % 3] for n in range(rows)],
            "seen": [f"2024-0{1 + n % 9}-{1 + n % 28:02d}" for n in range(rows)],
            "site": ["Bern"] * rows,
            "day": ["2024-05-01"] * rows,
            "y": ["yes" if n % 4 else "no" for n in range(rows)],
        }
    )


def csv(table: pd.DataFrame | None = None, **options: Any) -> bytes:
    """The bytes of a table, as most people write one."""
    table = frame() if table is None else table
    return table.to_csv(index=False, lineterminator="\n", **options).encode()


def put(raw: Path, name: str, content: bytes) -> str:
    """Write a file, and the folder it is in."""
    path = raw / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return name


def good(raw: Path) -> str:
    """Nothing is wrong with this one."""
    return put(raw, "table.csv", csv())


@cache
def whole(runner: DatasetRunner) -> Path:
    """The project when a dataset has been made of it."""
    run = runner.run(good(runner.clear()), "y")
    assert run.worked, run
    return runner.keep("whole")


def parquet(table: pd.DataFrame | pa.Table | None = None) -> bytes:
    """The bytes of a Parquet file."""
    table = frame() if table is None else table
    file = io.BytesIO()
    pq.write_table(pa.table(table) if isinstance(table, pd.DataFrame) else table, file)
    return file.getvalue()


def zipped(**files: bytes) -> bytes:
    """The bytes of a zip file; `_` in a name stands for the dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()
