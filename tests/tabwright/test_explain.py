"""Reasons for a prediction: what each column adds, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from tabwright.evaluation.shapley import explain_row
from tabwright.prediction import explain
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema

KINDS = {"a": Column("numeric"), "b": Column("numeric"), "city": Column("category")}
SCHEMA = Schema("y", "regression", KINDS | {"y": Column("numeric")})


class Model(RegressorMixin, BaseEstimator):
    """A sum, and a product of the two numbers where `product` is set."""

    def __init__(self, *, product: bool = False) -> None:
        self.product = product

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        a, b = rows["a"].to_numpy(float), rows["b"].to_numpy(float)
        return (a * b if self.product else 3 * a - b) + 5 * (rows["city"] == "Bern").to_numpy()


@pytest.fixture
def background() -> pd.DataFrame:
    """Rows to compare with."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(300, 2)), columns=["a", "b"])
    return table.assign(city=pd.Series(random.choice(["Bern", "Graz"], 300), dtype="str"))


def row(a: float, b: float, city: str) -> pd.DataFrame:
    """One typed row."""
    return pd.DataFrame({"a": [a], "b": [b], "city": pd.Series([city], dtype="str")})


def test_effects_of_a_sum_are_its_terms(background: pd.DataFrame) -> None:
    found = explain_row(Model(), row(2.0, 1.0, "Bern"), background, SCHEMA, 0, 1)
    effects = found.effects["effect"]
    assert found.prediction == 10
    assert effects.sum() == pytest.approx(found.prediction - found.average)
    assert effects["a"] == pytest.approx(6, abs=4 * found.effects["error"]["a"])
    assert effects["b"] == pytest.approx(-1, abs=4 * found.effects["error"]["b"])
    assert effects["city"] == pytest.approx(2.5, abs=4 * found.effects["error"]["city"])
    assert list(effects.index) == ["a", "city", "b"]


def test_a_product_is_shared_by_its_factors(background: pd.DataFrame) -> None:
    at_zero = background.assign(a=0.0, b=0.0)
    effects = explain_row(Model(product=True), row(2.0, 3.0, "Graz"), at_zero, SCHEMA, 0, 1).effects
    assert effects["effect"]["a"] == pytest.approx(3)
    assert effects["effect"]["b"] == pytest.approx(3)


def test_a_column_that_is_not_used_adds_nothing(trained) -> None:
    wide = {f"x{number}": Column("numeric") for number in range(300)} | KINDS
    schema = Schema("y", "regression", wide | {"y": Column("numeric")})
    random = np.random.default_rng(0)
    names = [name for name in wide if name != "city"]
    table = pd.DataFrame(random.normal(size=(50, len(names))), columns=names).assign(city="Graz")
    found = explain_row(Model(), table[:1], table, schema, 0, 1)
    assert set(found.effects["effect"].abs().nlargest(2).index) == {"a", "b"}
    assert found.effects["effect"].drop(["a", "b"]).abs().max() < 1e-9
    lines = explain.in_words(found, table[:1], schema, 0, 2.5).splitlines()
    assert len(lines) == explain.MAX_SHOWN + 3
    assert "within ± 2.5 in 90% of rows" in lines[0]
    assert "291 others" in lines[-2]


def test_every_kind_of_column_is_explained(trained) -> None:
    one = trained.test.iloc[[0]].assign(spent=np.nan)
    found = explain_row(trained.model, one, trained.train, trained.schema, 1, 1)
    text = explain.in_words(found, one, trained.schema, 1)
    assert "the probability of yes is" in text
    assert "(empty)" in text
    assert found.effects.index[0] in {"city", "visits"}


@pytest.mark.parametrize(
    ("number", "words"),
    [(2, "no prediction"), (9, "no row 9: its last is 3"), (0, "no row 0")],
)
def test_a_row_that_cannot_be_explained_is_named(
    number: int, words: str, raw: pd.DataFrame, schema: Schema, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    raw.head(3).assign(visits=["1", "many", "3"]).to_csv(path, index=False)
    assert explain.typed_row(path, 3, schema)["visits"].item() == 3
    with pytest.raises(ProjectError, match=words):
        explain.typed_row(path, number, schema)
