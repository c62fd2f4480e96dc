"""Which rows are held out, which class is the positive one, and who competes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from support.default_project import default_project, owner_module
from support.owner import fit_model
from tabwright.dataset import compare
from tabwright.dataset.infer import infer_from_file
from tabwright.dataset.split import Split
from tabwright.evaluation import gate
from tabwright.evaluation.figures import importance
from tabwright.evaluation.predictions import Predictions
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema, load_schema, save_schema
from tabwright.selection.cross_validation import make_folds
from tabwright.selection.metrics import CLASSES
from tabwright.selection.model_selection import ModelSelection


def agreed_on(classes: list[str], **kinds: str):
    """A contract with a column `y` of classes to predict."""
    columns = {name: Column(kind) for name, kind in kinds.items()}
    columns["y"] = Column("category", categories=classes)
    return Schema("y", "classification", columns)


def params_of(split: str = "random", by: str = ""):
    """The parameters of the default project, with another split."""
    params = Project(default_project()).params
    return replace(params, data=replace(params.data, split=split, split_by=by, target="y"))


@pytest.mark.parametrize("identified", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_of_two_rows_of_a_class_one_is_held_out(identified, seed) -> None:
    agreed = agreed_on(["a", "b", "c"], x="numeric")
    agreed.columns["key"] = Column("text", role="identifier", unique=identified or None)
    table = pd.DataFrame({"y": ["a"] * 60 + ["b"] * 2 + ["c"] * 3, "x": 1.0})
    table["key"] = [f"k{seed}{number}" for number in range(65)]
    part = Split(agreed, params_of().data, seed).assign(table)
    for label in "abc":
        assert {"train", "test"} <= set(part[table["y"] == label])


def test_rows_without_a_date_are_never_held_out() -> None:
    agreed = agreed_on(["a", "b"], x="numeric", day="datetime")
    table = pd.DataFrame({"y": ["a", "b"] * 30, "x": 1.0})
    table["day"] = pd.Series(pd.date_range("2024-01-01", periods=60)).where(table.index % 5 > 0)
    folds = make_folds(table, agreed, params_of("chronological", "day"))
    undated = set(np.flatnonzero(table["day"].isna()))
    for fit, held_out in folds:
        assert undated <= set(fit)
        assert not undated & set(held_out)
        assert table["day"].iloc[fit].max() < table["day"].iloc[held_out].min()


@pytest.mark.parametrize(
    ("rare", "order"), [("fraud", ["legit", "fraud"]), ("zoo", ["aid", "zoo"])]
)
def test_rarer_class_is_the_positive_one_and_said(rare, order, tmp_path, capsys):
    other = next(label for label in order if label != rare)
    path = tmp_path / "t.csv"
    cells = [f"{number % 9},{rare if number % 8 == 0 else other}\n" for number in range(200)]
    path.write_text("x,y\n" + "".join(cells), encoding="utf-8")
    found = infer_from_file(path, params_of().data, 1)
    assert f"positive class: {rare} (12 % of rows)" in capsys.readouterr().out
    save_schema(found, tmp_path / "schema.yaml")
    assert f"positive: {rare}" in (tmp_path / "schema.yaml").read_text(encoding="utf-8")
    loaded = load_schema(tmp_path / "schema.yaml")
    assert loaded.classes == order


@pytest.mark.parametrize("step", ["make schema", "make data"])
@pytest.mark.parametrize(("named", "said"), [("", True), ("a", False)])
def test_contract_that_names_no_positive_class_is_told_which_counts(
    step, named, said, tmp_path, monkeypatch, capsys
) -> None:
    project, agreed = Project(tmp_path), agreed_on(["a", "b"], x="numeric")
    agreed.positive, params = named, params_of()
    params = replace(params, data=replace(params.data, raw="data/raw/gone.csv"))
    monkeypatch.setitem(vars(project), "params", params)
    save_schema(agreed, project.schema_file)
    steps = {
        "make schema": lambda project: compare.main(project, []),
        "make data": owner_module("data.make_dataset").make_dataset,
    }
    with pytest.raises(ProjectError, match="no such file"):
        steps[step](project)
    lines = [line for line in capsys.readouterr().out.splitlines() if "positive" in line]
    assert len(lines) == said
    assert all("positive class: b" in line for line in lines)
    assert all("`positive:` in references/schema.yaml changes it" in line for line in lines)


def test_positive_class_is_one_of_two(tmp_path) -> None:
    agreed = agreed_on(["a", "b"], x="numeric")
    assert agreed.classes == ["a", "b"]  # as in a contract without the key
    agreed.positive = "c"
    save_schema(agreed, tmp_path / "schema.yaml")
    with pytest.raises(ProjectError, match="positive is 'c', which is no class of 'y'"):
        load_schema(tmp_path / "schema.yaml")


def test_score_of_a_missing_class_is_one_sentence() -> None:
    nan = {"metric": "roc_auc", "test": {"roc_auc": float("nan")}, "absent": ["1"]}
    words = gate._baseline(nan | {"gain_interval": {"low": 0, "high": 0}}).words
    assert "no held-out row is '1'" in words
    assert "nan" not in words


def test_a_family_ranks_by_its_best_member() -> None:
    selection = object.__new__(ModelSelection)
    selection._metric = CLASSES["roc_auc"]
    scores = {"baseline": 0.5, "linear": 0.75, "forest": 0.6, "boosting": 0.7, "forest 3": 0.72}
    selection.trials = {
        name: SimpleNamespace(score={"mean": score}, family=name.partition(" ")[0])
        for name, score in scores.items()
    }
    assert selection._best_of_families() == ["linear", "forest 3", "boosting"]


def test_best_model_is_scored_as_it_is_used() -> None:
    agreed = agreed_on(["a", "b"], x="numeric")
    random = np.random.default_rng(0)
    table = pd.DataFrame({"x": random.normal(size=300)})
    table["y"] = np.where(table["x"] + random.normal(size=300) > 1.5, "b", "a")
    params = params_of()
    train = replace(
        params.train,
        metric="f1",
        candidates=["linear"],
        n_iter=0,
    )
    _, facts = fit_model(table, agreed, replace(params, train=train))
    assert facts["as_used"]["mean"] > facts["candidates"]["linear"]["mean"] + 0.02  # at 0.5


def test_importance_of_many_columns_asks_for_few_predictions(monkeypatch) -> None:
    names = [f"x{number}" for number in range(1500)]
    agreed = agreed_on(["a", "b"], **dict.fromkeys(names, "numeric"))
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 1500)), columns=names)
    asked = []

    def predict(_model, table: pd.DataFrame, _schema) -> np.ndarray:
        asked.append(1)
        return table["x7"].to_numpy() + 0.5 * table["x1400"].to_numpy()

    monkeypatch.setattr(importance, "predict_scores", predict)
    predicted = Predictions(rows, agreed, predict(None, rows, agreed), {}, "")
    found = importance.strongest(None, predicted, 1)
    assert {"x7", "x1400"} <= set(found)
    assert len(found) == importance.MAX_IMPORTANT
    assert len(asked) < 350
