"""What a champion has to pass, which model is in use, and how it is taken back."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from support.champions import latest, paths, promoted
from support.owner import fit_model
from support.small_table import set_params
from tabwright.evaluation.predictions import predict_table
from tabwright.prediction import predict
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5
from tabwright.project.project import Project
from tabwright.registry import challenger, champion, promote
from tabwright.selection import cross_validation
from tabwright.tracking.names import run_name


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project with no champion, and the trained model as the latest."""
    return latest(project, trained)


def test_latest_model_is_in_use_until_one_is_promoted(models: Project) -> None:
    assert champion.model_in_use(models).version is None
    promoted(models, "run-1")
    used = champion.model_in_use(models)
    assert (used.version, used.run) == ("1", "run-1")
    assert str(used) == f"version 1 (run {run_name('run-1')})"


def test_champion_brings_its_own_schema(models: Project, trained) -> None:
    other = replace(trained.schema, positive="no")
    promoted(models, "run-1", other)
    assert champion.model_in_use(models).schema == other


def test_rollbacks_go_back_step_by_step(models: Project) -> None:
    for run in ("run-1", "run-2", "run-3"):
        promoted(models, run)
    for expected in ("run-2", "run-1"):
        before = champion.previous_champion(models)
        assert before["run"] == expected
        champion.record_promotion(
            models, before | {"what": "rolled back"}, champion.promotion_log(models)
        )
        assert champion.model_in_use(models).run == expected
    assert champion.previous_champion(models) is None
    promoted(models, "run-4")
    assert champion.previous_champion(models)["run"] == "run-1"
    assert len(champion.promotion_log(models)) == 6  # nothing is forgotten


def test_new_champion_asks_for_its_report_before_the_commit(
    models: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in ("run-1", "run-2"):
        promoted(models, run)
    subprocess.run(["git", "init", "--quiet"], cwd=models.root, check=True)
    promote.rollback(models, [])
    assert "to keep this: make report && git add --all && git commit" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["model", "schema"])
def test_champion_that_is_not_what_was_promoted_is_refused(name: str, models: Project) -> None:
    promoted(models, "run-1")
    path = paths(champion.champion_folder(models, "run-1"))[name]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ProjectError, match="is not what was promoted"):
        champion.model_in_use(models)
    path.unlink()
    with pytest.raises(ProjectError, match="is missing: `make pull`"):
        champion.model_in_use(models)


@pytest.mark.parametrize("content", ["", "{}", "[{}]", "[1]"])
def test_damaged_log_is_named(content: str, models: Project) -> None:
    models.promotions_file.write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"champion\.json is damaged"):
        champion.promotion_log(models)


def in_use(model, trained) -> object:
    """A model as the gate gets it."""
    return champion.ModelInUse(model, trained.schema, "2", "run-2", "md5")


@pytest.fixture
def weaker(trained) -> object:
    """A model fitted on targets of which a third are wrong."""
    wrong = trained.train["bought"].astype(str)
    wrong.iloc[::3] = np.where(wrong.iloc[::3] == "yes", "no", "yes")
    rows = trained.train.assign(bought=wrong.astype(trained.train["bought"].dtype))
    return fit_model(rows, trained.schema, trained.params)[0]


def against(models: Project, model, trained, **changes) -> list:
    """Compare a challenger with the champion on the test rows."""
    evaluate = replace(trained.params.evaluate, **changes)
    set_params(models, replace(trained.params, evaluate=evaluate))
    fitted = cross_validation.row_hashes(trained.train, trained.schema)
    test, schema = trained.test, trained.schema
    predictions = predict_table(test[[schema.target]], test, model, schema)
    return challenger.against_champion(models, schema, predictions, fitted, test)


