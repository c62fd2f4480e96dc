"""Take rows at random from a table that need not fit into memory."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from .parquet import parquet_batches

MAX_ROWS = 100_000
MAX_CELLS = 10_000_000


def sample(
    batches: Iterable[pd.DataFrame], seed: int, limit: int | None = None
) -> tuple[pd.DataFrame, int]:
    """All rows, or `limit` of a larger table, in their order; `MAX_ROWS` and `MAX_CELLS` if None.

    Each row gets a random key and those with the smallest are kept, so that the outcome does not
    depend on how the table is cut into batches.

    Returns
    -------
    table : DataFrame
        The rows kept.
    rows : int
        The number of all.
    """
    random = np.random.default_rng(seed)
    kept: list[pd.DataFrame] = []
    keys = np.empty(0)
    rows = 0
    for batch in tqdm(batches, desc="look", unit="batch", delay=2, leave=False, disable=None):
        rows += len(batch)
        most = limit or max(1, min(MAX_ROWS, MAX_CELLS // max(batch.shape[1], 1)))
        keys = np.concatenate([keys, random.random(len(batch))])
        kept.append(batch)
        if len(keys) > most + max(most, MAX_ROWS) // 2:
            kept, keys = _smallest(kept, keys, most)
    if len(keys) > most:
        kept, keys = _smallest(kept, keys, most)
    return pd.concat(kept), rows


def sample_file(path: Path, seed: int, limit: int | None = None) -> tuple[pd.DataFrame, int]:
    """The same of a Parquet file."""
    table, rows = sample(parquet_batches(path), seed, limit)
    return table.reset_index(drop=True), rows


def _smallest(
    kept: list[pd.DataFrame], keys: np.ndarray, most: int
) -> tuple[list[pd.DataFrame], np.ndarray]:
    positions = np.sort(np.argpartition(keys, most)[:most])
    return [pd.concat(kept).iloc[positions]], keys[positions]
