"""Which slices differ from the other held-out rows beyond chance."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import pearson3

from .predictions import Predictions
from .resampling import Resampling

FEW, DRAWS = 50, 400  # of random rows; the rest only where few draws have a p-value below
PROMISING = 0.15
MAX_DRAWN = 1000  # rows of a larger slice; the standard deviation is scaled for that


def mark_differences(
    slices: list[dict[str, Any]],
    masks: list[np.ndarray],
    predicted: Predictions,
    resampling: Resampling,
) -> None:
    """Set in each slice the score that is `expected`, and whether it `differs`: better, worse, None.

    Expected is the mean of random held-out rows, as many of each class as the slice has: it is not
    marked for having more of a class. By Holm's correction (1979), which holds for slices that
    overlap, at most a share of 1 - confidence of the models without a weak or strong slice get a mark.
    """
    metric = predicted.metrics[predicted.deciding]
    factor, random = _clustering(predicted, resampling), np.random.default_rng(resampling.seed)
    for part in slices:
        part |= {"expected": None, "differs": None}
    pairs = zip(slices, masks, strict=True)
    tested = [(part, mask) for part, mask in pairs if part["score"] is not None]
    draws = random_scores(predicted, [mask for _, mask in tested], FEW, random)
    p_values = np.ones(len(tested))
    for number, (part, mask) in enumerate(tested):
        scores = draws[:, number]
        part["expected"], p_values[number] = compare(part["score"], scores, mask, factor)
        if p_values[number] < PROMISING:
            more = random_scores(predicted, [mask], DRAWS, random)[:, 0]
            scores = np.append(scores, more)
            part["expected"], p_values[number] = compare(part["score"], scores, mask, factor)
    for number in holm(p_values, 1 - resampling.confidence):
        part, _ = tested[number]
        better = metric.improvement(part["score"], part["expected"]) > 0
        part["differs"] = "better" if better else "worse"


def random_scores(
    predicted: Predictions, masks: list[np.ndarray], times: int, random: np.random.Generator
) -> np.ndarray:
    """Scores of random rows, as many of each class as are in each slice, shape (times, n_slices)."""
    y_true = predicted.y_true
    classes = y_true if y_true.dtype.kind == "i" else np.zeros(len(y_true), dtype=int)
    rows, sizes = np.argsort(classes, kind="stable"), np.bincount(classes)
    starts, places = np.cumsum(sizes) - sizes, []
    for mask in masks:
        counts = np.bincount(classes[mask], minlength=len(sizes)) * min(1, MAX_DRAWN / mask.sum())
        pairs = zip(starts, np.ceil(counts).astype(int), strict=True)
        places.append(np.concatenate([np.arange(start, start + count) for start, count in pairs]))
    scores = np.empty((times, len(masks)))
    for draw in scores:
        for block in np.split(rows, starts[1:]):
            random.shuffle(block)  # a view
        with np.errstate(invalid="ignore", divide="ignore"):
            draw[:] = [predicted.score(rows[place]) for place in places]
    return scores


def compare(
    score: float, draws: np.ndarray, mask: np.ndarray, factor: float
) -> tuple[float, float]:
    """The mean of the scores of random rows, and the two-sided p-value of that of a slice.

    Parameters
    ----------
    factor
        By which the standard deviation is larger as rows depend on each other.
    """
    scores = draws[np.isfinite(draws)]
    if mask.all() or len(scores) < len(draws) / 2 or not (std := scores.std()) > 0:
        return score, 1.0
    scale = np.sqrt(min(1, MAX_DRAWN / mask.sum()))
    expected = float(scores.mean())
    skewness = float((((scores - expected) / std) ** 3).mean())
    return expected, _p_value((score - expected) / (std * factor * scale), skewness * scale)


def _p_value(distance: float, skewness: float) -> float:
    """Two-sided, of a Pearson type III distribution, as few rows have skewed scores.

    It stands for the tails of a permutation distribution, of which only moments are known (Winkler
    et al. 2016, Faster permutation inference in brain imaging).
    """
    lower = float(pearson3.cdf(distance, skewness))
    return 2 * min(lower, 1 - lower)


def holm(p_values: np.ndarray, alpha: float) -> np.ndarray:
    """The places of p-values that are significant together (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    passed = p_values[order] * np.arange(len(order), 0, -1) <= alpha
    return order[np.cumprod(passed, dtype=bool)]


def _clustering(predicted: Predictions, resampling: Resampling) -> float:
    """By how much groups of rows raise the standard error (the design effect of Kish 1965), at least 1."""
    rows = len(predicted.rows)
    if resampling.count in (1, rows):
        return 1.0
    quick = replace(resampling, resamples=DRAWS // 2, max_rows=MAX_DRAWN)
    each_row = replace(quick, units=np.arange(rows))
    by_unit, by_row = (float(each.error(predicted.score)) for each in (quick, each_row))
    return max(by_unit / by_row, 1.0) if by_row > 0 else 1.0
