"""What each column adds to the prediction of one row: sampled Shapley values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..schema.schema import Schema
from ..selection.metrics import predict_scores

MAX_ROWS = 20_000  # that are predicted for one explanation
MIN_PAIRS, MAX_PAIRS = 10, 100  # of orders of the columns


@dataclass(frozen=True)
class Explanation:
    """A prediction as a sum: that of average rows, and what each column adds to it.

    Attributes
    ----------
    effects : DataFrame
        By column `effect` and `error`, its standard error; the strongest first.
    """

    prediction: float
    average: float
    effects: pd.DataFrame


def explain_row(
    model: BaseEstimator,
    row: pd.DataFrame,
    background: pd.DataFrame,
    schema: Schema,
    output: int,
    seed: int,
) -> Explanation:
    """Explain the prediction of one row by replacing its cells with those of other rows.

    From a row of the background the cells become those of the row one by one, in random order; what
    the prediction changes by is the effect of the column, averaged over orders and rows (Štrumbelj &
    Kononenko 2014). Each order is used forwards and backwards, which makes errors cancel (Mitchell et
    al. 2022). Columns are taken as if they were independent (the interventional values of Janzing et
    al. 2020): the effects describe the model, not what causes the target.

    Parameters
    ----------
    row
        One typed row.
    background
        Typed rows to compare with.
    output
        The number of the class whose probability is explained; 0 for values.
    """
    names = list(schema.features)
    count, random = len(names), np.random.default_rng(seed)
    pairs = int(np.clip(MAX_ROWS // (2 * (count + 1)), MIN_PAIRS, MAX_PAIRS))
    forwards = np.array([random.permutation(count) for _ in range(pairs)])
    place = np.concatenate([forwards, count - 1 - forwards])  # of each column in each order
    drawn = np.tile(random.integers(len(background), size=pairs), 2)
    table = background[names].iloc[np.repeat(drawn, count + 1)].reset_index(drop=True)
    replaced = np.arange(count + 1) > place[:, :, None]  # (orders, columns, steps)
    columns = {
        name: table[name].mask(replaced[:, number].ravel(), row[name].iloc[0])
        for number, name in enumerate(names)
    }
    scores = predict_scores(model, pd.DataFrame(columns), schema)
    steps = scores.reshape(len(table), -1)[:, output].reshape(len(place), count + 1)
    each = np.take_along_axis(np.diff(steps, axis=1), place, axis=1)
    each = each.reshape(2, pairs, count).mean(axis=0)
    effects = pd.DataFrame({"effect": each.mean(0), "error": each.std(0) / np.sqrt(pairs)}, names)
    order = effects["effect"].abs().sort_values(ascending=False, kind="stable").index
    return Explanation(float(steps[0, -1]), float(steps[:, 0].mean()), effects.loc[order])
