"""Fit the best candidate on all rows, with calibration and a threshold."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import FixedThresholdClassifier

from .calibration import calibrate, corrected
from .interval import half_width
from .metrics import task_metrics
from .model_selection import ModelSelection
from .threshold import choose_threshold


def fit_best(selection: ModelSelection) -> tuple[BaseEstimator, dict[str, Any]]:
    """Fit the best candidate on all rows of a selection.

    Returns
    -------
    model : estimator
        Fitted: raw columns in, predictions out.
    facts : dict
        The `metric`, the `best`, the scores of the `candidates` by name, the number of
        `settings_tried`, and for classes `calibration`, `threshold`, and the score of the best
        `as_used`, with both: candidates are compared without. The threshold was chosen on the
        same predictions, so a score of decisions is a little too good.
    """
    best, schema, rows = selection.best(), selection.schema, selection.train
    facts: dict[str, Any] = {
        "metric": selection.metric,
        "best": best,
        "candidates": {name: trial.score for name, trial in selection.trials.items()},
        "settings_tried": selection.settings_tried,
    }
    model = clone(selection.trials[best].candidate.pipeline)
    if schema.task == "classification":
        model, found = calibrate_and_threshold(model, selection, best)
        facts |= found
    model.fit(rows[list(schema.features)], rows[schema.target])
    if schema.task == "regression":
        y_true = selection.y_true[selection.held_out]
        model.half_width_ = half_width(y_true, selection.trials[best].y_pred)
    return model, facts


def describe_fit(facts: dict[str, Any]) -> str:
    """The score of the model with calibration and threshold, and the threshold, as text."""
    lines = []
    if used := facts.get("as_used"):
        figures = f"{facts['metric']} {used['mean']:.4f} +/- {used['std']:.4f}"
        lines.append(f"{facts['best']} as it is used, calibrated and at its threshold: {figures}")
    if threshold := facts.get("threshold"):
        reached = "threshold {value:.3g} ({goal}): precision {precision:.3f}, recall {recall:.3f}"
        lines.append(f"{reached.format(**threshold)} on cross-validated predictions")
    return "\n".join([*lines, f"best: {facts['best']}"])


def calibrate_and_threshold(
    model: BaseEstimator, selection: ModelSelection, name: str
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Add a calibrator, where it helps, and a threshold, both chosen on out-of-fold predictions."""
    schema, goal = selection.schema, selection.params.train.threshold
    classes, ordered = schema.classes, sorted(schema.classes)  # as a fitted classifier has them
    labels = np.array(classes)[selection.y_true[selection.held_out]]
    y_pred = pd.DataFrame(selection.trials[name].y_pred, columns=classes)[ordered].to_numpy()
    y_true = np.searchsorted(ordered, labels)
    calibrator, calibrated, calibration = calibrate(y_true, y_pred, selection.fold)
    y_proba = pd.DataFrame(calibrated, columns=ordered)[classes].to_numpy()
    facts: dict[str, Any] = {"calibration": calibration}
    if calibrator is not None:
        rows = selection.train
        model = corrected(model.fit(rows[list(schema.features)], rows[schema.target]), calibrator)
    metric = task_metrics(schema, own=selection.own)[selection.metric]
    if len(classes) == 2:
        threshold = choose_threshold(goal, labels == classes[1], y_proba[:, 1])
        facts["threshold"] = threshold
        metric = task_metrics(schema, threshold["value"], selection.own)[selection.metric]
        model = FixedThresholdClassifier(
            model,
            threshold=threshold["value"],
            pos_label=classes[1],
            response_method="predict_proba",
        )
    used = selection.score(y_proba, metric)
    return model, facts | {"as_used": {"mean": used["mean"], "std": used["std"]}}
