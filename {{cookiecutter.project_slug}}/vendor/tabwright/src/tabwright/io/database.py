"""Read a table or a query from a database into a Parquet file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from tqdm import tqdm

from ..project.errors import ProjectError, first_line
from ..project.project import Project
from .parquet import BATCH_ROWS, parquet_file
from .typed import typed_column

PLAIN = (bool, int, float, str, date, time, timedelta, type(None))
SOURCE = "Correct data.source in params.yaml"


def query(project: Project, source: str, select: str, path: Path) -> int:
    """Write a table, or the result of a query, to a Parquet file.

    Parameters
    ----------
    source
        SQLAlchemy URL without a password, which is read from `DATABASE_PASSWORD`.
    select
        Name of a table, optionally `schema.table`, or a query, which contains spaces.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    ProjectError
        When the database cannot be reached or the query fails. The file is unchanged then.
    """
    engine = _engine(project, source)
    with _errors(
        f"{source} cannot be reached", f"{SOURCE}, and the password, DATABASE_PASSWORD, in .env."
    ):
        connection = engine.connect()
    with connection, _errors(f"{source} cannot read {select!r}", f"{SOURCE}, or data.select."):
        result = connection.execution_options(yield_per=BATCH_ROWS).execute(_statement(select))
        return _write(result, path)


def _engine(project: Project, source: str) -> sa.Engine:
    try:
        url = sa.make_url(source)
        if url.get_backend_name() == "sqlite":
            file = (project.root / (url.database or "")).resolve()
            if not file.is_file():
                raise ProjectError(f"{source}: there is no file {file}. {SOURCE}.")
            url = url.set(database=str(file))
        elif password := os.environ.get("DATABASE_PASSWORD"):
            url = url.set(password=password)
        return sa.create_engine(url, poolclass=sa.NullPool)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ProjectError(
            f"{source}: {first_line(error)}. {SOURCE}, or add the package of the driver, such as "
            "psycopg2-binary or mysqlclient, to `dependencies` in pyproject.toml, then `make lock "
            "setup`."
        ) from error
    except (ArgumentError, ValueError) as error:
        raise ProjectError(f"data.source is no SQLAlchemy URL: {source}. {SOURCE}.") from error


def _statement(select: str) -> sa.Executable:
    if len(select.split()) > 1:
        return sa.text(select.replace(":", r"\:"))  # a colon is no parameter here
    schema, _, table = select.rpartition(".")
    return sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))


def _write(result: sa.CursorResult[Any], path: Path) -> int:
    """Write the rows batch by batch, with types that fit all of them."""
    names = list(result.keys())
    if double := {name for name in names if names.count(name) > 1}:
        raise ProjectError(
            f"data.select returns {', '.join(sorted(double))} twice. Rename one with AS."
        )
    total = 0
    partitions = tqdm(result.partitions(), unit="batch", delay=2, leave=False, disable=None)
    with parquet_file(path) as write:
        for rows in partitions:
            write(pa.table([_column(cells) for cells in zip(*rows, strict=True)], names))
            total += len(rows)
        if not total:
            raise ProjectError("data.select returns no rows. Correct it in params.yaml.")
    return total


def _column(cells: tuple[Any, ...]) -> pa.Array:
    """The cells of a column: decimals as floats, and mixed or unusual types as text."""
    floats = [float(cell) if isinstance(cell, Decimal) else cell for cell in cells]
    return typed_column([cell if isinstance(cell, PLAIN) else str(cell) for cell in floats])


@contextmanager
def _errors(what: str, remedy: str) -> Iterator[None]:
    """Raise a database error as a `ProjectError`, without the password."""
    try:
        yield
    except SQLAlchemyError as error:
        why = first_line(getattr(error, "orig", None) or error)
        if password := os.environ.get("DATABASE_PASSWORD"):
            why = why.replace(password, "***")
        raise ProjectError(f"{what}: {why}. {remedy}") from None
