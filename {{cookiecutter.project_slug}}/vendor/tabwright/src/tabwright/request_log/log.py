"""What was asked and answered, kept to watch a model and to join outcomes that arrive later.

The log is an SQLite file a day in `data/log`: several processes append to it, a kill loses nothing that
was answered, and retention deletes files. It must be on a local disk: the locks of SQLite do not hold on
network file systems.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from ..project.errors import ProjectError

if TYPE_CHECKING:
    import pandas as pd

SERVICE = (
    "service"  # the source of what the service answered; that of a batch is the name of its file
)
MAX_ROWS = 5_000  # of a batch are kept, evenly spaced; its counts are of all
PATIENCE = 5  # seconds to wait for another process that writes
DAYS = "????-??-??.db"
OUTCOMES = "outcomes.db"
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


class Answer(NamedTuple):
    """A row that was predicted.

    Attributes
    ----------
    id
        Of this answer alone.
    key
        The identifier that the row came with, if the schema has one.
    row
        Raw cells of the features by column.
    answer
        The class or the value.
    scores
        What `predict_scores` returns for the row.
    shadow_run, shadow_scores
        The run of the model that scored the row as well and did not answer, and its scores: the
        challenger in the shadow; of rows that this one answered, the champion. No scores where it
        failed.
    """

    id: str
    key: str | None
    version: str | None
    run: str
    row: Mapping[str, Any]
    answer: str | float
    scores: list[float]
    note: str = ""
    shadow_run: str | None = None
    shadow_scores: list[float] | None = None


class Refusal(NamedTuple):
    """How many rows of a batch broke a rule of a column."""

    column: str
    rule: str
    rows: int


class Batch(NamedTuple):
    """Rows that were predicted together, those without a prediction counted too.

    Attributes
    ----------
    id
        Of a file, `batch_id`: the same rows and model again replace what is kept.
    source
        `SERVICE`, or the name of the file.
    seconds, shadow_seconds
        How long the model took, and the one in the shadow.
    failed
        Rows that an error kept from an answer.
    """

    id: str
    at: str
    source: str
    version: str | None
    rows: int
    flagged: int
    rejected: int
    seconds: float
    failed: int = 0
    shadow_run: str | None = None
    shadow_seconds: float | None = None


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
            (one.id, one.key, batch.at, batch.source, *(_cell(part) for part in one[2:]))
            for one in answers
        ]
        with self._lock, self._today() as file:
            _insert(file, "answers", lines)
            _insert(file, "batches", [batch])
            file.execute("delete from refusals where batch = ?", (batch.id,))
            _insert(file, "refusals", [(batch.id, *refusal) for refusal in refusals])

    def _today(self) -> sqlite3.Connection:
        today = datetime.now(UTC).date()
        path = self.folder / f"{today}.db"
        if self._file is None or self._path != path or not path.exists():  # somebody moved it
            self.close()
            _delete_days(self.folder, today - timedelta(days=self.keep_days))
            self._file, self._path = _connect(path), path
        return self._file

    def close(self) -> None:
        """Close the file; `append` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def now() -> str:
    """The time, as the log has it: UTC in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def batch_id(file_md5: str, model_md5: str) -> str:
    """The id of a predicted file, which follows from its bytes and the model."""
    return hashlib.sha256(f"{file_md5} {model_md5}".encode()).hexdigest()[:32]


def row_id(batch: str, row: int) -> str:
    """The id of the answer to a row of a predicted file."""
    return f"{batch}-{row}"


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
    table = _read(folder, "select * from answers where at >= ?", since)
    table = table.drop_duplicates("id", keep="last", ignore_index=True)
    for name in ("row", "scores", "shadow_scores"):
        table[name] = table[name].map(json.loads, na_action="ignore").astype(object)
    outcomes: dict[str, Any] = {}
    if (path := folder / OUTCOMES).is_file():
        with _opened(path) as file:
            outcomes = dict(file.execute("select key, value from outcomes").fetchall())
    found = table["id"].map(outcomes).astype(object)
    return table.assign(outcome=found.where(found.notna(), table["key"].map(outcomes)))


def read_batches(folder: Path, since: date | None = None) -> "pd.DataFrame":
    """All batches in order of time, each once, with the columns of `Batch`."""
    table = _read(folder, "select * from batches where at >= ?", since)
    return table.drop_duplicates("id", keep="last", ignore_index=True)


def read_refusals(folder: Path, since: date | None = None) -> "pd.DataFrame":
    """How many rows broke which rule: `batch`, `at`, `source`, `version`, `column`, `rule`, `rows`."""
    query = (
        "select batch, at, source, version, column, rule, refusals.rows from refusals "
        "join batches on batch = id where at >= ?"
    )
    table, batches = _read(folder, query, since), read_batches(folder, since)
    latest = table["batch"].map(batches.set_index("id")["at"])
    return table[table["at"] == latest].reset_index(drop=True)


def forget(folder: Path, key: str) -> int:
    """Delete all that is kept of an answer's id or of an identifier; return how many answers it were."""
    keys = [(key,)]
    for path in folder.glob(DAYS):
        with _opened(path) as file:
            keys += file.execute("select id from answers where ? in (id, key)", (key,)).fetchall()
            file.executemany("delete from answers where id = ?", keys)
        _empty_journal(path)
    if (path := folder / OUTCOMES).is_file():
        with _opened(path) as file:
            file.executemany("delete from outcomes where key = ?", keys)
        _empty_journal(path)
    return len(keys) - 1


