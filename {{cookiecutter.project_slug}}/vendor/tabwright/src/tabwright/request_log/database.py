"""The SQLite files of the request log."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..project.errors import ProjectError

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 5  # seconds to wait for another process that writes
DAYS = "????-??-??.db"
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
TABLES = """
create table if not exists answers(
    id text primary key, key text, at text, source text, version text, run text, row text, answer,
    scores text, note text, shadow_run text, shadow_scores text) without rowid;
create index if not exists answers_by_key on answers(key) where key is not null;
create table if not exists refusals(batch text, column text, rule text, rows integer);
create index if not exists refusals_by_batch on refusals(batch);
create table if not exists batches(
    id text primary key, at text, source text, version text, rows integer, flagged integer,
    rejected integer, seconds real, failed integer, shadow_run text, shadow_seconds real) without rowid;
create table if not exists outcomes(key text primary key, at text, value) without rowid;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a file, or make it, with its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            # On a new file this ignores the timeout, where two processes make it at once.
            file.execute("pragma journal_mode=wal")
            file.execute("pragma synchronous=normal")
            file.execute("pragma secure_delete=on")  # what is deleted is overwritten
            file.executescript(TABLES)
            return file
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                file.close()
                raise
            time.sleep(0.02)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that commits all of the block or nothing."""
    try:
        with closing(connect(path)) as file, file:
            yield file
    except sqlite3.DatabaseError as error:
        raise ProjectError(f"{path} of the log cannot be used ({error}): move it away.") from error


def insert(file: sqlite3.Connection, table: str, rows: list[Any]) -> None:
    """Insert rows into a table; those with the same primary key are replaced."""
    if rows:
        marks = ",".join("?" * len(rows[0]))
        file.executemany(f"insert or replace into {table} values({marks})", rows)


def read_days(folder: Path, query: str, since: date | None) -> "pd.DataFrame":
    """The result of a query with one parameter, the first time, in all files in order of time."""
    import pandas as pd

    first = since.isoformat() if since else ""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(TABLES)
        columns = [name for name, *_ in empty.execute(query, (first,)).description]
    rows: list[tuple[Any, ...]] = []
    for path in sorted(folder.glob(DAYS)):
        if path.stem >= first[:10]:
            with opened(path) as file:
                rows += file.execute(query, (first,)).fetchall()
    return pd.DataFrame(rows, columns=columns).sort_values("at", kind="stable", ignore_index=True)


def delete_days(folder: Path, before: date) -> None:
    """Delete the files of the days before one."""
    for path in folder.glob(DAYS):
        if path.stem < before.isoformat():
            for part in [path, *folder.glob(f"{path.name}-*")]:
                part.unlink(missing_ok=True)


def empty_journal(path: Path) -> None:
    """Write the journal into the file and cut it off: it holds what was written before."""
    with closing(connect(path)) as file:
        file.execute("pragma wal_checkpoint(truncate)")


def cell(value: Any) -> Any:
    """A value as SQLite keeps it: mappings and lists as JSON."""
    return ENCODER.encode(value) if isinstance(value, dict | list) else value
