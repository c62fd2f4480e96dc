"""Is one model better than another, or may it be chance?"""

import numpy as np
import pytest
from tabwright.evaluation import comparison, resampling
from tabwright.selection import metrics

RMSE, AUC = metrics.VALUES["rmse"], metrics.CLASSES["roc_auc"]
random = np.random.default_rng(0)
TRUTH = random.normal(size=300)
GOOD = TRUTH + random.normal(0, 0.3, 300)
BAD = TRUTH + random.normal(0, 0.6, 300)


def draws(rows: int) -> object:
    """Resamples of single rows."""
    return resampling.Resampling(np.arange(rows), "rows", 50, 0.95, seed=1)


def compare(first: np.ndarray, second: np.ndarray) -> object:
    """The gain in RMSE of some predictions over others."""
    return comparison.paired_bootstrap(TRUTH, [(RMSE, first), (RMSE, second)], draws(300))


def test_better_predictions_are_found_better_and_the_others_worse() -> None:
    gain, loss = compare(GOOD, BAD), compare(BAD, GOOD)
    assert gain.value == pytest.approx(0.3, abs=0.05)
    assert gain.low < gain.value < gain.high
    assert (gain.verdict(), loss.verdict()) == ("better", "worse")
    assert loss.value == pytest.approx(-gain.value)


def test_predictions_that_differ_by_chance_are_no_evidence() -> None:
    other = TRUTH + np.random.default_rng(5).normal(0, 0.3, 300)
    assert compare(GOOD, other).verdict() == "no evidence of a difference"
    same = compare(GOOD, GOOD)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert same.verdict() == "no evidence of a difference"


def test_probabilities_are_compared_too(trained) -> None:
    truth = metrics.encode_target(trained.test, trained.schema)
    predicted = metrics.predict_scores(trained.model, trained.test, trained.schema)
    guessed = np.full_like(predicted, 0.5)
    sides = [(AUC, predicted), (AUC, guessed)]
    gain = comparison.paired_bootstrap(truth, sides, draws(len(truth)))
    assert gain.low > 0.2
    assert "better" in str(gain)


def test_corrected_t_test_is_that_of_the_paper() -> None:
    gain = comparison.corrected_t_test(
        AUC, [0.91, 0.92, 0.93, 0.92, 0.92], [0.9] * 5, confidence=0.95
    )
    # The mean is 0.02, the variance 5e-5; t with 4 degrees of freedom is 2.776.
    reach = 2.776 * np.sqrt((1 / 5 + 1 / 4) * 5e-5)
    assert (gain.value, gain.high) == pytest.approx((0.02, 0.02 + reach), abs=1e-5)
    assert gain.verdict() == "better"
    errors = comparison.corrected_t_test(RMSE, [1.0, 1.2, 1.1], [1.1, 1.1, 1.1], confidence=0.95)
    assert errors.verdict() == "no evidence of a difference"


def test_one_fold_is_no_evidence() -> None:
    assert "no evidence" in str(comparison.corrected_t_test(AUC, [0.9, np.nan], [0.1, 0.2], 0.95))
