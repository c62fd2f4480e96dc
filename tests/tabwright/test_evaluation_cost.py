"""What an evaluation costs does not grow with the rows: what is drawn is counted, not timed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from support.default_project import default_project
from tabwright.evaluation import held_out
from tabwright.evaluation.figures.draw import draw_figures
from tabwright.evaluation.figures.importance import importances
from tabwright.evaluation.held_out import capped
from tabwright.project.project import Project
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema


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
    project = Project(tmp_path)
    project.train_file.parent.mkdir(parents=True)
    monkeypatch.setattr(held_out, "SAMPLED_ROWS", 2000)
    names = [f"x{number}" for number in range(columns)]
    kinds = {name: Column("numeric") for name in names}
    kinds["city"] = Column("category", categories=["a", "b"])
    kinds["y"] = Column("category", categories=["no", "yes"])
    agreed = Schema("y", "classification", kinds, positive="yes")
    params = Project(default_project()).params
    params = replace(params, behaviour=[{"add": {"x0": 1}, "expect": "up"}])
    monkeypatch.setitem(vars(project), "params", params)
    asked = []
    for rows in (6000, 18_000):
        random = np.random.default_rng(rows)
        table = pd.DataFrame(random.normal(size=(rows, columns)), columns=names)
        table["city"] = pd.Series(random.choice(["a", "b"], rows), dtype="str")
        table["y"] = pd.Series(np.where(random.random(rows) < 0.5, "yes", "no"), dtype="str")
        table.head(200).to_parquet(project.train_file)
        model, y_pred = Counting(), Counting().predict_proba(table)
        Counting.asked = 0
        found = held_out.evaluate_model(project, model, y_pred, table, agreed)
        losses = importances(model, found.sample, 1)
        draw_figures(model, found.sample, losses, "f1", 1, tmp_path / "figures")
        asked.append(Counting.asked)
        assert found.scores["rows"] == rows
        assert sum(part["rows"] for part in found.slices if part["column"] == "city") == 2000
        assert found.tests[0]["rows"] == 5000
    assert asked[0] == asked[1] < 250_000  # 5 shuffles of 1,000 rows for 20 columns are 100,000


def test_what_is_capped_is_said_in_one_line() -> None:
    assert capped(900) == ""
    line = capped(400_000)
    assert line.count("\n") == 1
    assert "of 400,000 rows" in line
    assert "slices and figures on at most 50,000, behaviour on at most 5,000" in line
    assert "permutation importance on at most 1,000" in line
