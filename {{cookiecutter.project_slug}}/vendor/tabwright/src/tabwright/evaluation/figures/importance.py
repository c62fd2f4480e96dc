"""Permutation importance: how much worse the metric gets when one column is shuffled."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ...selection.cross_validation import draw_rows
from ...selection.metrics import predict_scores
from ..limits import IMPORTANCE_ROWS
from ..predictions import Predictions
from ..style import BAR, BLUE, GREY, one_plot, short_names

IMPORTANCE_CELLS = 150_000  # fewer rows of a wide table
REPEATS = 5  # of shuffling a column
MAX_IMPORTANT = 20  # columns; those of a wider table that change predictions most


def importances(model: BaseEstimator, predicted: Predictions, seed: int) -> dict[str, np.ndarray]:
    """The loss of the deciding metric at each shuffle of a column (Breiman 2001).

    Returns
    -------
    dict of ndarray, shape (REPEATS,)
        By column, the most important first; of a wide table the `strongest` columns.
    """
    schema, metric = predicted.schema, predicted.metrics[predicted.deciding]
    sample = predicted.among(draw_rows(len(predicted.rows), _count_rows(predicted), seed))
    rows, y_true = sample.rows, sample.y_true
    score = metric.function(y_true, sample.y_pred)
    random, losses = np.random.RandomState(seed), {}
    repeated = pd.concat([rows] * REPEATS, ignore_index=True)  # one prediction for all of them
    for name in strongest(model, sample, seed):
        orders = [rows[name].sample(frac=1, random_state=random) for _ in range(REPEATS)]
        shuffled = repeated.assign(**{name: pd.concat(orders, ignore_index=True)})
        y_pred = np.split(predict_scores(model, shuffled, schema), REPEATS)
        each = [metric.improvement(score, metric.function(y_true, values)) for values in y_pred]
        losses[name] = np.array(each)
    return dict(sorted(losses.items(), key=lambda item: -item[1].mean()))


def draw_importance(losses: dict[str, np.ndarray], predicted: Predictions, folder: Path) -> None:
    """Write `permutation_importance.svg`, unless shuffling changes nothing."""
    if not np.any(np.nan_to_num([*losses.values()])):
        return
    names = list(losses)[::-1]
    rows, columns = _count_rows(predicted), len(predicted.schema.features)
    with one_plot(folder / "permutation_importance.svg", 7.5, 1 + BAR * len(names)) as axes:
        for place, name in enumerate(names):
            axes.barh(place, losses[name].mean(), xerr=losses[name].std(), color=BLUE, ecolor=GREY)
        axes.set_yticks(range(len(names)), short_names(names, 40))
        axes.set(xlabel=f"by how much {predicted.deciding} gets worse when the column is shuffled")
        if len(names) < columns:
            axes.set_title(f"{len(names)} strongest of {columns} columns, {rows:,} rows")
        elif rows < len(predicted.rows):
            axes.set_title(f"{rows:,} held-out rows, drawn at random")


def _count_rows(predicted: Predictions) -> int:
    """How many rows columns are shuffled in."""
    limit = max(100, IMPORTANCE_CELLS // max(len(predicted.schema.features), 1))
    return min(len(predicted.rows), IMPORTANCE_ROWS, limit)


def strongest(model: BaseEstimator, predicted: Predictions, seed: int) -> list[str]:
    """The `MAX_IMPORTANT` columns whose shuffling changes predictions most, in their order.

    Of many columns whole blocks are shuffled; those that change predictions most are halved, until
    each is one column: the time grows with the logarithm of the columns.
    """
    rows, schema, before = predicted.rows, predicted.schema, predicted.y_pred
    order = np.random.default_rng(seed).permutation(len(rows))
    names = np.array(list(schema.features), dtype=object)

    def shuffled(block: np.ndarray) -> pd.DataFrame:
        columns, table = names[block], rows.copy()
        table[columns] = rows[columns].iloc[order].set_axis(rows.index)
        return table

    blocks = [np.arange(len(names))]
    while len(blocks) > MAX_IMPORTANT or max(map(len, blocks)) > 1:
        if len(blocks) > MAX_IMPORTANT:
            after = predict_scores(model, pd.concat(map(shuffled, blocks)), schema)
            moved = [np.abs(each - before).mean() for each in np.split(after, len(blocks))]
            blocks = [blocks[place] for place in np.argsort(moved)[-MAX_IMPORTANT:]]
        blocks = [half for block in blocks for half in np.array_split(block, 2) if len(half)]
    return list(names[np.sort(np.concatenate(blocks))])
