"""What an evaluation costs does not grow with the rows: what is drawn is counted, not timed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from tabwright.evaluation.figures import draw_figures
from tabwright.evaluation.held_out import capped
from tabwright.selection.cross_validation import draw_rows



class Counting(ClassifierMixin, BaseEstimator):
    """Knows the answer from `x`, and counts the rows it is asked of."""

    classes_ = np.array(["no", "yes"])
    asked = 0

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        Counting.asked += len(rows)
        yes = 1 / (1 + np.exp(-rows["x0"].to_numpy()))
        return np.column_stack([1 - yes, yes])


@pytest.mark.parametrize("columns", [4, 120])
def test_rows_beyond_a_sample_are_scored_and_nothing_else(
    tmp_path, monkeypatch, columns: int
) -> None:
    evaluate, schemas = module("models.evaluate_model"), module("data.contract.schema")
    draw = draw_figures
    monkeypatch.setattr(evaluate, "TRAIN", tmp_path / "train.parquet")
    monkeypatch.setattr(evaluate, "SAMPLED_ROWS", 2000)
    names = [f"x{number}" for number in range(columns)]
    kinds = {name: schemas.Column("numeric") for name in names}
    kinds["city"] = schemas.Column("category", categories=["a", "b"])
    kinds["y"] = schemas.Column("category", categories=["no", "yes"])
    agreed = schemas.Schema("y", "classification", kinds, positive="yes")
    params = module("config").load_params()
    params = replace(params, behaviour=[{"add": {"x0": 1}, "expect": "up"}])
    asked = []
    for rows in (6000, 18_000):
        random = np.random.default_rng(rows)
        table = pd.DataFrame(random.normal(size=(rows, columns)), columns=names)
        table["city"] = pd.Series(random.choice(["a", "b"], rows), dtype="str")
        table["y"] = pd.Series(np.where(random.random(rows) < 0.5, "yes", "no"), dtype="str")
        table.head(200).to_parquet(tmp_path / "train.parquet")
        model, predicted = Counting(), Counting().predict_proba(table)
        Counting.asked = 0
        scores, slices, tests = evaluate.judge(model, predicted, table, agreed, params)
        sample = draw_rows(rows, 2000, 1)
        few = predicted[sample], table.iloc[sample]
        draw(model, *few, agreed, "roc_auc", 1, tmp_path / "figures")
        asked.append(Counting.asked)
        assert scores["rows"] == rows
        assert sum(part["rows"] for part in slices) == 2000
        assert tests[0]["rows"] == 5000
    assert asked[0] == asked[1] < 250_000  # 5 shuffles of 1,000 rows for 20 columns are 100,000


def test_what_is_capped_is_said_in_one_line() -> None:
    capped = capped
    assert capped(900) == ""
    line = capped(400_000)
    assert line.count("\n") == 1
    assert "of 400,000 rows" in line
    assert "slices and figures on at most 50,000, behaviour on at most 5,000" in line
    assert "permutation importance on at most 1,000" in line
