"""Figures: what they show, what is left out, and labels in any script."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from support.small_table import predict_test_rows
from tabwright.evaluation import style
from tabwright.evaluation.figures import classes, dependence, learning
from tabwright.evaluation.figures.draw import draw_figures
from tabwright.evaluation.figures.importance import importances
from tabwright.evaluation.predictions import Predictions
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection.metric import Metric
from tabwright.selection.metrics import deciding_metric, predict_scores, task_metrics


class Classes(ClassifierMixin, BaseEstimator):
    """Probabilities from the column of each class; every row the same where `constant`."""

    def __init__(self, classes: list[str], *, constant: bool = False) -> None:
        self.classes, self.constant = classes, constant
        self.classes_ = np.array(classes, dtype=object)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        scores = np.exp(rows[[f"x{number}" for number in range(len(self.classes))]].to_numpy())
        scores = np.ones_like(scores) if self.constant else scores
        return scores / scores.sum(axis=1, keepdims=True)


class Values(RegressorMixin, BaseEstimator):
    """Twice the number of the month, a thousand where the city is Bern."""

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return 2.0 * rows["month"].to_numpy() + 1000 * (rows["市"] == "Bern").to_numpy()


def predictions_of_classes(classes: list[str], rows: int = 120, **how: bool) -> tuple:
    """A model, and its predictions of random rows."""
    random = np.random.default_rng(1)
    names = [f"x{number}" for number in range(len(classes))]
    table = pd.DataFrame(random.normal(size=(rows, len(classes))), columns=names)
    table["y"] = np.array(classes, dtype=object)[table.to_numpy().argmax(axis=1)]
    kinds = {name: Column("numeric") for name in names}
    schema = Schema("y", "classification", kinds | {"y": Column("category", categories=classes)})
    model = Classes(classes, **how)
    metrics, name = task_metrics(schema), deciding_metric(schema, "auto")
    y_pred = predict_scores(model, table, schema)
    return model, Predictions(table, schema, y_pred, metrics, name)


def drawn(folder: Path, model: BaseEstimator, predicted: Predictions) -> dict[str, str]:
    """The text of each figure by its name."""
    losses = importances(model, predicted, 1)
    draw_figures(model, predicted, losses, "f1", 1, folder)
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}


def test_constant_prediction_has_no_figure_but_its_errors(tmp_path: Path) -> None:
    found = drawn(tmp_path / "f", *predictions_of_classes(["a", "b"], constant=True))
    assert set(found) == {"confusion_matrix"}
    assert "roc" in drawn(tmp_path / "f", *predictions_of_classes(["a", "b"]))


def test_labels_are_text_of_any_script_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    classes = ["東京都新宿区", "🍎 apple", "$100 & <b>", "العربية", *map(str, range(22))]
    first = drawn(tmp_path / "a", *predictions_of_classes(classes, rows=400))
    assert first == drawn(tmp_path / "b", *predictions_of_classes(classes, rows=400))
    assert "gain" not in first
    for label in ("東京都新宿区", "🍎 apple", "$100 &amp; &lt;b&gt;"):
        assert label in first["confusion_matrix"]


def test_regression_has_units_and_dependence_of_both_kinds(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"month": random.integers(1, 13, 90).astype(float)})
    table["市"] = pd.Series(random.choice(["Bern", "Graz"], 90), dtype="str")
    kinds = {"month": Column("numeric"), "市": Column("category", categories=["Bern", "Graz"])}
    schema = Schema("price", "regression", kinds | {"price": Column("numeric", unit="€")})
    model = Values()
    table["price"] = model.predict(table) + random.normal(size=90)
    y_pred = predict_scores(model, table, schema)
    predicted = Predictions(table, schema, y_pred, task_metrics(schema), "rmse")
    found = drawn(tmp_path / "f", model, predicted)
    assert set(found) == {
        *("predicted_and_actual", "residuals", "permutation_importance", "partial_dependence")
    }
    assert "predicted price (€)" in found["predicted_and_actual"]
    assert "市" in found["partial_dependence"]
    grid = dependence.grid_values(table["month"], "numeric")
    assert list(grid) == list(range(1, 13))
    means = dependence.dependence(model, table, "month", grid, schema)
    assert np.diff(means[:, 0]) == pytest.approx(2)


def test_figures_of_a_table_of_every_kind_are_drawn(trained, tmp_path: Path) -> None:
    found = drawn(tmp_path / "f", trained.model, predict_test_rows(trained.model, trained))
    assert "visits" in found["permutation_importance"]
    assert "mean probability of yes" in found["partial_dependence"]


def test_costs_are_those_of_each_threshold() -> None:
    random = np.random.default_rng(3)
    y_true = random.integers(0, 2, 200)
    scores = np.round((y_true + random.normal(size=200)).clip(-1, 2) / 3 + 1 / 3, 2)
    values, found = classes.costs(y_true, scores, [1, 5])
    for miss, line in found.items():
        without = min(miss * y_true.sum(), (1 - y_true).sum())
        for value, cost in zip(values, line, strict=True):
            flagged = scores >= value
            errors = miss * np.sum(y_true & ~flagged) + np.sum((1 - y_true) & flagged)
            assert cost == pytest.approx(errors / without)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2007, "2007"), (16000, "16,000"), (0.1 + 0.2, "0.3"), (2.5e6, "2.5 M"), (-3e9, "-3 G")],
)
def test_numbers_on_axes_are_short(value: float, text: str) -> None:
    assert style.number(value) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcdef", "abcdef"),
        ("abcdefg", "abcde…"),
        ("温度計", "温度計"),
        ("温度計测", "温度…"),
        (" a\nb", "a b"),
    ],
)
def test_long_labels_are_cut_at_their_width(text: str, expected: str) -> None:
    assert style.short(text, 6) == expected


def test_names_with_the_same_start_stay_apart() -> None:
    long = ["Manhattan by cash in a yellow taxi", "Manhattan by cash in a green taxi"]
    names = style.short_names([*long, "Bronx", "Manhattan by card"], 20)
    assert names == ["Manhattan…yellow ta…", "Manhattan…green taxi", "Bronx", "Manhattan by card"]
    for alike in (
        ["a" * 40 + end for end in "123"],
        ["同じ名前の長い長い町 一", "同じ名前の長い長い町 二"],
    ):
        names = style.short_names(alike, 12)
        assert len(set(names)) == len(alike)
        assert max(len(name) for name in names) <= 12


def test_numbers_of_an_axis_are_written_alike() -> None:
    assert [style.number(value, 15_000) for value in (0, 5000, 15_000)] == ["0", "5,000", "15,000"]


def test_learning_curve_ends_at_the_model_and_fits_it_again_on_less(
    trained, tmp_path: Path
) -> None:
    predicted = predict_test_rows(trained.model, trained)
    bare = learning.uncalibrated(trained.model)
    assert type(bare).__name__ == "Pipeline"
    rows, asked = trained.train, []
    few = rows.head(80)
    learning.draw_learning(trained.model, predicted, few, 80, 1, tmp_path)
    assert not list(tmp_path.iterdir())
    metric = Metric(lambda _, y_pred: asked.append(y_pred) or float(len(asked)))
    predicted = replace(predicted, metrics={"roc_auc": metric})
    learning.draw_learning(trained.model, predicted, rows, len(rows), 1, tmp_path)
    assert "roc_auc on held-out rows" in (tmp_path / "learning_curve.svg").read_text("utf-8")
    assert asked[-1] == pytest.approx(predict_scores(bare, trained.test, trained.schema))
    assert np.abs(asked[0] - asked[-1]).max() > 0.01
