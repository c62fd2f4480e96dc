"""Write a file or folder whole or not at all; read and write tables piece by piece."""

import hashlib
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from uuid import uuid4

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from .errors import ProjectError, first_line

BATCH_ROWS = 100_000
HOST = re.sub(r"\W", "_", socket.gethostname())
A_DAY = 24 * 60 * 60  # seconds after which a temporary file is nobody's any more


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` when the block succeeds.

    The temporary name keeps the suffix, so writers that look at it work as usual. What a killed
    process has left under such a name is removed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{path.parent}: {error.strerror}. Name another folder.") from error
    if not os.access(path.parent, os.W_OK):
        raise ProjectError(f"{path.parent} may not be written to. Change its permissions.")
    partial = path.with_name(f".{path.stem}.{temporary_name()}.partial{path.suffix}")
    before = partial.with_name(f"{partial.name}.before")
    for left in path.parent.glob(f".{escape(path.stem)}.*.partial{path.suffix}*"):
        if is_stale(left, left.name.removeprefix(f".{path.stem}.").partition(".partial")[0]):
            remove(left)
    try:
        yield partial
        if path.is_dir():  # no folder takes the place of another at once
            path.rename(before)
        partial.replace(path)
    finally:
        remove(partial)
        remove(before)


def remove(path: Path) -> bool:
    """Delete a file or folder; tell whether it was there."""
    if path.is_dir():
        shutil.rmtree(path)
        return True
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def temporary_name() -> str:
    """A name that nobody else has, here or on another machine that shares the disk."""
    return f"{os.getpid()}-{uuid4().hex[:8]}-{HOST}"


def is_stale(path: Path, name: str) -> bool:
    """Whether nobody is at work any more on what has a `temporary_name` as its name, or in it."""
    found = re.fullmatch(r"(\d+)(?:-\w{8}-(\w*))?", name)
    if found and found[2] == HOST:
        return is_gone(int(found[1]))
    with suppress(FileNotFoundError):  # somebody else has removed it
        return bool(found) and path.stat().st_mtime < time.time() - A_DAY
    return False


def is_gone(process: int, started: str = "") -> bool:
    """Whether a process of this machine is over; its number may be there, or another's by now."""
    try:
        found = psutil.Process(process)
        other = bool(started) and str(found.create_time()) != started
        return other or found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be read, and why."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        why = f"{path} cannot be read: {first_line(error)}"
        raise ProjectError(f"{why}. `make verify` tells whether it is damaged.") from error


@contextmanager
def parquet_file(path: Path) -> Iterator[Callable[[pd.DataFrame | pa.Table], None]]:
    """Yield a function that appends tables to a Parquet file; it is there when the block succeeds.

    The first table, perhaps without rows, says which columns there are, and their types. Where
    later cells have another type, all get one that holds both.
    """
    writer: pq.ParquetWriter | None = None
    last: Future | None = None

    def write(table: pd.DataFrame | pa.Table) -> None:
        nonlocal writer, last
        if last:
            last.result()
        rows = _as_arrow(table, writer and writer.schema)
        if writer and rows.schema != writer.schema:
            writer = _widened(writer, partial, rows.schema)
            rows = rows.cast(writer.schema)
        writer = writer or pq.ParquetWriter(partial, rows.schema)
        if len(table):  # written by another core while the next table is made
            last = thread.submit(writer.write_table, rows)

    with replacing(path) as partial, ThreadPoolExecutor(max_workers=1) as thread:
        try:
            yield write
            if last:
                last.result()
        finally:
            thread.shutdown()
            if writer:
                writer.close()


def _as_arrow(table: pd.DataFrame | pa.Table, schema: pa.Schema | None) -> pa.Table:
    """A table with this schema where its cells allow."""
    if isinstance(table, pa.Table):
        return table
    try:
        return pa.Table.from_pandas(table, schema, preserve_index=False)
    except pa.ArrowException:
        if schema is None:
            raise
    return pa.Table.from_pandas(table, preserve_index=False)


def _widened(writer: pq.ParquetWriter, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Write a file anew where its types do not also hold the cells of other tables."""
    fields = []
    for pair in zip(writer.schema, schema, strict=True):
        try:
            found = pa.unify_schemas(
                [pa.schema([one]) for one in pair], promote_options="permissive"
            )
            fields += found
        except pa.ArrowTypeError:
            fields.append(pa.field(pair[0].name, pa.string()))
    if pa.schema(fields) == writer.schema:
        return writer
    writer.close()
    before = path.with_name(f"{path.name}.narrow")
    path.rename(before)
    wider = pq.ParquetWriter(path, pa.schema(fields))
    with pq.ParquetFile(before) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            wider.write_table(pa.Table.from_batches([batch]).cast(wider.schema))
    before.unlink()
    return wider


def parquet_batches(path: Path) -> Iterator[pd.DataFrame]:
    """Tables of at most `BATCH_ROWS` rows, whose index runs on; at least one, perhaps empty."""
    # Not buffered, else the whole file is kept.
    with readable(path), pq.ParquetFile(path, pre_buffer=False) as file:
        yield file.schema_arrow.empty_table().to_pandas()
        start = 0
        for batch in file.iter_batches(BATCH_ROWS):
            yield batch.to_pandas().set_axis(range(start, start + len(batch)))
            start += len(batch)


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """All rows of a file that an earlier step has written, see `readable`."""
    with readable(path):
        return pd.read_parquet(path, columns=columns)


def rows_in(path: Path) -> int:
    """The number of rows of such a file."""
    with readable(path):
        return pq.read_metadata(path).num_rows


def md5(path: Path) -> str:
    """The hash DVC knows a file by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
