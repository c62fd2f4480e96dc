"""The threshold from which on a probability counts as positive, chosen by `train.threshold`."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

DEFAULT_THRESHOLD = 0.5  # of a model without a threshold of its own


def choose_threshold(goal: str | float, y_true: np.ndarray, y_proba: np.ndarray) -> dict[str, Any]:
    """Choose the threshold that is best for the goal on out-of-fold predictions.

    Parameters
    ----------
    goal
        `f1`; `precision P`: the highest recall with a precision of at least P, or where there is
        none the highest precision; `cost C`: a miss costs C false alarms; or the threshold itself.
    y_true, y_proba
        Of each row: whether it is positive, and the probability that it is.

    Returns
    -------
    dict
        `goal`, the threshold as `value`, its `precision` and `recall`.
    """
    from sklearn.metrics import roc_curve

    false_alarms, found, values = roc_curve(y_true, y_proba, drop_intermediate=False)
    # Without the first point, where nothing is positive.
    positive = y_true.sum()
    found, false_alarms = found[1:] * positive, false_alarms[1:] * (len(y_true) - positive)
    values, precision = values[1:], found / (found + false_alarms)
    name, _, number = str(goal).partition(" ")
    if name == "f1":
        best = np.argmax(2 * found / (positive + found + false_alarms))
    elif name == "cost":
        best = np.argmin(float(number) * (positive - found) + false_alarms)
    elif name == "precision":
        enough = precision >= min(float(number), precision.max())
        best = np.flatnonzero(enough)[-1]
    fixed = not number and name != "f1"
    value = float(goal if fixed else values[best])
    alarms = y_proba >= value
    hits = int(np.sum(alarms & y_true))
    return {
        "goal": "fixed" if fixed else goal,
        "value": value,
        "precision": hits / max(int(alarms.sum()), 1),
        "recall": hits / max(int(positive), 1),
    }


def get_threshold(model: "BaseEstimator") -> float:
    """The decision threshold of a model."""
    return getattr(model, "threshold", DEFAULT_THRESHOLD)


def decide(y_proba: np.ndarray, threshold: float = DEFAULT_THRESHOLD) -> np.ndarray:
    """Class numbers from probabilities: of two, the second from the threshold on."""
    if y_proba.shape[1] == 2:
        return (y_proba[:, 1] >= threshold).astype(int)
    return y_proba.argmax(axis=1)