def add_outcomes(folder: Path, pairs: Iterable[tuple[str, Any]]) -> int:
    """Keep what turned out to be true by answer id or identifier: the latest word wins.

    Returns
    -------
    int
        How many of the pairs belong to an answer of the log.
    """
    at, rows = now(), dict(pairs)
    with _opened(folder / OUTCOMES) as file:
        _insert(file, "outcomes", [(key, at, value) for key, value in rows.items()])
    query = (
        "select value from json_each(?) where exists (select 1 from answers where id = value) "
        "or exists (select 1 from answers where key = value)"
    )
    known: set[str] = set()
    for path in folder.glob(DAYS):
        with _opened(path) as file:
            known |= {key for (key,) in file.execute(query, (_cell(list(rows)),))}
    return len(known)


def _connect(path: Path) -> sqlite3.Connection:
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
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that commits all of the block or nothing."""
    try:
        with closing(_connect(path)) as file, file:
            yield file
    except sqlite3.DatabaseError as error:
        raise ProjectError(f"{path} of the log cannot be used ({error}): move it away.") from error


def _insert(file: sqlite3.Connection, table: str, rows: list[Any]) -> None:
    if rows:
        marks = ",".join("?" * len(rows[0]))
        file.executemany(f"insert or replace into {table} values({marks})", rows)


def _read(folder: Path, query: str, since: date | None) -> "pd.DataFrame":
    import pandas as pd

    first = since.isoformat() if since else ""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(TABLES)
        columns = [name for name, *_ in empty.execute(query, (first,)).description]
    rows: list[tuple[Any, ...]] = []
    for path in sorted(folder.glob(DAYS)):
        if path.stem >= first[:10]:
            with _opened(path) as file:
                rows += file.execute(query, (first,)).fetchall()
    return pd.DataFrame(rows, columns=columns).sort_values("at", kind="stable", ignore_index=True)


def _delete_days(folder: Path, before: date) -> None:
    for path in folder.glob(DAYS):
        if path.stem < before.isoformat():
            for part in [path, *folder.glob(f"{path.name}-*")]:
                part.unlink(missing_ok=True)


def _empty_journal(path: Path) -> None:
    """Write the journal into the file and cut it off: it holds what was written before."""
    with closing(_connect(path)) as file:
        file.execute("pragma wal_checkpoint(truncate)")


def _cell(value: Any) -> Any:
    """A value as SQLite keeps it: mappings and lists as JSON."""
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
