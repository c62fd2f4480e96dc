"""Models of a small table, and the owner's command that predicts files with them."""

import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tabwright.io.source import Source
from tabwright.prediction import predict
from tabwright.project.project import Project
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.selection.candidate import baseline

from .default_project import owner_module

ROWS = 160


def table(rows: int = ROWS) -> pd.DataFrame:
    """A column of every kind without an empty cell, and both a class and an amount."""
    random = np.random.default_rng(0)
    age = random.integers(20, 60, rows)
    return pd.DataFrame(
        {
            "key": [f"0{n:04d}" for n in range(rows)],
            "age": age.astype(str),
            "city": random.choice(["Bern", "Lyon", "Rome"], rows),
            "street": [f"street {n % 50}" for n in range(rows)],
            "member": random.choice(["yes", "no"], rows),
            "joined": pd.date_range("2024-01-01", periods=rows).astype("str"),
            "remark": [f"a good visit in turn {n}" for n in range(rows)],
            "bought": np.where(age + random.normal(0, 8, rows) > 40, "yes", "no"),
            "spent": np.exp(age / 10).round(3).astype(str),
        }
    )


Fitted = tuple[object, Schema]


@cache
def fit(name: str = "linear", target: str = "bought") -> Fitted:
    """A model by the name of its candidate, fitted without a warning, and its contract."""
    rows = table().drop(columns={"bought": "spent", "spent": "bought"}[target])
    agreed = infer_schema(rows, target, Source())
    typed, problems = apply_contract(rows, agreed)
    assert problems.empty
    known = {"baseline": baseline(agreed)} | owner_module("models.candidates").candidates(agreed, 1)
    with warnings.catch_warnings(action="error"):
        return known[name].pipeline.fit(typed[list(agreed.features)], typed[target]), agreed


class Predictor:
    """Predicts files in a folder by the owner's command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, rows: pd.DataFrame | str, fitted: Fitted, *more: str) -> pd.DataFrame:
        """Run the command on a CSV file; what it writes, as text."""
        text = rows if isinstance(rows, str) else rows.to_csv(index=False)
        (self.folder / "new.csv").write_text(text, encoding="utf-8")
        output = self.folder / "out.csv"
        used = SimpleNamespace(model=fitted[0], schema=fitted[1], version=1, run="r", model_md5="m")
        files = ["--input", str(self.folder / "new.csv"), "--output", str(output)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(predict, "model_in_use", lambda _: used)
            owner_module("models.predict_model").main(Project(self.folder), [*files, *more])
        return pd.read_csv(output, dtype=str, keep_default_na=False)
