"""Read and write Parquet files in batches."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..project.errors import ProjectError, first_line
from ..project.files import replacing

BATCH_ROWS = 100_000


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Name the file that cannot be read, and the reason."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        why = f"{path} cannot be read: {first_line(error)}"
        raise ProjectError(f"{why}. `make verify` checks whether it is damaged.") from error


@contextmanager
def parquet_file(path: Path) -> Iterator[Callable[[pd.DataFrame | pa.Table], None]]:
    """Yield a function that appends tables to a Parquet file, which replaces `path` on success.

    The first table, which may be empty, defines the columns and their types. When a later table has
    other types, the file is rewritten with types that fit both.
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
        if len(table):  # written in a thread while the next table is computed
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
    """Convert a table, to this schema if its cells allow it."""
    if isinstance(table, pa.Table):
        return table
    with suppress(pa.ArrowException):
        return pa.Table.from_pandas(table, schema, preserve_index=False)
    return pa.Table.from_pandas(table, preserve_index=False)


def _widened(writer: pq.ParquetWriter, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Rewrite a file with types that also fit another table."""
    fields = []
    for pair in zip(writer.schema, schema, strict=True):
        try:
            alone = [pa.schema([one]) for one in pair]
            fields += pa.unify_schemas(alone, promote_options="permissive")
        except pa.ArrowTypeError:
            fields.append(pa.field(pair[0].name, pa.string()))
    if pa.schema(fields) == writer.schema:
        return writer
    writer.close()
    before = path.with_name(f"{path.name}.narrow")
    path.replace(before)
    wider = pq.ParquetWriter(path, pa.schema(fields))
    with pq.ParquetFile(before) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            wider.write_table(pa.Table.from_batches([batch]).cast(wider.schema))
    before.unlink()
    return wider


def arrow_batches(path: Path) -> Iterator[tuple[pa.Table, range]]:
    """Yield tables of at most `BATCH_ROWS` rows, the first one empty, and the positions of the rows."""
    # Not buffered, which would keep the whole file in memory.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        yield file.schema_arrow.empty_table(), range(0)
        start = 0
        for batch in file.iter_batches(BATCH_ROWS):
            yield pa.Table.from_batches([batch]), range(start, start + len(batch))
            start += len(batch)


def parquet_batches(path: Path) -> Iterator[pd.DataFrame]:
    """Yield tables of at most `BATCH_ROWS` rows with a continuous index, the first one empty."""
    with readable(path):
        for table, rows in arrow_batches(path):
            yield table.to_pandas().set_axis(rows)


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a file that an earlier step has written; an unreadable one is a `ProjectError`."""
    with readable(path):
        return pd.read_parquet(path, columns=columns)


def first_rows(path: Path, count: int) -> pd.DataFrame:
    """Read at most so many rows from the beginning of a file that is not empty."""
    with readable(path), pq.ParquetFile(path) as file:
        return next(file.iter_batches(count)).to_pandas()


def rows_in(path: Path) -> int:
    """Count the rows of a Parquet file."""
    with readable(path):
        return pq.read_metadata(path).num_rows
