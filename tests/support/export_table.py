"""A small table with every kind of column that can be exported, and quick models of it."""

from dataclasses import replace
from typing import NamedTuple
from warnings import catch_warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from tabwright.io.source import Source
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.selection.metrics import one_thread

from .owner import candidates

ROWS = 160
TASKS = ("binary", "multiclass", "regression")
MODELS = ("linear", "boosting", "extra trees", "neural net", "forest")
QUICK = {
    "n_estimators": 6,
    "max_iter": 12,
    "hidden_layer_sizes": (8, 8),
    "regressor__max_iter": 12,
    "regressor__hidden_layer_sizes": (8, 8),
}
COLORS = ["red \U0001f534", 'it\'s "blue"', "green, or so"]


class Task(NamedTuple):
    """Typed rows, their schema and their target."""

    rows: pd.DataFrame
    schema: Schema
    name: str

    @property
    def features(self) -> pd.DataFrame:
        """The columns a model takes."""
        return self.rows[list(self.schema.features)]

    @property
    def target(self) -> pd.Series:
        """What a model is fitted on."""
        return self.rows[self.schema.target]

    def candidate(self, name: str) -> BaseEstimator:
        """A candidate of the owner, made quick."""
        pipeline = candidates.candidates(self.schema, 1)[name].pipeline
        known = pipeline[-1].get_params()
        quick = {key: value for key, value in QUICK.items() if key in known}
        pipeline[-1].set_params(**quick)
        return pipeline

    def fitted(self, name: str) -> BaseEstimator:
        """A quick candidate, fitted."""
        with one_thread(), catch_warnings(action="ignore", category=ConvergenceWarning):
            return self.candidate(name).fit(self.features, self.target)


def make_task(name: str, rows: int = ROWS) -> Task:
    """Rows of a task: binary, multiclass or regression."""
    random = np.random.default_rng(3)
    length, height = random.normal(50, 9, rows), random.gamma(2, 3, rows)
    color = random.choice(COLORS, rows, p=[0.6, 0.37, 0.03])
    start = pd.Timestamp("1965-03-01") + pd.to_timedelta(random.integers(0, 10**6, rows), "h")
    raw = pd.DataFrame(
        {
            "number": [f"N{number}" for number in range(rows)],
            "length, mm": np.round(length, 3).astype(str),
            "height": np.round(height, 4).astype(str),
            "_1": random.integers(0, 5, rows).astype(str),  # named as the graph names its own
            "color": color,
            "shop": random.choice([f"shop {number}" for number in range(30)], rows),
            "town": random.choice([f"town {number}" for number in range(25)], rows),
            "open": random.choice(["true", "false"], rows),
            "start": start.astype(str),
            "end": (start + pd.to_timedelta(random.integers(1, 10**7, rows), "s")).astype(str),
        }
    )
    for column, step in {"height": 7, "color": 11, "shop": 13, "open": 6, "start": 9}.items():
        raw.loc[::step, column] = ""
    value = np.exp(length / 20 + 2 * (color == COLORS[0]) + random.normal(0, 0.3, rows))
    levels = {"binary": ["no", "yes"], "multiclass": ["low", 'it\'s "high"', "mid"]}
    if name in levels:
        ranks = pd.qcut(value, len(levels[name]), labels=False)
        raw["target"] = np.array(levels[name])[ranks]
    else:
        raw["target"] = np.round(value, 3).astype(str)
    schema = infer_schema(raw, "target", Source())
    if name == "binary":
        schema = replace(
            schema, positive="no"
        )  # so that the order of classes is not the sorted one
    return Task(apply_contract(raw, schema)[0], schema, name)
