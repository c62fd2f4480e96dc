"""Champion and challenger are compared on rows that neither was fitted on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
from support.default_project import default_project
from tabwright.evaluation.predictions import predict_table
from tabwright.project.project import Project
from tabwright.registry import challenger
from tabwright.registry.champion import ModelInUse
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection.cross_validation import row_hashes


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, tmp_path) -> object:
    """Compare two trees that learn rows by heart, each fitted on the training rows of its seed."""
    project = Project(tmp_path)
    project.clean_file.parent.mkdir(parents=True)
    columns = {"x": Column("numeric"), "z": Column("numeric")}
    columns["y"] = Column("category", categories=["no", "yes"])
    agreed = Schema("y", "classification", columns, positive="yes")
    params = Project(default_project()).params
    params = replace(params, data=replace(params.data, target="y"))
    params = replace(params, evaluate=replace(params.evaluate, bootstrap=100))
    monkeypatch.setitem(vars(project), "params", params)

    def compare(rows: int, seeds: tuple[int, int], *, kept: bool = True) -> SimpleNamespace:
        random = np.random.default_rng(0)
        table = pd.DataFrame(random.normal(size=(rows, 2)), columns=["x", "z"])
        positive = table["x"] + random.normal(size=rows) > 0
        table["y"] = pd.Series(np.where(positive, "yes", "no"), dtype="str")
        table.to_parquet(project.clean_file)
        models, fitted = [], []
        for seed in seeds:
            train, test = train_test_split(table, test_size=0.2, random_state=seed)
            tree = DecisionTreeClassifier(random_state=0).fit(train[["x", "z"]], train["y"])
            used = ModelInUse(tree, agreed, "1", f"run-{seed}", "m")
            models.append(used)
            fitted.append(row_hashes(train, agreed))
        if kept:
            np.save(tmp_path / "rows.npy", fitted[0])
        monkeypatch.setattr(challenger, "current_champion", lambda _: {"run": "one"})
        monkeypatch.setattr(challenger, "load_champion", lambda *_: models[0])
        monkeypatch.setattr(challenger, "champion_folder", lambda *_: tmp_path)
        predictions = predict_table(test[["y"]], test, models[1].model, agreed)
        checks = challenger.against_champion(project, agreed, predictions, fitted[1], test)
        return SimpleNamespace(check=checks[0], test=test, fitted=fitted, models=models)

    return compare


def test_champion_of_another_seed_is_judged_by_rows_new_to_both(compared) -> None:
    """By heart it knows four of five held-out rows, which would beat any challenger."""
    found = compared(2000, (1, 2))
    new = ~np.isin(row_hashes(found.test, found.models[0].schema), found.fitted[0])
    assert 60 < new.sum() < 100
    assert found.check.passed
    assert f"on {new.sum()} of 400 held-out rows, new to both:" in found.check.words
    known = float(found.check.words.split(" against ")[1].split(" ")[0])
    assert known < 0.85  # by heart it would be above 0.9


def test_without_the_rows_of_the_champion_it_is_said_that_it_may_know_some(compared) -> None:
    found = compared(2000, (1, 2), kept=False)
    assert (
        "the rows it was fitted on were not kept, so it may know some of them" in found.check.words
    )
    assert not found.check.passed


def test_too_few_rows_new_to_both_are_said_in_one_sentence(compared) -> None:
    found = compared(200, (1, 2))
    assert not found.check.passed
    assert "held-out rows, new to both, are too few. Set seed and data" in found.check.words
    assert "\n" not in found.check.words


def test_all_rows_count_under_the_same_seed(compared) -> None:
    assert "on all 400 held-out rows, new to both:" in compared(2000, (2, 2)).check.words
