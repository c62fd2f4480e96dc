"""Is one model better than another, or may the difference be chance?"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ..config import EvaluateParams
from .metrics import Metric
from .slices import interval


@dataclass(frozen=True)
class Gain:
    """How much better a score is than another, above 0 is better, with an interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"gain {self.value:.4f} ({self.low:.4f} to {self.high:.4f}), {self.verdict()}"

    def verdict(self) -> str:
        """The answer in words."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no evidence of a difference"


def paired_bootstrap(
    rule: Metric,
    truth: np.ndarray,
    predicted: np.ndarray,
    reference: np.ndarray,
    params: EvaluateParams,
    seed: int,
) -> Gain:
    """Compare predictions of the same rows on the same resamples (Efron & Tibshirani 1993).

    Parameters
    ----------
    truth, predicted, reference
        As the metric takes them, a row each.
    """

    def gain(truth: np.ndarray, both: np.ndarray) -> float:
        return rule.gain(rule.function(truth, both[:, 0]), rule.function(truth, both[:, 1]))

    both = np.stack([predicted, reference], axis=1)
    return Gain(gain(truth, both), *interval(truth, both, Metric(gain), params, seed))


def corrected_t_test(
    rule: Metric, scores: list[float], reference: list[float], confidence: float
) -> Gain:
    """Compare scores on the same folds (corrected resampled t-test, Nadeau & Bengio 2003).

    Folds share most of the rows they are fitted on, so their scores vary less than independent
    ones would; the correction widens the interval.
    """
    gains = np.array([rule.gain(*pair) for pair in zip(scores, reference, strict=True)])
    gains = gains[np.isfinite(gains)]
    if len(gains) < 2:
        return Gain(float(gains.sum()), -np.inf, np.inf)
    folds, middle = len(gains), float(gains.mean())
    held_out_over_fitted = 1 / (folds - 1)
    error = np.sqrt((1 / folds + held_out_over_fitted) * gains.var(ddof=1))
    reach = float(student.ppf((1 + confidence) / 2, folds - 1) * error)
    return Gain(middle, middle - reach, middle + reach)
