"""Draw a random sample from a table that may not fit into memory."""

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
    """Keep all rows, or a random sample of `limit` rows, in order.

    Without a limit at most `MAX_ROWS` rows and `MAX_CELLS` cells are kept.

    Each row gets a random key and those with the smallest are kept, so that the result does not
    depend on the size of the batches.

    Returns
    -------
    table : DataFrame
        The sampled rows.
    rows : int
        The number of rows in all batches.
    """
    random = np.random.default_rng(seed)
    kept: list[pd.DataFrame] = []
    keys = np.empty(0)
    rows = 0
    for batch in tqdm(batches, desc="sample", unit="batch", delay=2, leave=False, disable=None):
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
    """Sample a Parquet file, see `sample`."""
    table, rows = sample(parquet_batches(path), seed, limit)
    return table.reset_index(drop=True), rows


def _smallest(
    kept: list[pd.DataFrame], keys: np.ndarray, most: int
) -> tuple[list[pd.DataFrame], np.ndarray]:
    positions = np.sort(np.argpartition(keys, most)[:most])
    return [pd.concat(kept).iloc[positions]], keys[positions]
