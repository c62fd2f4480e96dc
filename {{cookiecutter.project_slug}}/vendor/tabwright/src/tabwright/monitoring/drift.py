"""Has what comes in, what goes out, or what it is worth changed since the champion was promoted?

A window of rows is compared with the held-out rows kept beside the champion, by the tests of scipy.
Holm's correction keeps false alarms rare whatever the number of columns, and a least size of effect
keeps a large window from alarming about nothing. Dates always move on, so they are not tested, and the
average confidence is not either: it does not see a change of what there is to learn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from ..evaluation.predictions import Predictions
from ..evaluation.slice_tests import holm

ALPHA, ALPHA_OUTCOMES = 0.008, 0.002  # of a false alarm in a window, all its comparisons together
MIN_SIZE = {"missing": 0.02, "new": 0.005, "loss": 0.0, "rate": 0.02}
MIN_SHAPE = 0.05  # of the Kolmogorov-Smirnov statistic, or half the sum of changes of shares
MAX_VALUES = 20  # of a category that are compared one by one
MIN_COUNT = 5  # of the rarest known value, for a new one to say something
MIN_LABELLED = 30  # rows with an outcome
NEWEST = 3  # windows that are compared
WORDS = {
    "shape": "its values are distributed differently",
    "length": "its texts are longer or shorter",
    "missing": "other cells are missing",
    "new": "it has values that the held-out rows do not have",
    "score": "the predictions are distributed differently",
    "loss": "the predictions are worse than on the held-out rows",
    "rate": "the outcomes are not those that the predictions expect",
}


@dataclass(frozen=True)
class Finding:
    """A comparison of a window with the reference.

    Attributes
    ----------
    what
        A key of `WORDS`.
    p
        How often chance makes such a difference.
    size
        Of the difference: a share, but of `loss` in its unit.
    before, now
        Of the reference and of the window, for people.
    alarm
        Whether it is neither chance nor small.
    """

    column: str
    what: str
    p: float
    size: float
    before: str
    now: str
    alarm: bool = False

    def __str__(self) -> str:
        """What has changed, without a value of any row."""
        where = f"{self.column}: " if self.column else ""
        return f"{where}{WORDS[self.what]}"

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding in another window."""
        return self.column, self.what


def compare_rows(reference: Predictions, window: Predictions) -> list[Finding]:
    """Compare features and predictions, the least likely difference first."""
    found: list[Finding] = []
    for name, column in reference.schema.features.items():
        old, new = reference.rows[name], window.rows[name]
        found += _missing(name, old, new)
        match column.type:
            case "numeric":
                found += _shape(name, "shape", old, new)
            case "category" | "boolean":
                found += _values(name, old, new)
            case "text":
                found += _shape(name, "length", old.str.len(), new.str.len())
    pair = [pd.Series(watched(each.y_pred)) for each in (reference, window)]
    found += _shape("", "score", *pair)
    return _judge(found, ALPHA)


def compare_outcomes(reference: Predictions, window: Predictions) -> list[Finding]:
    """Compare what the predictions of rows with an outcome are worth; nothing of few rows."""
    if len(window.rows) < MIN_LABELLED:
        return []
    old, new = row_losses(reference), row_losses(window)
    test = stats.ttest_ind(new, old, equal_var=False, alternative="greater")
    size = max(new.mean() - old.mean(), 0.0)
    found = [Finding("", "loss", test.pvalue, size, f"{old.mean():.4g}", f"{new.mean():.4g}")]
    scale = 1.0 if reference.schema.classes else reference.y_true.std() or 1.0
    before, now = _gaps(reference) / scale, _gaps(window) / scale
    test = stats.ttest_ind(now, before, equal_var=False)
    size = abs(now.mean() - before.mean())
    words = f"{before.mean():+.3f}", f"{now.mean():+.3f}"
    found.append(Finding("", "rate", test.pvalue, size, *words))
    return _judge(found, ALPHA_OUTCOMES)


def watched(y_pred: np.ndarray) -> np.ndarray:
    """The probability of the positive class, the highest of several, or the value of each row."""
    if y_pred.ndim == 1:
        return y_pred
    return y_pred[:, 1] if y_pred.shape[1] == 2 else y_pred.max(axis=1)


