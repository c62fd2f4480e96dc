"""Fit the best candidate on all rows; then add calibration and a threshold without fitting it again."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psutil
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

from ..io.parquet import first_rows, parquet_file, read_parquet
from ..project.files import read_json, write_json
from ..project.lock_file import require_unchanged
from ..project.project import Project
from ..schema.schema import Schema
from .calibration import calibrate, corrected
from .cross_validation import fold_scores, mean_and_std, row_hashes
from .interval import half_width
from .metrics import NONE, Own, one_thread, task_metrics
from .model_selection import ModelSelection
from .persistence import load_model, save_model
from .sources import source_code
from .threshold import DEFAULT_THRESHOLD, choose_threshold

SAMPLE = 100  # rows that show what the columns are like


@dataclass(frozen=True)
class FittedCandidate:
    """The best candidate of a model selection, and all that its calibration and threshold need.

    Attributes
    ----------
    model : estimator
        Fitted on all rows: raw columns in, values or probabilities out.
    facts : dict
        The `metric`, the `best`, the scores of the `candidates` by name, the number of
        `settings_tried`, the names `left_out` by the clock.
    rows : DataFrame
        For each row it was fitted on: its number as `row`, its hash as `row_hash`, `y_true`, and,
        missing where no fold holds it out, the number of the `fold` and the out-of-fold prediction:
        `probability_<class>` for each class, or `y_pred`.
    sample : DataFrame
        Features of some rows.
    """

    model: BaseEstimator
    facts: dict[str, Any]
    rows: pd.DataFrame
    sample: pd.DataFrame


def fit_best(selection: ModelSelection) -> FittedCandidate:
    """Fit the best candidate on all rows of a selection."""
    best, schema, rows = selection.best(), selection.schema, selection.train
    facts = {
        "metric": selection.metric,
        "best": best,
        "candidates": {name: trial.score for name, trial in selection.trials.items()},
        "settings_tried": selection.settings_tried,
        "left_out": selection.left_out,
    }
    features = rows[list(schema.features)]
    model = clone(selection.trials[best].candidate.pipeline).fit(features, rows[schema.target])
    y_pred = selection.trials[best].y_pred.reshape(len(selection.held_out), -1)
    held_out = pd.DataFrame(y_pred, selection.held_out, _columns(schema))
    held_out.insert(0, "fold", pd.array(selection.fold, dtype="Int64"))
    hashes = row_hashes(rows, schema)
    known = {"row": range(len(rows)), "row_hash": hashes, "y_true": rows[schema.target].array}
    return FittedCandidate(model, facts, pd.DataFrame(known).join(held_out), features.head(SAMPLE))


def save_fit(project: Project, fit: FittedCandidate) -> None:
    """Write what `load_fit` reads; the same training gives the same bytes, but for its seconds."""
    record = save_model(fit.model, project.fitted_file, source_code(project))
    with parquet_file(project.train_predictions_file) as write:
        write(fit.rows)
    for score in fit.facts["candidates"].values():
        score.pop("seconds", None)
    write_json(project.selection_file, {"facts": fit.facts} | record)
    seconds = time.time() - psutil.Process().create_time()
    write_json(project.seconds_file, {"model_md5": record["model_md5"], "seconds": seconds})


def load_fit(project: Project, schema: Schema) -> tuple[FittedCandidate, float]:
    """Read what training has stored, and the seconds it took, or 0 where that was elsewhere.

    Raises
    ------
    ProjectError
        When a file was changed afterwards.
    """
    for path in (project.selection_file, project.fitted_file, project.train_predictions_file):
        require_unchanged(project.root, path)
    record = read_json(project.selection_file)
    model = load_model(project.fitted_file, record, source_code(project))
    rows = read_parquet(project.train_predictions_file)
    sample = first_rows(project.train_file, SAMPLE)[list(schema.features)]
    took = read_json(project.seconds_file) if project.seconds_file.is_file() else {}
    seconds = took["seconds"] if took.get("model_md5") == record["model_md5"] else 0
    return FittedCandidate(model, record["facts"], rows, sample), seconds


@one_thread()
def calibrate_and_threshold(
    fit: FittedCandidate, schema: Schema, goal: str | float, own: Own = NONE
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Add a calibrator, where it helps, and a threshold, both chosen on out-of-fold predictions.

    A model of values gets the half width of its prediction interval, from the same predictions.

    Parameters
    ----------
    goal
        `train.threshold`, see `choose_threshold`.
    own
        The owner's metrics.

    Returns
    -------
    model : estimator
        Fitted: raw columns in, predictions out.
    facts : dict
        Those of `fit`, and for classes `calibration`, `threshold`, and the score of the model
        `as_used`, with both: candidates are compared without. The threshold was chosen on the
        same predictions, so a score of decisions is a little too good.
    """
    rows = fit.rows.dropna(subset="fold")
    if schema.task == "regression":
        y_true, y_pred = (rows[name].to_numpy(float) for name in ("y_true", "y_pred"))
        fit.model.half_width_ = half_width(y_true, y_pred)  # kept with the model
        return fit.model, fit.facts
    y_true = pd.Categorical(rows["y_true"], categories=schema.classes).codes.astype(int)
    y_pred = rows[_columns(schema)].to_numpy(float)
    fold, classes = rows["fold"].to_numpy(int), schema.classes
    order = np.argsort(classes)  # as a fitted classifier has them
    calibrator, calibrated, calibration = calibrate(order.argsort()[y_true], y_pred[:, order], fold)
    y_proba = calibrated[:, order.argsort()]
    facts = fit.facts | {"calibration": calibration}
    model: BaseEstimator = FrozenEstimator(fit.model)
    if calibrator is not None:
        model = corrected(fit.model, calibrator)
    value = DEFAULT_THRESHOLD
    if len(classes) == 2:
        facts["threshold"] = choose_threshold(goal, y_true == 1, y_proba[:, 1], len(fit.rows))
        value = facts["threshold"]["value"]
        model = FixedThresholdClassifier(
            model, threshold=value, pos_label=classes[1], response_method="predict_proba"
        )
    labels = fit.model.classes_
    anything = fit.sample.iloc[np.arange(len(labels)) % len(fit.sample)]
    model = model.fit(anything, labels)  # it is fitted: this learns the names of its classes
    metric = task_metrics(schema, value, own)[fit.facts["metric"]]
    as_used = mean_and_std(fold_scores(metric, y_true, y_proba, fold))
    return model, facts | {"as_used": as_used}


def describe_fit(facts: dict[str, Any]) -> str:
    """The score of the model with calibration and threshold, and the threshold, as text."""
    lines = []
    if used := facts.get("as_used"):
        figures = f"{facts['metric']} {used['mean']:.4f} +/- {used['std']:.4f}"
        lines.append(f"{facts['best']} as it is used, calibrated and at its threshold: {figures}")
    if threshold := facts.get("threshold"):
        reached = (
            "threshold {value:.3g} ({goal}): {positive:.1%} of the rows positive, "
            "precision {precision:.3f}, recall {recall:.3f}"
        )
        lines.append(f"{reached.format(**threshold)} on cross-validated predictions")
    if left_out := facts["left_out"]:
        lines.append(f"left out, as train.timeout ends before they do: {', '.join(left_out)}")
    return "\n".join([*lines, f"best: {facts['best']}"])


def _columns(schema: Schema) -> list[str]:
    """The columns of out-of-fold predictions."""
    return [f"probability_{label}" for label in schema.classes] or ["y_pred"]
