"""Probabilities that mean what they say: a correction, kept only where it is a proven gain."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from ..features.transformers import MIN_PROBABILITY, LogOdds

LEAST_ROWS = 20  # of every class, or there is nothing to calibrate on
BEYOND_NOISE = 2  # standard errors by which the log loss must fall


class Calibrated(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities go through a calibrator that is fitted already.

    Parameters
    ----------
    classifier
        Fitted by `fit`.
    calibrator
        A frozen classifier from probabilities to probabilities, classes in the same order.
    """

    def __init__(self, classifier: BaseEstimator, calibrator: FrozenEstimator) -> None:
        self.classifier = classifier
        self.calibrator = calibrator

    def fit(self, features: Any, target: Any) -> "Calibrated":
        """Fit the classifier."""
        self.classifier_ = clone(self.classifier).fit(features, target)
        self.classes_ = self.classifier_.classes_
        return self

    def predict_proba(self, features: Any) -> np.ndarray:
        """Corrected probabilities."""
        return self.calibrator.predict_proba(self.classifier_.predict_proba(features))

    def predict(self, features: Any) -> np.ndarray:
        """The most probable class."""
        return self.classes_[self.predict_proba(features).argmax(axis=1)]


def calibrator() -> Pipeline:
    """Logistic regression on log-odds (Platt 1999; Kull et al. 2019 for several classes).

    Isotonic regression is no choice: its steps tie rows that the model tells apart, and it says 0.
    """
    return make_pipeline(LogOdds(), LogisticRegression(max_iter=1000))


def calibrate(
    truth: np.ndarray, predicted: np.ndarray, fold: np.ndarray
) -> tuple[FrozenEstimator | None, np.ndarray, dict[str, Any]]:
    """Fit a calibrator on out-of-fold predictions, if it lowers the log loss beyond noise.

    Parameters
    ----------
    truth, predicted, fold
        Of each row: class as a column number, probabilities, number of the fold that held it out.

    Returns
    -------
    calibrator : FrozenEstimator or None
        Fitted on all rows, or None where it is no gain.
    predicted : ndarray
        The probabilities; with a calibrator, corrected by one fitted on the other folds.
    facts : dict
        `kept`, and where it could be tried the log loss `before` and `after`.
    """
    in_fold = pd.crosstab(fold, truth)
    elsewhere = in_fold.sum() - in_fold
    if elsewhere.shape[1] < predicted.shape[1] or elsewhere.min(axis=None) < LEAST_ROWS:
        return None, predicted, {"kept": False}
    corrected = cross_val_predict(
        calibrator(), predicted, truth, cv=PredefinedSplit(fold), method="predict_proba"
    )
    before, after = _losses(truth, predicted), _losses(truth, corrected)
    gain = before - after
    kept = bool(gain.mean() > BEYOND_NOISE * gain.std() / np.sqrt(len(gain)))
    facts = {"kept": kept, "before": float(before.mean()), "after": float(after.mean())}
    if not kept:
        return None, predicted, facts
    return FrozenEstimator(calibrator().fit(predicted, truth)), corrected, facts


def _losses(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The log loss of each row."""
    return -np.log(np.clip(predicted[np.arange(len(truth)), truth], MIN_PROBABILITY, 1))
