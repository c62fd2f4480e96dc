"""Checks of rows and classes: duplicates, order in time, panel data, rare classes."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...schema.schema import Schema
from .issue import Checked, Issue

MIN_REPEATED = 0.01  # share of rows; fewer may be duplicates by chance
MIN_ORDER = 0.95  # rank correlation of a date with the row number
MIN_DRIFT = 0.3  # rank correlation of a date with the target
MAX_RARE = 0.1  # share of the rarer of two classes
MIN_GROUPS = 20  # distinct values of a panel


def train_test_duplicates(
    train: pd.DataFrame, test: pd.DataFrame, schema: Schema
) -> Iterator[Issue | Checked]:
    """Test rows with the same features as a training row.

    Skipped if there are more than twice as many rows as possible combinations of values.
    """
    names, measure = list(schema.features), "test rows with the features of a training row"
    if np.log(train[names].nunique(dropna=False)).sum() < np.log(len(train) / 2):
        few = "not measured: rows of so few possible values repeat by chance"
        yield Checked("train-test duplicates", measure, "", few)
        return
    count = int(_hashes(test[names]).isin(_hashes(train[names])).sum())
    if count > MIN_REPEATED * len(test):
        share = f"{count} of {len(test)} test rows ({count / len(test):.0%})"
        message = f"{share} have the features of a training row: the test score is too good"
        remedy = "if they are duplicates: data.duplicates: reject in params.yaml"
        yield Issue("train-test duplicates", None, message, remedy)
    found = f"{count} of {len(test)}"
    yield Checked("train-test duplicates", measure, f"{MIN_REPEATED:.0%}", found)


def duplicates(rows: pd.DataFrame) -> Iterator[Issue | Checked]:
    """Rows that equal an earlier one in every column."""
    count = int(_hashes(rows).duplicated().sum())
    if count > MIN_REPEATED * len(rows):
        message = f"{count} of {len(rows)} rows ({count / len(rows):.0%}) repeat an earlier one"
        remedy = "if they are errors: data.duplicates: reject in params.yaml"
        yield Issue("repeats", None, message, remedy)
    found = f"{count} of {len(rows)}"
    yield Checked("repeats", "rows that repeat an earlier one", f"{MIN_REPEATED:.0%}", found)


def _hashes(rows: pd.DataFrame) -> pd.Series:
    return pd.util.hash_pandas_object(rows, index=False)


def order_in_time(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """A date by which the rows are sorted, or with which the target or a class is correlated."""
    target = rows[schema.target]
    known = target.to_frame() if schema.task == "regression" else pd.get_dummies(target)
    dates = rows[schema.names("datetime")].rank()
    dates = dates.loc[:, dates.min() < dates.max()]
    position = pd.Series(range(len(rows)), index=rows.index)
    by_position = dates.corrwith(position).abs()
    with_target = known.loc[:, known.min() < known.max()].rank().apply(dates.corrwith).abs()
    limits = ((by_position, MIN_ORDER), (with_target.max(axis=1), MIN_DRIFT))
    words = ("the rows are sorted by it", "the target changes with it")
    for what, (found, least) in zip(words, limits, strict=True):
        if found.max() >= least:
            message = f"{what} (rank correlation {found.max():.2f}), the split is random"
            remedy = f"data.split: chronological, data.split_by: {found.idxmax()} in params.yaml"
            yield Issue("time", found.idxmax(), message, f"to predict later rows: {remedy}")
            break
    shown = [
        f"{found.max():.2f}, limit {least:g}" for found, least in limits if found.notna().any()
    ]
    measure = "rank correlation of a date with the order of the rows, and with the target"
    yield Checked("time", measure, "", " and ".join(shown) or "no date")


def panel_data(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Panel data: columns such as country whose values have one row per date, such as a year."""
    counts = rows[list(schema.features)].nunique()
    for name in schema.names("category"):
        for moment in schema.names("datetime", "numeric"):
            full = len(rows) > counts[name] * counts[moment] / 2
            if counts[name] <= MIN_GROUPS or counts[moment] <= 2 or not full:
                continue
            if not rows.duplicated([name, moment]).any():
                message = f"{counts[name]} values once per {moment!r}, in training and test rows"
                remedy = f"data.split: group, data.split_by: {name} in params.yaml"
                yield Issue("panel", name, message, f"to predict other values: {remedy}")
                break
    measure = f"names, more than {MIN_GROUPS}, with one row for each date or number"
    yield Checked("panel", measure, "", "")


def small_classes(train: pd.DataFrame, schema: Schema, folds: int) -> Iterator[Issue | Checked]:
    """Classes with fewer training rows than there are folds."""
    if schema.task == "regression":
        return
    counts = train[schema.target].value_counts()
    counts = counts.reindex(schema.columns[schema.target].categories or [], fill_value=0)
    remedy = "collect more, give them another class, or lower train.folds in params.yaml"
    for label, count in counts[counts < folds].sort_values(kind="stable").items():
        message = f"{label!r}: {count} of {len(train)} training rows, too few for {folds} folds"
        yield Issue("small class", schema.target, message, remedy)
    enough = counts[counts >= folds]
    closest = f"fewest {enough.min()} of {enough.idxmin()!r}" if len(enough) else ""
    yield Checked("small class", "training rows of a class", f"{folds}, the folds", closest)


def imbalance(rows: pd.DataFrame, schema: Schema, metric: str) -> Iterator[Issue | Checked]:
    """A rare class of two, unless the metric is suitable for it."""
    if schema.task == "regression":
        return
    shares = rows[schema.target].value_counts(normalize=True)
    if len(shares) != 2 or metric == "average_precision":
        return
    rare, share = shares.index[1], shares.iloc[1]
    if share < MAX_RARE:
        message = f"only {share:.1%} of the rows are {rare!r}, so accuracy says little"
        remedy = "train.metric: average_precision in params.yaml"
        if schema.classes[-1:] != [rare]:
            remedy += f", with positive: {rare!r} in references/schema.yaml"
        yield Issue("imbalance", schema.target, message, remedy)
    closest = f"{share:.1%} are {rare!r}"
    yield Checked("imbalance", "rows of the rarer class", f"{MAX_RARE:.0%}", closest)
