"""Apply the owner's `clean` to raw rows, before the schema is inferred or applied."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from ..io.read import read_batches
from ..io.rows import RaggedRow
from ..io.source import KnownColumns, Source
from ..project.errors import ProjectError
from ..project.project import Project

Clean = Callable[[pd.DataFrame], pd.DataFrame]


def unchanged(rows: pd.DataFrame) -> pd.DataFrame:
    """The default `clean`: no change."""
    return rows


def find_clean(project: Project) -> Clean:
    """The `clean` of the owner's `data/make_dataset.py`."""
    clean: Clean = project.owner("data.make_dataset", "clean", unchanged)
    return clean


def clean_rows(rows: pd.DataFrame, clean: Clean) -> pd.DataFrame:
    """Apply `clean`, which may drop rows and add columns.

    Raises
    ------
    ProjectError
        When the result is not a table, or repeats or renumbers rows.
    """
    found = clean(rows)
    if found is rows:
        return rows
    if not isinstance(found, pd.DataFrame):
        raise ProjectError(
            f"clean() in data/make_dataset.py returns {type(found).__name__}, not a table: end it "
            "with `return rows`."
        )
    if not found.index.is_unique or not found.index.isin(rows.index).all():
        raise ProjectError(
            "clean() in data/make_dataset.py changes the index of the rows: keep it, each row at "
            "most once (a merge loses it: use map, or set the index again)."
        )
    return found


def read_clean(
    path: Path,
    source: Source,
    clean: Clean,
    known: KnownColumns | None = None,
    ragged: list[RaggedRow] | None = None,
) -> Iterator[pd.DataFrame]:
    """Read tables after `clean`, see `read_batches`; `ragged` receives rows that are left out."""
    batches = read_batches(path, source, [] if ragged is None else ragged, known)
    return (clean_rows(batch, clean) for batch in batches)
