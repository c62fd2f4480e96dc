"""What was asked and answered, kept to watch a model and to join outcomes that arrive later.

The log is an SQLite file a day in `data/log`, on a local disk, as SQLite's locks do not hold on network file
systems: several processes append to it, a kill loses nothing that was answered, retention deletes files.
"""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..project.errors import ProjectError
from .database import DAYS, cell, connect, delete_days, empty_journal, insert, opened, read_days
from .entry import Answer, Batch, Refusal

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 5_000  # of a batch are kept, evenly spaced; its counts are of all
KEEP_DAYS = 30  # unless SERVE_LOG_DAYS says otherwise
OUTCOMES = "outcomes.db"


class Log:
    """Today's file, changed when the day is over; threads may share it."""

    def __init__(self, folder: Path, keep_days: int) -> None:
        self.folder, self.keep_days = folder, keep_days
        self._path = folder
        self._file: sqlite3.Connection | None = None
        self._lock = Lock()

    def append(self, answers: Iterable[Answer], refusals: Iterable[Refusal], batch: Batch) -> None:
        """Keep a batch, all of it or nothing.

        Raises
        ------
        sqlite3.Error, OSError
            When the file is damaged, the disk is full, or another process writes for `PATIENCE`.
        """
        lines = [
            (one.id, one.key, batch.at, batch.source, *(cell(part) for part in one[2:]))
            for one in answers
        ]
        with self._lock, self._today() as file:
            insert(file, "answers", lines)
            insert(file, "batches", [batch])
            file.execute("delete from refusals where batch = ?", (batch.id,))
            insert(file, "refusals", [(batch.id, *refusal) for refusal in refusals])

    def _today(self) -> sqlite3.Connection:
        today = datetime.now(UTC).date()
        path = self.folder / f"{today}.db"
        if self._file is None or self._path != path or not path.exists():  # somebody moved it
            self.close()
            delete_days(self.folder, today - timedelta(days=self.keep_days))
            self._file, self._path = connect(path), path
        return self._file

    def close(self) -> None:
        """Close the file; `append` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def keep_days(text: str) -> int:
    """The days that `SERVE_LOG_DAYS` says, the usual ones if none; a `ProjectError` if no number."""
    if text and not text.isdecimal():
        raise ProjectError("SERVE_LOG_DAYS should be a number of days, or 0 for no log")
    return int(text or KEEP_DAYS)


def now() -> str:
    """The time, as the log has it: UTC in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def read_answers(folder: Path, since: date | None = None) -> "pd.DataFrame":
    """All answers in order of time, each once.

    Parameters
    ----------
    since
        A day, or a time in UTC.

    Returns
    -------
    DataFrame
        The columns of the table `answers`, with `row`, `scores` and `shadow_scores` as Python
        objects, and `outcome`: what became known under the answer's own id, else under its key.

    Raises
    ------
    ProjectError
        When a file is damaged.
    """
    table = read_days(folder, "select * from answers where at >= ?", since)
    table = table.drop_duplicates("id", keep="last", ignore_index=True)
    for name in ("row", "scores", "shadow_scores"):
        table[name] = table[name].map(json.loads, na_action="ignore").astype(object)
    outcomes: dict[str, Any] = {}
    if (path := folder / OUTCOMES).is_file():
        with opened(path) as file:
            outcomes = dict(file.execute("select key, value from outcomes").fetchall())
    found = table["id"].map(outcomes).astype(object)
    return table.assign(outcome=found.where(found.notna(), table["key"].map(outcomes)))


def read_batches(folder: Path, since: date | None = None) -> "pd.DataFrame":
    """All batches in order of time, each once, with the columns of `Batch`."""
    table = read_days(folder, "select * from batches where at >= ?", since)
    return table.drop_duplicates("id", keep="last", ignore_index=True)


def read_refusals(folder: Path, batches: "pd.DataFrame") -> "pd.DataFrame":
    """How many rows broke which rule: `batch`, `at`, `source`, `version`, `column`, `rule`, `rows`.

    Parameters
    ----------
    batches
        All batches, as from `read_batches`.
    """
    query = (
        "select batch, at, source, version, column, rule, refusals.rows from refusals "
        "join batches on batch = id where at >= ?"
    )
    table = read_days(folder, query, None)
    latest = table["batch"].map(batches.set_index("id")["at"])
    return table[table["at"] == latest].reset_index(drop=True)


def forget(folder: Path, key: str) -> int:
    """Delete all that is kept of an answer's id or of an identifier; return how many answers it were."""
    keys = [(key,)]
    for path in folder.glob(DAYS):
        with opened(path) as file:
            keys += file.execute("select id from answers where ? in (id, key)", (key,)).fetchall()
            file.executemany("delete from answers where id = ?", keys)
        empty_journal(path)
    if (path := folder / OUTCOMES).is_file():
        with opened(path) as file:
            file.executemany("delete from outcomes where key = ?", keys)
        empty_journal(path)
    return len(keys) - 1


def add_outcomes(folder: Path, pairs: Iterable[tuple[str, Any]]) -> int:
    """Keep what turned out to be true by answer id or identifier: the latest word wins.

    Returns
    -------
    int
        How many of the pairs belong to an answer of the log.
    """
    at, rows = now(), dict(pairs)
    with opened(folder / OUTCOMES) as file:
        insert(file, "outcomes", [(key, at, value) for key, value in rows.items()])
    query = (
        "select value from json_each(?) where exists (select 1 from answers where id = value) "
        "or exists (select 1 from answers where key = value)"
    )
    known: set[str] = set()
    for path in folder.glob(DAYS):
        with opened(path) as file:
            known |= {key for (key,) in file.execute(query, (cell(list(rows)),))}
    return len(known)
