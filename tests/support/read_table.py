"""Reads a whole table at once."""

from pathlib import Path

import pandas as pd
from tabwright.io.read import detect, read_batches
from tabwright.io.source import Source


def read_table(path: Path, source: Source | None = None) -> pd.DataFrame:
    """All rows of a file or folder; malformed ones are an error."""
    return pd.concat(read_batches(path, source or detect(path)))