def row_losses(predicted: Predictions) -> np.ndarray:
    """The log loss of each row, or its absolute error."""
    y_true, y_pred = predicted.y_true, predicted.y_pred
    if y_pred.ndim == 1:
        return np.abs(y_true - y_pred)
    probabilities = y_pred[np.arange(len(y_true)), y_true]
    return -np.log(np.clip(probabilities, np.finfo(float).eps, 1))


def persistent(windows: list[list[Finding]]) -> list[Finding]:
    """Alarms of the last window that are in at least one more of the newest: one odd day is none."""
    *before, last = [[one for one in each if one.alarm] for each in windows[-NEWEST:]] or [[]]
    known = {one.key for each in before for one in each}
    return [one for one in last if one.key in known]


def _gaps(predicted: Predictions) -> np.ndarray:
    """How far the outcome of each row is from what was predicted."""
    y_true, y_pred = predicted.y_true, predicted.y_pred
    if y_pred.ndim == 1:
        return y_true - y_pred
    happened = y_true == 1 if y_pred.shape[1] == 2 else y_true == y_pred.argmax(axis=1)
    return happened - watched(y_pred)


def _judge(found: list[Finding], alpha: float) -> list[Finding]:
    """Mark what is an alarm: unlikely among this many comparisons, and not too small to matter."""
    found = [replace(one, p=float(one.p), size=float(one.size)) for one in found]
    for place in holm(np.array([one.p for one in found]), alpha):
        one = found[place]
        found[place] = replace(one, alarm=one.size >= MIN_SIZE.get(one.what, MIN_SHAPE))
    return sorted(found, key=lambda one: one.p)


def _shape(name: str, what: str, old: pd.Series, new: pd.Series) -> Iterator[Finding]:
    before, now = (cells.dropna().to_numpy(dtype=float) for cells in (old, new))
    if len(before) and len(now):
        test = stats.ks_2samp(before, now, method="asymp")
        words = f"{np.median(before):.4g}", f"{np.median(now):.4g}"
        yield Finding(name, what, test.pvalue, test.statistic, *words)


def _values(name: str, old: pd.Series, new: pd.Series) -> Iterator[Finding]:
    known, seen = (cells.dropna().astype("str").value_counts() for cells in (old, new))
    if known.empty or seen.empty:
        return
    unseen = seen[~seen.index.isin(known.index)]
    if known.min() >= MIN_COUNT and len(known) <= MAX_VALUES:
        # A value that one in all held-out rows may have had is no surprise.
        rate, rows = 1 / known.sum(), int(seen.sum())
        p = stats.binomtest(int(unseen.sum()), rows, rate, alternative="greater").pvalue
        yield Finding(name, "new", p, unseen.sum() / rows, "", ", ".join(unseen.index[:3]))
    kept = known.index[:MAX_VALUES]
    counts = pd.concat([known, seen], axis=1).fillna(0)
    labels = counts.index.where(counts.index.isin(kept))  # NaN are the others
    counts = counts.groupby(labels, sort=False, dropna=False).sum()
    if len(counts) > 1:
        p = stats.chi2_contingency(counts.T, correction=False).pvalue
        shares = (counts / counts.sum()).to_numpy()
        moved = np.abs(shares[:, 1] - shares[:, 0])
        most = int(moved.argmax())
        label = counts.index.fillna("others")[most]
        before, now = (f"{label} {share:.1%}" for share in shares[most])
        yield Finding(name, "shape", p, moved.sum() / 2, before, now)


def _missing(name: str, old: pd.Series, new: pd.Series) -> Iterator[Finding]:
    gaps = [int(cells.isna().sum()) for cells in (old, new)]
    if any(gaps):
        table = [[gap, len(cells) - gap] for gap, cells in zip(gaps, (old, new), strict=True)]
        before, now = gaps[0] / len(old), gaps[1] / len(new)
        p = stats.fisher_exact(table).pvalue
        yield Finding(name, "missing", p, abs(now - before), f"{before:.1%}", f"{now:.1%}")
