"""The threshold from which on a probability counts as positive, chosen by `train.threshold`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..project.errors import ProjectError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

DEFAULT_THRESHOLD = 0.5  # of a model without a threshold of its own


def choose_threshold(
    goal: str | float, y_true: np.ndarray, y_proba: np.ndarray, rows: int
) -> dict[str, Any]:
    """Choose the threshold that is best for the goal on out-of-fold predictions.

    Parameters
    ----------
    goal
        `f1`; `precision P`: the highest recall with a precision of at least P, or where there is
        none the highest precision; `recall R`: the highest threshold with a recall of at least R;
        `cost C`: a miss costs C false alarms; `top P%`: the rows with the highest probabilities, no
        more than this share, but at least the first; `top N`: the share that N of the training rows
        are; or the threshold itself.
    y_true, y_proba
        Of each row that a fold held out: whether it is positive, and the probability that it is.
    rows
        The number of training rows, held out or not.

    Returns
    -------
    dict
        `goal`, the threshold as `value`, the share of rows that are `positive` from it on, and their
        `precision` and `recall`.

    Raises
    ------
    ProjectError
        When there are no N rows.
    """
    name, _, number = str(goal).partition(" ")
    fixed = not number and name != "f1"
    value = float(goal) if fixed else _best(name, number, y_true, y_proba, rows)
    positive = y_proba >= value
    hits = int(np.sum(positive & y_true))
    return {
        "goal": "fixed" if fixed else goal,
        "value": value,
        "positive": float(positive.mean()),
        "precision": hits / max(int(positive.sum()), 1),
        "recall": hits / max(int(y_true.sum()), 1),
    }


def _best(name: str, number: str, y_true: np.ndarray, y_proba: np.ndarray, rows: int) -> float:
    """The best of the probabilities as a threshold."""
    from sklearn.metrics import roc_curve

    false_positives, true_positives, values = roc_curve(y_true, y_proba, drop_intermediate=False)
    # Counts in place of rates, without the first point, where nothing is positive.
    positive = int(y_true.sum())
    found = np.rint(true_positives[1:] * positive)
    flagged = found + np.rint(false_positives[1:] * (len(y_true) - positive))
    if name == "f1":
        best = np.argmax(2 * found / (positive + flagged))
    elif name == "cost":
        best = np.argmin(float(number) * (positive - found) + flagged - found)
    elif name == "precision":
        precision = found / flagged
        best = np.flatnonzero(precision >= min(float(number), precision.max()))[-1]
    elif name == "recall":
        best = np.argmax(found / positive >= float(number))
    else:
        share = float(number[:-1]) / 100 if number.endswith("%") else int(number) / rows
        if share > 1:
            raise ProjectError(
                f"params.yaml: train.threshold is `top {number}`, of {rows} training rows. Lower it, or "
                "give a share, such as `top 10%`."
            )
        most = share * len(y_true) + 1e-9  # 0.29 * 100 is below 29
        best = np.maximum(np.searchsorted(flagged, most, side="right") - 1, 0)
    return float(values[1:][best])


def get_threshold(model: "BaseEstimator") -> float:
    """The decision threshold of a model."""
    return getattr(model, "threshold", DEFAULT_THRESHOLD)


def decide(y_proba: np.ndarray, threshold: float = DEFAULT_THRESHOLD) -> np.ndarray:
    """Class numbers from probabilities: of two, the second from the threshold on."""
    if y_proba.shape[1] == 2:
        return (y_proba[:, 1] >= threshold).astype(int)
    return y_proba.argmax(axis=1)
