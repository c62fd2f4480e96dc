"""Calibration of probabilities, kept only where it lowers the log loss significantly."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.base import BaseEstimator
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

MIN_ROWS = 20  # of every class, or there is nothing to calibrate on
BEYOND_NOISE = 2  # standard errors by which the log loss must fall
MIN_PROBABILITY = 1e-6  # as its log is taken


def calibrator(classes: int) -> Pipeline:
    """Logistic regression on log-odds (Platt 1999; Kull et al. 2019 for several classes).

    It is fitted on the probability of the second of two classes, or of each of more. Isotonic
    regression is not used: its steps give different rows the same probability, and it predicts 0.
    """
    bounds = {"a_min": MIN_PROBABILITY, "a_max": 1 - MIN_PROBABILITY}
    return make_pipeline(
        FunctionTransformer(np.clip, kw_args=bounds),
        FunctionTransformer(logit if classes == 2 else np.log),
        LogisticRegression(max_iter=1000),
    )


def calibrate(
    y_true: np.ndarray, y_proba: np.ndarray, fold: np.ndarray
) -> tuple[Pipeline | None, np.ndarray, dict[str, Any]]:
    """Fit a calibrator on out-of-fold predictions, if it lowers the log loss significantly.

    Parameters
    ----------
    y_true, y_proba, fold
        Of each row: class as a column number, probabilities, number of the fold that held it out.

    Returns
    -------
    calibrator : Pipeline or None
        Fitted on all rows, or None where it does not help.
    y_proba : ndarray
        The probabilities; with a calibrator, corrected by one fitted on the other folds.
    facts : dict
        `kept`, and unless a class has too few rows the log loss `before` and `after`.
    """
    in_fold, classes = pd.crosstab(fold, y_true), y_proba.shape[1]
    elsewhere = in_fold.sum() - in_fold
    if elsewhere.shape[1] < classes or elsewhere.min(axis=None) < MIN_ROWS:
        return None, y_proba, {"kept": False}
    probabilities = y_proba[:, 1:] if classes == 2 else y_proba
    after_fit = cross_val_predict(
        calibrator(classes), probabilities, y_true, cv=PredefinedSplit(fold), method="predict_proba"
    )
    before, after = _losses(y_true, y_proba), _losses(y_true, after_fit)
    gain = before - after
    kept = bool(gain.mean() > BEYOND_NOISE * gain.std() / np.sqrt(len(gain)))
    facts = {"kept": kept, "before": float(before.mean()), "after": float(after.mean())}
    if not kept:
        return None, y_proba, facts
    return calibrator(classes).fit(probabilities, y_true), after_fit, facts


def corrected(model: BaseEstimator, calibrator: BaseEstimator) -> StackingClassifier:
    """A fitted classifier followed by a fitted calibrator."""
    return StackingClassifier(
        [("model", FrozenEstimator(model))], FrozenEstimator(calibrator), cv="prefit"
    )


def _losses(y_true: np.ndarray, y_proba: np.ndarray) -> np.ndarray:
    """The log loss of each row."""
    return -np.log(np.clip(y_proba[np.arange(len(y_true)), y_true], MIN_PROBABILITY, 1))
