"""Probabilities that are too bold, or too shy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.owner import PROJECT, candidates
from support.small_table import with_train
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.selection import calibration, metrics, persistence
from tabwright.selection.fit import calibrate_and_threshold, fit_best
from tabwright.selection.model_selection import ModelSelection
from tabwright.selection.sources import SourceCode
from tabwright.tracking import calibrate

CODE = SourceCode(PROJECT / "src")


@pytest.mark.parametrize("classes", [2, 3])
def test_calibration_repairs_overconfidence_only(classes: int) -> None:
    random = np.random.default_rng(0)
    honest = random.dirichlet(np.ones(classes), 1500)
    truth = (random.random((1500, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    fold = np.arange(1500) % 3
    bold = honest**4 / (honest**4).sum(axis=1, keepdims=True)
    found, corrected, facts = calibration.calibrate(truth, bold, fold)
    assert facts["kept"]
    assert facts["after"] < facts["before"] - 0.1
    assert np.abs(corrected - honest).mean() < 0.03
    taken = bold[:, 1:] if classes == 2 else bold
    assert np.abs(found.predict_proba(taken) - honest).mean() < 0.03
    found, _, facts = calibration.calibrate(truth, honest, fold)
    assert found is None
    assert not facts["kept"]


def test_calibrated_model_is_saved_and_keeps_classes_apart(trained, tmp_path: Path) -> None:
    columns = dict(trained.schema.columns)
    columns["bought"] = replace(columns["bought"], categories=["yes", "no"])  # not as sorted
    schema = replace(trained.schema, columns=columns)
    params = with_train(n_iter=0)
    selection = ModelSelection(trained.train, schema, params)
    selection.add("linear", candidates.candidates(schema, 1)["linear"])
    trial = selection.trials["linear"]
    trial.y_pred[:] = trial.y_pred / 2 + [[0.0, 0.5]]  # a bad bias
    fit = fit_best(selection)
    model, facts = calibrate_and_threshold(fit, schema, "f1")
    assert facts["calibration"]["kept"]
    assert fit.model.predict(fit.sample).tolist() == [
        *(model.estimator_.estimators_[0].predict(fit.sample))
    ]
    path = tmp_path / "model.skops"
    loaded = persistence.load_model(path, persistence.save_model(model, path, CODE), CODE)
    scores = metrics.predict_scores(loaded, trained.test, schema)
    assert (
        metrics.CLASSES["roc_auc"].function(metrics.encode_target(trained.test, schema), scores)
        > 0.8
    )


def test_before_a_training_it_says_so(project: Project) -> None:
    with pytest.raises(ProjectError, match=r"nothing is trained here \(models/.*`make train`"):
        calibrate.main(project, [])
    assert not (project.root / "mlflow.db").exists()
