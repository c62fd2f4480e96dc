"""Is the difference between two models significant?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ..schema.schema import Schema
from ..selection.metric import Metric
from ..selection.metrics import NONE, Own, task_metrics
from ..selection.threshold import DEFAULT_THRESHOLD
from .predictions import prediction_array
from .resampling import Resampling

OVERALL = 0.8  # of the significance level is spent on all rows, the rest on slices
MIN_INDEPENDENT = 5  # units, to test a slice

Side = tuple[Metric, np.ndarray]


@dataclass(frozen=True)
class Gain:
    """How much better one score is than another, above 0 is better, with an interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"gain {self.value:.4f} ({self.low:.4f} to {self.high:.4f}), {self.verdict()}"

    def verdict(self) -> str:
        """Whether the difference is significant, in words."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no evidence of a difference"


def make_side(predictions: pd.DataFrame, schema: Schema, name: str, own: Own = NONE) -> Side:
    """A metric and its input, from the columns that `predict_table` adds.

    The classes are those the model decided on, at its own threshold and for its own positive class.
    """
    y_pred, threshold = prediction_array(predictions, schema), DEFAULT_THRESHOLD
    if len(classes := schema.classes) == 2:
        positive = (predictions[f"predicted_{schema.target}"] == classes[1]).to_numpy()
        threshold = float(y_pred[positive, 1].min(initial=np.inf))
    return task_metrics(schema, threshold, own)[name], y_pred


def versus(name: str, y_true: np.ndarray, sides: Sequence[Side]) -> str:
    """Both scores in words."""
    scores = [f"{metric.function(y_true, y_pred):.4f}" for metric, y_pred in sides]
    return f"{name} {' against '.join(scores)}"


def paired_bootstrap(
    y_true: np.ndarray, sides: Sequence[Side], resampling: Resampling, alpha: float | None = None
) -> Gain:
    """Compare predictions of the same rows on the same resamples (Efron & Tibshirani 1993).

    Parameters
    ----------
    sides
        Of the new model and of the one it is compared with, as from `make_side`.
    alpha
        For an interval that leaves out this share on each side, by a t distribution and the
        standard error: resamples have no quantiles so far out.
    """

    def gain(rows: np.ndarray) -> float:
        scores = [metric.function(y_true[rows], values[rows]) for metric, values in sides]
        return float(sides[0][0].improvement(*scores))

    value = gain(np.arange(len(y_true)))
    if alpha is None:
        return Gain(value, *map(float, resampling.interval(gain)))
    reach = student.ppf(1 - alpha, independent(y_true, resampling) - 1)
    error = float(reach * resampling.error(gain))
    return Gain(value, value - error, value + error)


def worse_at_most(
    y_true: np.ndarray, sides: Sequence[Side], resampling: Resampling, parts: dict[str, np.ndarray]
) -> tuple[Gain, dict[str, Gain]]:
    """Gains of a challenger, on all rows and on parts of them; it fails where an upper end is below 0.

    With a confidence of 0.95, of equally good challengers at most 2.5 % have an upper end below 0
    on all rows or on any part: `OVERALL` of that is spent on all rows, the rest on all parts
    together (Bonferroni). A loss is found in four of five challengers when it truly is 2.9 standard
    errors of the paired gain, in half of them when it is 2: no test at 2.5 % finds more. One that
    is seen to be 2.1 or more is always refused.

    Parameters
    ----------
    parts
        Masks of rows by name.

    Returns
    -------
    gain : Gain
        On all rows.
    gains : dict
        By name of the part; without those that have too few rows.
    """
    alpha = (1 - resampling.confidence) / 2
    tested = {
        name: mask
        for name, mask in parts.items()
        if independent(y_true[mask], resampling.among(mask)) >= MIN_INDEPENDENT
    }
    share = (1 - OVERALL) * alpha / max(len(tested), 1)
    gains = {}
    for name, mask in tested.items():
        part = [(metric, values[mask]) for metric, values in sides]
        gains[name] = paired_bootstrap(y_true[mask], part, resampling.among(mask), share)
    return paired_bootstrap(y_true, sides, resampling, OVERALL * alpha), gains


def independent(y_true: np.ndarray, resampling: Resampling) -> int:
    """The effective number of units: rows of the rarer of two classes, else half the rows."""
    binary = y_true.dtype.kind == "i" and y_true.max(initial=0) < 2
    rarer = int(np.bincount(y_true, minlength=2).min()) if binary else len(y_true) // 2
    return min(resampling.count, rarer)


def corrected_t_test(
    metric: Metric, scores: list[float], reference: list[float], confidence: float
) -> Gain:
    """Compare scores on the same folds (corrected resampled t-test, Nadeau & Bengio 2003).

    Folds share most of the rows they are fitted on, so their scores vary less than independent
    ones would; the correction widens the interval by the rows held out over the rows fitted on.
    It is valid for k-fold cross-validation, not for chronological folds, which grow.
    """
    gains = np.array([metric.improvement(*pair) for pair in zip(scores, reference, strict=True)])
    gains = gains[np.isfinite(gains)]
    if len(gains) < 2:
        return Gain(float(gains.sum()), -np.inf, np.inf)
    folds, middle = len(gains), float(gains.mean())
    held_out_over_fitted = 1 / (len(scores) - 1)
    error = np.sqrt((1 / folds + held_out_over_fitted) * gains.var(ddof=1))
    reach = float(student.ppf((1 + confidence) / 2, folds - 1) * error)
    return Gain(middle, middle - reach, middle + reach)
