"""Candidates compete, and the best is fitted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.owner import PROJECT, candidates, fit_model
from support.small_table import with_train
from tabwright.project.errors import ProjectError
from tabwright.selection import metrics, model_selection, persistence
from tabwright.selection.fit import describe_fit
from tabwright.selection.model_selection import ModelSelection
from tabwright.selection.sources import SourceCode

CODE = SourceCode(PROJECT / "src")


def test_model_beats_the_baseline_in_cross_validation(trained) -> None:
    best = trained.facts["best"]
    assert trained.scores["baseline"]["mean"] == pytest.approx(0.5)
    assert trained.scores[best]["mean"] > 0.8


def test_training_again_gives_the_same_bytes(trained, tmp_path: Path) -> None:
    again, _ = fit_model(trained.train, trained.schema, trained.params)
    for name, model in (("one", trained.model), ("two", again)):
        persistence.save_model(model, tmp_path / f"{name}.skops", CODE)
    assert (tmp_path / "one.skops").read_bytes() == (tmp_path / "two.skops").read_bytes()


def test_what_the_clock_leaves_out_is_recorded_and_can_be_skipped(trained, capsys) -> None:
    names = ["linear", "forest", "voting"]
    params = with_train(candidates=names, n_iter=2, timeout=1e-9)
    _, facts = fit_model(trained.train, trained.schema, params)
    assert facts["best"] == "linear"
    assert facts["left_out"] == ["forest", "linear 1", "linear 2"]
    assert "forest, linear 1, linear 2" in describe_fit(facts)
    again = with_train(candidates=names, n_iter=2, skip=facts["left_out"])
    _, found = fit_model(trained.train, trained.schema, again)
    assert found["candidates"]["linear"]["mean"] == facts["candidates"]["linear"]["mean"]
    assert list(found["candidates"]) == ["baseline", "linear"]


def test_folds_in_processes_predict_as_in_turn(trained, monkeypatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    selection = ModelSelection(trained.train, trained.schema, trained.params)
    forest = candidates.candidates(trained.schema, 1)["forest"]
    selection.add("in turn", forest)
    selection.add("processes", forest, cost=2 * model_selection.SLOW)
    y_preds = [selection.trials[name].y_pred for name in ("in turn", "processes")]
    assert np.array_equal(*y_preds)


def test_voting_is_scored_as_it_is_fitted(trained, monkeypatch) -> None:
    votes = {"linear": 2, "boosting": 1}
    monkeypatch.setattr(model_selection, "select_ensemble", lambda *_: votes)
    monkeypatch.setattr(model_selection, "MIN_GAIN", -1)
    params = with_train(n_iter=0)
    selection = ModelSelection(trained.train, trained.schema, params)
    known = candidates.candidates(trained.schema, 1)
    selection.compare({name: known[name] for name in ("linear", "boosting")})
    selection.add_voting()
    selection.add("fitted", selection.trials["voting"].candidate)
    assert selection.trials["voting"].y_pred == pytest.approx(selection.trials["fitted"].y_pred)


@pytest.mark.parametrize(("share", "taken"), [(0.9, False), (1.1, True)])
def test_voting_has_to_add_a_thousandth_of_what_one_model_gains(
    share: float, taken: bool, trained, monkeypatch, capsys
) -> None:
    """On the baseline, whose score is 0.5; a score is the mean of what is predicted here."""
    monkeypatch.setattr(
        ModelSelection, "score", lambda _, y_pred: {"mean": y_pred.mean(), "std": 0.0, "folds": []}
    )
    monkeypatch.setattr(model_selection, "select_ensemble", lambda *_: {"one": 1, "two": 1})
    selection = ModelSelection(trained.train, trained.schema, with_train(n_iter=0))
    known = candidates.candidates(trained.schema, 1)
    rows = len(selection.held_out)
    more = 2 * share * model_selection.MIN_GAIN * 0.3
    for name, level in (("baseline", 0.5), ("one", 0.8 - 1e-9), ("two", 0.8)):
        selection.add(name, known["linear"], np.full(rows, level))
    selection.trials["one"].y_pred[:] += more  # so that the vote is better than both were alone
    selection.add_voting()
    assert ("voting" in selection.trials) == taken
    assert ("voting  not taken: 2 models have roc_auc" in capsys.readouterr().out) != taken


@pytest.mark.parametrize(("power", "tried"), [(1, False), (6, True)])
def test_log_of_a_skewed_target_competes(power: int, tried: bool, trained) -> None:
    amounts = trained.train.assign(visits=trained.train["visits"].astype(float) ** power)
    columns = trained.schema.columns | {"visits": replace(trained.schema.columns["visits"])}
    schema = replace(trained.schema, target="visits", task="regression", columns=columns)
    params = with_train(n_iter=0)
    model, facts = fit_model(amounts, schema, params)
    assert ("linear of log" in facts["candidates"]) == tried
    assert metrics.predict_scores(model, amounts, schema).shape == (len(amounts),)


def test_classes_with_a_row_or_two_train_quietly(trained, recwarn) -> None:
    rare = trained.train["bought"].astype(str)
    rare.iloc[:3] = ["once", "twice", "twice"]
    target = replace(
        trained.schema.columns["bought"], categories=["no", "yes", "once", "twice", "never"]
    )
    columns = trained.schema.columns | {"bought": target}
    del columns["remark"]  # text takes long
    schema = replace(trained.schema, columns=columns)
    table = trained.train.assign(bought=rare)
    names = ["linear", "neural net", "forest", "boosting", "voting"]
    params = with_train(candidates=names, n_iter=0)
    model, facts = fit_model(table, schema, params)
    assert all(np.isfinite(score["mean"]) for score in facts["candidates"].values())
    assert metrics.predict_scores(model, table, schema)[:, 4].max() == 0
    assert not [str(warning.message) for warning in recwarn]


def test_unknown_candidate_and_metric_are_named(trained) -> None:
    params = with_train(candidates=["magic"])
    with pytest.raises(ProjectError, match="magic; known are linear"):
        fit_model(trained.train, trained.schema, params)
    with pytest.raises(ProjectError, match="roc_auc"):
        metrics.deciding_metric(trained.schema, "magic")