def test_worse_challenger_is_refused_and_an_equal_one_is_not(
    models: Project, trained, weaker
) -> None:
    assert against(models, weaker, trained) == []  # nobody to be compared with
    promoted(models, "run-1")
    (worse, *_) = against(models, weaker, trained)
    assert not worse.passed
    assert "roc_auc" in worse.words
    assert "worse" in worse.words
    assert "version 1" in worse.words
    equal, slices = against(models, trained.model, trained)
    assert equal.passed
    assert "no evidence of a difference" in equal.words
    assert slices.passed
    assert "on none of" in slices.words
    (tolerated, *_) = against(models, weaker, trained, max_regression=0.9)
    assert tolerated.passed


class Collapsed(ClassifierMixin, BaseEstimator):
    """The trained model, turned around for one city."""

    def __init__(self, model) -> None:
        self.model, self.classes_ = model, model.classes_

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """Probabilities, those of Graz exchanged."""
        probabilities = self.model.predict_proba(features)
        turned = (features["city"] == "Graz").to_numpy()
        probabilities[turned] = probabilities[turned, ::-1]
        return probabilities


def test_challenger_that_collapses_on_a_slice_is_refused(models: Project, trained) -> None:
    promoted(models, "run-1")
    overall, *slices = against(models, Collapsed(trained.model), trained, max_regression=0.9)
    assert overall.passed
    behind = "; ".join(check.words for check in slices if not check.passed)
    assert " on city 'Graz' (" in behind
    assert "Bern" not in behind
    assert "Lyon" not in behind


def test_other_classes_cannot_be_compared(models: Project, trained) -> None:
    bought = replace(trained.schema.columns["bought"], categories=["no", "perhaps", "yes"])
    other = replace(trained.schema, columns=trained.schema.columns | {"bought": bought})
    promoted(models, "run-1", other)
    (check,) = against(models, trained.model, trained)
    assert not check.passed
    assert "its classes are no, perhaps, yes" in check.words


def test_model_that_has_seen_held_out_rows_is_refused(trained, project: Project) -> None:
    twin = trained.train.head(1)  # in the table twice, so it may be on both sides
    test = pd.concat([trained.test, twin], ignore_index=True)
    project.clean_file.parent.mkdir(parents=True)
    pd.concat([trained.train, test]).to_parquet(project.clean_file)
    honest = cross_validation.row_hashes(trained.train, trained.schema)
    assert challenger.unseen(project, honest, test, trained.schema).passed
    leaked = np.concatenate([honest, cross_validation.row_hashes(test.head(3), trained.schema)])
    check = challenger.unseen(project, leaked, test, trained.schema)
    assert not check.passed
    assert check.words.startswith(f"3 of {len(test)} held-out rows")


def test_model_of_uncommitted_changes_is_refused(project: Project, monkeypatch) -> None:
    made = {"commit": "c" * 40, "dirty": True}
    monkeypatch.setattr(challenger, "input_tree", lambda *_: "t")
    monkeypatch.setattr(challenger, "commit", lambda *_: "e" * 40)
    monkeypatch.setattr(challenger, "changed_since", lambda *_: ["src/a.py"])
    monkeypatch.setattr(challenger, "is_committed", lambda *_: False)
    for still, mend in ((True, "commit them, then"), (False, "commit them and `make train")):
        monkeypatch.setattr(challenger, "is_as_now", lambda *_, still=still: still)
        check = challenger.committed(project, made)
        assert not check.passed
        assert "(src/a.py)" in check.words
        assert mend in check.words
    assert challenger.committed(project, made | {"dirty": False}).passed
    assert not challenger.committed(project, {"commit": "", "dirty": False}).passed
    monkeypatch.setattr(challenger, "is_committed", lambda *_: True)
    assert "commit eeeeeee" in challenger.committed(project, made).words  # committed since


def test_predictions_say_which_model_made_them(trained, tmp_path: Path) -> None:
    output = tmp_path / "scored.csv"
    output.write_text("x\n1\n", encoding="utf-8")
    predict.write_origin(tmp_path / "new.csv", output, in_use(trained.model, trained), 1)
    origin = json.loads((tmp_path / "scored.csv.origin.json").read_text(encoding="utf-8"))
    assert (origin["model_version"], origin["run"]) == ("2", "run-2")
    assert origin["output_md5"] == md5(output)
    assert origin["predicted_at"].startswith("20")
