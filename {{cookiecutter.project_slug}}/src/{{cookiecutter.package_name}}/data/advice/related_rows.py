"""Find rows that know of each other, so that a random split tests on what was trained on."""

import numpy as np
import pandas as pd

from ..contract.schema import Schema


def twins(train: pd.DataFrame, test: pd.DataFrame, schema: Schema) -> int:
    """Number of test rows whose features are all those of a training row.

    None count when rows are more than twice the possible combinations: then they meet by chance.
    """
    names = list(schema.features)
    if np.log(train[names].nunique(dropna=False)).sum() < np.log(len(train) / 2):
        return 0
    return int(_hashes(test[names]).isin(_hashes(train[names])).sum())


def repeats(rows: pd.DataFrame) -> int:
    """Number of rows that are the same as an earlier one in every column."""
    return int(_hashes(rows).duplicated().sum())


def _hashes(rows: pd.DataFrame) -> pd.Series:
    return pd.util.hash_pandas_object(rows, index=False)


def order_in_time(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """How far the rows and the target follow each date.

    Returns
    -------
    DataFrame
        A line per datetime feature: the size of its rank correlation with the `position` of the
        rows and with the `target`, of classes the one it goes with most.
    """
    target = rows[schema.target]
    known = target.to_frame() if schema.task == "regression" else pd.get_dummies(target)
    changing = known.loc[:, known.min() < known.max()].rank()
    position = pd.Series(range(len(rows)), index=rows.index)
    lines = {}
    for name in schema.names("datetime"):
        if rows[name].min() < rows[name].max():
            ranks = rows[name].rank()
            lines[name] = {
                "position": abs(ranks.corr(position)),
                "target": changing.corrwith(ranks).abs().max(),
            }
    return pd.DataFrame.from_dict(lines, orient="index", columns=["position", "target"])


def panels(rows: pd.DataFrame, schema: Schema, many: int = 20) -> list[tuple[str, str, int]]:
    """Columns such as country whose values have one row for each moment, such as a year.

    Returns
    -------
    list of tuple
        The column, the one with the moments, and how many values the first has: more than `many`.
    """
    counts = rows[list(schema.features)].nunique()
    found = []
    for name in schema.names("category"):
        for moment in schema.names("datetime", "numeric"):
            cells = counts[name] * counts[moment]
            full = counts[name] > many and counts[moment] > 2 and len(rows) > cells / 2
            if full and not rows.duplicated([name, moment]).any():
                found.append((name, moment, int(counts[name])))
                break
    return found
