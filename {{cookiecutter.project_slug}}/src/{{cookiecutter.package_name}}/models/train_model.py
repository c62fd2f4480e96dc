"""Compare candidates by cross-validation, search around the best, fit it, save and log it."""

import json
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import FixedThresholdClassifier
from tqdm import tqdm

from ..config import CANDIDATES, MODEL, TRAIN, Params, load_params
from ..data.contract.schema import Schema, load_schema
from ..errors import explained
from ..files import replacing
from ..tracking.record import provenance
from ..tracking.runs import log_training, open_experiment
from .calibration import calibrate, corrected
from .candidates import candidates
from .contest import Contest
from .metrics import metrics_of, one_thread, require_known
from .rows import read_rows
from .store import save_model
from .threshold import choose_threshold

BLEND = "blend"


def main() -> None:
    params = load_params()
    schema = load_schema()
    open_experiment()  # a damaged database is told of before the work, not after it
    record, patch = provenance()
    train = read_rows(TRAIN, params.train.max_rows, params.seed)
    model, facts = train_model(train, schema, params)
    record |= save_model(model, MODEL)
    log_training(model, train, schema, facts, params, record, patch)
    for score in facts["candidates"].values():
        score.pop("seconds", None)  # differs from run to run, and this file must not
        score.pop("folds")
    with replacing(CANDIDATES) as partial:
        partial.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    if used := facts.get("as_used"):
        figures = f"{facts['metric']} {used['mean']:.4f} +/- {used['sd']:.4f}"
        print(f"{facts['best']} as it is used, calibrated and at its threshold: {figures}")
    if threshold := facts.get("threshold"):
        reached = "threshold {value:.3g} ({goal}): precision {precision:.3f}, recall {recall:.3f}"
        print(reached.format(**threshold), "on cross-validated predictions")
    print(f"best: {facts['best']}, saved as models/{MODEL.name}")


@one_thread()
def train_model(
    train: pd.DataFrame, schema: Schema, params: Params
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Find the best model for the rows of `train` and fit it on all of them.

    Parameters
    ----------
    train
        Typed, labelled rows.

    Returns
    -------
    model : estimator
        Fitted: raw columns in, predictions out.
    facts : dict
        The `metric`, the `best`, the scores of the `candidates` by name, the number of
        `settings_tried`, and for classes `calibration`, `threshold`, and the score of the best
        `as_used`, with both: candidates are compared without. The threshold was chosen on the
        same predictions, so a score of decisions is a little too good.

    Raises
    ------
    ProjectError
        When `train.candidates` names a model that does not exist.
    """
    contest, tried = compare(train, schema, params)
    best = contest.best()
    facts: dict[str, Any] = {
        "metric": contest.metric,
        "best": best,
        "candidates": {name: trial.score for name, trial in contest.trials.items()},
        "settings_tried": tried,
    }
    model = clone(contest.trials[best].candidate.pipeline)
    if schema.task == "classification":
        model, found = calibrate_and_threshold(model, contest, best)
        facts |= found
    return model.fit(train[list(schema.features)], train[schema.target]), facts


def compare(train: pd.DataFrame, schema: Schema, params: Params) -> tuple[Contest, int]:
    """Let the candidates compete, search around the best of them, blend them; count settings."""
    known = candidates(schema, params.seed)
    asked = ["baseline", *(name for name in params.train.candidates if name != BLEND)]
    require_known("train.candidates", params.train.candidates, [*list(known)[1:], BLEND])
    contest = Contest(train, schema, params)
    steps = len(asked) + 2 * params.train.search_iterations
    with tqdm(total=steps, unit="model", leave=False, disable=None) as bar:
        for name in asked:
            contest.enter(name, known[name])
            bar.update()
        contest.enter_log()
        tried = contest.search(bar)
        if BLEND in params.train.candidates and len(asked) > 2:
            contest.enter_blend()
    return contest, tried


def calibrate_and_threshold(
    model: BaseEstimator, contest: Contest, name: str
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Add a calibrator and a threshold that serve on out-of-fold predictions, where they do."""
    schema, goal = contest.schema, contest.params.train.threshold
    classes, ordered = schema.classes, sorted(schema.classes)  # as a fitted classifier has them
    known = np.array(classes)[contest.truth[contest.held_out]]
    said = pd.DataFrame(contest.trials[name].predicted, columns=classes)[ordered]
    truth = np.searchsorted(ordered, known)
    calibrator, corrections, calibration = calibrate(truth, said.to_numpy(), contest.fold)
    predicted = pd.DataFrame(corrections, columns=ordered)[classes].to_numpy()
    facts: dict[str, Any] = {"calibration": calibration}
    if calibrator is not None:
        rows = contest.train
        model = corrected(model.fit(rows[list(schema.features)], rows[schema.target]), calibrator)
    rule = metrics_of(schema)[contest.metric]
    if len(classes) == 2:
        threshold = choose_threshold(goal, known == classes[1], predicted[:, 1])
        facts["threshold"] = threshold
        rule = metrics_of(schema, threshold["value"])[contest.metric]
        model = FixedThresholdClassifier(
            model,
            threshold=threshold["value"],
            pos_label=classes[1],
            response_method="predict_proba",
        )
    used = contest.score(predicted, rule)
    return model, facts | {"as_used": {"mean": used["mean"], "sd": used["sd"]}}


if __name__ == "__main__":
    with explained():
        main()
