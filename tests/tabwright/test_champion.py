"""What a champion has to pass, which model is in use, and how it is taken back."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from tabwright.prediction import predict
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5
from tabwright.registry import challenger, champion
from tabwright.selection import cross_validation, persistence


@pytest.fixture
def models(tmp_path: Path, monkeypatch, trained) -> Path:
    """A folder of models with no champion, and the trained model as the latest."""
    monkeypatch.setattr(champion, "ROOT", tmp_path)
    monkeypatch.setattr(champion, "MODEL", tmp_path / "model.skops")
    monkeypatch.setattr(champion, "CHAMPION", tmp_path / "champion.json")
    monkeypatch.setattr(champion, "CHAMPIONS", tmp_path / "champions")
    monkeypatch.setattr(champion, "require_recorded", lambda path: None)
    monkeypatch.setattr(champion, "load_schema", lambda path=None: path or trained.schema)
    record = persistence.save_model(trained.model, tmp_path / "model.skops") | {"run": "latest"}
    monkeypatch.setattr(champion, "record_of_model", lambda known: record)
    return tmp_path


def promoted(models: Path, run: str, model: Path, what: str = "promoted") -> dict:
    """Put a model in force."""
    folder = champion.champion_folder(run)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(model, folder / "model.skops")
    (folder / "schema.yaml").write_text(f"contract of {run}", encoding="utf-8")
    decision = {"time": "2024-05-01T12:00:00Z", "what": what, "version": run[-1], "run": run}
    decision |= {"by": "Ada", "why": "", "failed": []}
    decision |= {f"{name}_md5": md5(path) for name, path in paths(folder).items()}
    decision |= champion.record_of_model("") | {"run": run}
    champion.record_promotion(decision, champion.promotion_log())
    return decision


def paths(folder: Path) -> dict[str, Path]:
    """The files of a champion."""
    return {"model": folder / "model.skops", "schema": folder / "schema.yaml"}


def test_latest_model_is_in_use_until_one_is_promoted(models: Path) -> None:
    assert champion.model_in_use().version is None
    promoted(models, "run-1", models / "model.skops")
    used = champion.model_in_use()
    assert (used.version, used.run) == ("1", "run-1")
    assert str(used) == "version 1 (run run-1)"
    assert used.schema == champion.champion_folder("run-1") / "schema.yaml"  # its own contract


def test_rollbacks_go_back_step_by_step(models: Path) -> None:
    for run in ("run-1", "run-2", "run-3"):
        promoted(models, run, models / "model.skops")
    for expected in ("run-2", "run-1"):
        before = champion.previous_champion()
        assert before["run"] == expected
        champion.record_promotion(before | {"what": "rolled back"}, champion.promotion_log())
        assert champion.model_in_use().run == expected
    assert champion.previous_champion() is None
    promoted(models, "run-4", models / "model.skops")
    assert champion.previous_champion()["run"] == "run-1"
    assert len(champion.promotion_log()) == 6  # nothing is forgotten


@pytest.mark.parametrize("name", ["model", "schema"])
def test_champion_that_is_not_what_was_promoted_is_refused(name: str, models: Path) -> None:
    promoted(models, "run-1", models / "model.skops")
    path = paths(champion.champion_folder("run-1"))[name]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ProjectError, match="is not what was promoted"):
        champion.model_in_use()
    path.unlink()
    with pytest.raises(ProjectError, match="is missing: `make pull`"):
        champion.model_in_use()


@pytest.mark.parametrize("content", ["", "{}", "[{}]", "[1]", "<<<<<<< HEAD"])
def test_damaged_log_is_named(content: str, models: Path) -> None:
    (models / "champion.json").write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"champion\.json is damaged"):
        champion.promotion_log()


def in_use(model, trained) -> object:
    """A model as the gate gets it."""
    return champion.ModelInUse(model, trained.schema, "2", "run-2", "md5")


@pytest.fixture
def weaker(trained) -> object:
    """A model fitted on targets of which a third are wrong."""
    wrong = trained.train["bought"].astype(str)
    wrong.iloc[::3] = np.where(wrong.iloc[::3] == "yes", "no", "yes")
    return clone(trained.model).fit(trained.train[list(trained.schema.features)], wrong)


def against(challenger, trained, **changes) -> list:
    """Hold a challenger against the champion on the test rows."""
    evaluate = replace(trained.params.evaluate, **changes)
    params = replace(trained.params, evaluate=evaluate)
    fitted = cross_validation.row_hashes(trained.train, trained.schema)
    return challenger.against_champion(in_use(challenger, trained), fitted, trained.test, params)


def test_worse_challenger_is_refused_and_an_equal_one_is_not(
    models: Path, trained, weaker, monkeypatch
) -> None:
    assert against(weaker, trained) == []  # nobody to be compared with
    promoted(models, "run-1", models / "model.skops")
    monkeypatch.setattr(champion, "load_schema", lambda path: trained.schema)
    (worse, *_) = against(weaker, trained)
    assert not worse.passed
    assert "roc_auc" in worse.words and "worse" in worse.words and "version 1" in worse.words
    equal, slices = against(trained.model, trained)
    assert equal.passed and "no evidence of a difference" in equal.words
    assert slices.passed and "on none of" in slices.words
    (tolerated, *_) = against(weaker, trained, allowed_loss=0.9)
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


def test_challenger_that_collapses_on_a_slice_is_refused(
    models: Path, trained, monkeypatch
) -> None:
    promoted(models, "run-1", models / "model.skops")
    monkeypatch.setattr(champion, "load_schema", lambda path: trained.schema)
    overall, *slices = against(Collapsed(trained.model), trained, allowed_loss=0.9)
    assert overall.passed
    behind = {check.name for check in slices if not check.passed}
    assert "champion on city 'Graz'" in behind
    assert not behind & {"champion on city 'Bern'", "champion on city 'Lyon'"}


def test_other_classes_cannot_be_compared(models: Path, trained, monkeypatch) -> None:
    promoted(models, "run-1", models / "model.skops")
    bought = replace(trained.schema.columns["bought"], categories=["no", "perhaps", "yes"])
    other = replace(trained.schema, columns=trained.schema.columns | {"bought": bought})
    monkeypatch.setattr(champion, "load_schema", lambda path: other)
    (check,) = against(trained.model, trained)
    assert not check.passed and "its classes are no, perhaps, yes" in check.words


def test_model_that_has_seen_held_out_rows_is_refused(trained, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(promotion, "CLEAN", tmp_path / "clean.parquet")
    twin = trained.train.head(1)  # in the table twice, so it may be on both sides
    test = pd.concat([trained.test, twin], ignore_index=True)
    pd.concat([trained.train, test]).to_parquet(tmp_path / "clean.parquet")
    honest = cross_validation.row_hashes(trained.train, trained.schema)
    assert challenger.unseen(honest, test, trained.schema).passed
    leaked = np.concatenate([honest, cross_validation.row_hashes(test.head(3), trained.schema)])
    check = challenger.unseen(leaked, test, trained.schema)
    assert not check.passed
    assert check.words.startswith(f"3 of {len(test)} held-out rows")


def test_model_of_uncommitted_changes_is_refused(monkeypatch) -> None:
    made = {"commit": "c" * 40, "dirty": True}
    monkeypatch.setattr(promotion, "inputs_of", lambda record: "t")
    monkeypatch.setattr(promotion, "commit", lambda: "e" * 40)
    monkeypatch.setattr(promotion, "changed_since", lambda tree: ["src/a.py"])
    monkeypatch.setattr(promotion, "is_committed", lambda tree: False)
    for still, mend in ((True, "commit them, then"), (False, "commit them and `make train")):
        monkeypatch.setattr(promotion, "is_as_now", lambda tree, still=still: still)
        check = challenger.committed(made)
        assert not check.passed and "(src/a.py)" in check.words and mend in check.words
    assert challenger.committed(made | {"dirty": False}).passed
    assert not challenger.committed({"commit": "", "dirty": False}).passed
    monkeypatch.setattr(promotion, "is_committed", lambda tree: True)
    assert "commit eeeeeee" in challenger.committed(made).words  # committed since


def test_predictions_say_which_model_made_them(trained, tmp_path: Path) -> None:
    output = tmp_path / "scored.csv"
    output.write_text("x\n1\n", encoding="utf-8")
    predict.write_origin(tmp_path / "new.csv", output, in_use(trained.model, trained), 1)
    origin = json.loads((tmp_path / "scored.csv.origin.json").read_text(encoding="utf-8"))
    assert (origin["model_version"], origin["run"]) == ("2", "run-2")
    assert origin["output_md5"] == md5(output)
    assert origin["predicted_at"].startswith("20")
