"""Rows to train on, and folds of cross-validation that follow the train-test split."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from threadpoolctl import threadpool_limits

from ..io.sample import sample_file
from ..project.cluster import Checkout, cluster_checkout, worker_project, workers
from ..project.errors import ProjectError
from ..project.settings import Params
from ..schema.schema import Schema
from .budget import now
from .metric import Metric
from .metrics import encode_target, predict_scores

MAX_ROWS = 50_000  # that candidates are compared on: more change no ranking, and cost the time

# Of each fold, numbers of the rows to fit on, and of those held out.
Folds = list[tuple[np.ndarray, np.ndarray]]


def read_rows(path: Path, limit: int, seed: int) -> pd.DataFrame:
    """Read a Parquet file, or `limit` random rows of a longer one, in their order.

    Memory is bounded by `limit`, not by the file.
    """
    table, rows = sample_file(path, seed, limit)
    if len(table) < rows:
        print(f"{path.name}: {limit} of {rows} rows, drawn with the seed: see train.max_rows")
    return table


def draw_rows(count: int, limit: int, seed: int) -> np.ndarray:
    """Numbers of `limit` of `count` rows, or of all where there are no more, in their order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, limit, replace=False))


def make_folds(train: pd.DataFrame, schema: Schema, params: Params) -> Folds:
    """Row numbers to fit on and to score on in each fold, split the way the test set was.

    Of more than `MAX_ROWS` rows the folds hold so many, drawn with the seed.

    Raises
    ------
    ProjectError
        When no fold has two classes to fit on.
    """
    drawn = draw_rows(len(train), MAX_ROWS, params.seed)
    train = train.iloc[drawn]
    y_true = encode_target(train, schema)
    classify = schema.task == "classification"
    count = min(params.train.folds, len(train) - 1)
    if classify:
        second = np.sort(np.bincount(y_true, minlength=2))[-2]
        if second < 2:
            raise ProjectError(
                f"only one value of {schema.target!r} has more than one row to train on: "
                "cross-validation needs two such classes."
            )
        count = min(count, second)  # else a fold has one class only
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # classes with few rows
        folds = _split(train, y_true if classify else None, count, params)
    if classify:
        folds = [fold for fold in folds if len(np.unique(y_true[fold[0]])) > 1]
    if not folds:
        raise ProjectError(
            f"split {params.data.split} by {params.data.split_by!r} leaves one value of "
            f"{schema.target!r} to fit on in every fold: choose another data.split."
        )
    return [(drawn[fit], drawn[held_out]) for fit, held_out in folds]


def predict_held_out(
    pipeline: BaseEstimator, train: pd.DataFrame, folds: Folds, schema: Schema, slow: bool
) -> tuple[np.ndarray, list[float]]:
    """Out-of-fold predictions, fold by fold, and the seconds of each.

    Parameters
    ----------
    slow
        Whether the fits repay processes, or the way to a cluster where there is one.
    """
    # Each fold on one core: a forest in several threads adds up in any order, which changes the last
    # digit. Folds in threads wait for Python's lock, and take longer than one after the other.
    here = cluster_checkout() if slow else {}
    place = workers(len(folds)) if slow else parallel_config("sequential")
    with threadpool_limits(1, user_api="blas"), place:
        tasks = (
            delayed(fit_predict)(pipeline, train.iloc[fit], train.iloc[held_out], schema, here)
            for fit, held_out in folds
        )
        done = Parallel(max_nbytes=None)(tasks)
    return np.concatenate([y_pred for y_pred, _ in done]), [seconds for _, seconds in done]


def fit_predict(
    pipeline: BaseEstimator,
    fit: pd.DataFrame,
    held_out: pd.DataFrame,
    schema: Schema,
    here: Checkout | None = None,
) -> tuple[np.ndarray, float]:
    """Fit on some rows and predict others, on one core: the predictions, and the seconds.

    Parameters
    ----------
    here
        The checkout of the command, which that of a worker on another machine has to be.
    """
    if here:
        worker_project(here)
    started = now()
    with threadpool_limits(1), parallel_config("sequential"):
        model = clone(pipeline).fit(fit[list(schema.features)], fit[schema.target])
        y_pred = predict_scores(model, held_out, schema)
    return y_pred, now() - started


def fold_scores(
    metric: Metric, y_true: np.ndarray, y_pred: np.ndarray, fold: np.ndarray
) -> list[float]:
    """The score of each fold, in their order; `fold` has that of each row."""
    rows = [fold == number for number in np.unique(fold)]
    return [float(metric.function(y_true[each], y_pred[each])) for each in rows]


def mean_and_std(scores: list[float]) -> dict[str, Any]:
    """`mean` and `std` of the scores that are defined."""
    return {"mean": float(np.nanmean(scores)), "std": float(np.nanstd(scores))}


def row_hashes(table: pd.DataFrame, schema: Schema) -> np.ndarray:
    """A hash of the features and the target of each row, to find it in other tables."""
    columns = sorted([*schema.features, schema.target])
    return pd.util.hash_pandas_object(table[columns], index=False).to_numpy()


def _split(train: pd.DataFrame, classes: np.ndarray | None, count: int, params: Params) -> Folds:
    if params.data.split == "chronological":
        moments = train[params.data.split_by].reset_index(drop=True)
        undated = np.flatnonzero(moments.isna())  # never held out, as in the split
        order = moments.dropna().sort_values(kind="stable").index.to_numpy()
        folds = TimeSeriesSplit(max(min(count, len(order) - 1), 2)).split(order)
        return [(np.append(undated, order[fit]), order[held_out]) for fit, held_out in folds]
    stratified, shuffle = classes is not None, {"shuffle": True, "random_state": params.seed}
    if params.data.split == "random":
        splitter = (StratifiedKFold if stratified else KFold)(count, **shuffle)
        return list(splitter.split(train, classes))
    groups = pd.factorize(train[params.data.split_by], use_na_sentinel=False)[0]
    count = min(count, groups.max() + 1)
    if count < 2:
        raise ProjectError(
            f"{params.data.split_by!r} is the same in all training rows: it makes no groups."
        )
    splitter = (StratifiedGroupKFold if stratified else GroupKFold)(count, **shuffle)
    return list(splitter.split(train, classes, groups))
