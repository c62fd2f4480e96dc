"""Is one model better than another, or may the difference be chance?"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ..config import EvaluateParams
from .metrics import Metric


@dataclass(frozen=True)
class Gain:
    """How much better a score is than another, above 0 is better, with an interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"gain {self.value:.4f} ({self.low:.4f} to {self.high:.4f}): {self.verdict()}"

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
    random = np.random.default_rng(seed)
    gains = np.empty(params.bootstrap)
    for n in range(params.bootstrap):
        rows = random.integers(len(truth), size=len(truth))
        gains[n] = rule.gain(
            rule.function(truth[rows], predicted[rows]), rule.function(truth[rows], reference[rows])
        )
    tail = (1 - params.confidence) / 2
    low, high = np.nanquantile(gains, [tail, 1 - tail]) if np.isfinite(gains).any() else (np.nan,) * 2
    value = rule.gain(rule.function(truth, predicted), rule.function(truth, reference))
    return Gain(float(value), float(low), float(high))


def corrected_t_test(
    rule: Metric, scores: list[float], reference: list[float], confidence: float
) -> Gain:
    """Compare scores on the same folds (corrected resampled t-test, Nadeau & Bengio 2003).

    The folds share most of their training rows, so their scores vary less than independent ones
    would; the correction widens the interval.
    """
    gains = np.array([rule.gain(*pair) for pair in zip(scores, reference, strict=True)])
    gains = gains[np.isfinite(gains)]
    count = len(gains)
    if count < 2:
        return Gain(float(gains.mean()) if count else np.nan, -np.inf, np.inf)
    share = 1 / (count - 1)  # held-out rows over rows to fit on
    error = np.sqrt((1 / count + share) * gains.var(ddof=1))
    reach = student.ppf((1 + confidence) / 2, count - 1) * error
    middle = float(gains.mean())
    return Gain(middle, middle - reach, middle + reach)
