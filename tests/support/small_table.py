"""A small table with every kind of column, and the settings to learn from it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from tabwright.dataset.split import Split
from tabwright.evaluation.held_out import score_model
from tabwright.evaluation.predictions import Predictions
from tabwright.evaluation.resampling import make_resampling
from tabwright.project.project import Project
from tabwright.project.settings import DataParams, EvaluateParams, Params, TrainParams
from tabwright.schema.schema import Schema
from tabwright.selection.candidate import baseline
from tabwright.selection.metrics import predict_scores, task_metrics

ROWS = 240
PARAMS = Params(
    seed=1,
    data=DataParams(
        raw="raw.csv",
        target="bought",
        test_size=0.25,
        split="random",
        split_by="",
        duplicates="keep",
        max_rejected=0.05,
    ),
    train=TrainParams(
        metric="auto",
        folds=3,
        candidates=["linear"],
        threshold="f1",
        n_iter=2,
        timeout=600,
        max_rows=100_000,
    ),
    evaluate=EvaluateParams(bootstrap=50, confidence=0.95),
)


def make_raw(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Raw text cells; `bought` follows from `visits`, `city` and noise, and is sometimes unknown."""
    random = np.random.default_rng(seed)
    visits = random.integers(0, 50, rows)
    city = random.choice(["Bern", "Graz", "Lyon"], rows)
    noise = random.normal(0, 6, rows)
    words = ["quick delivery", "slow answer again", "good price and quality", "never came back"]
    raw = pd.DataFrame(
        {
            "customer_id": [f"C{number:04d}" for number in range(rows)],
            "visits": visits.astype(str),
            "spent": np.round(random.gamma(2, 30, rows), 2).astype(str),
            "city": city,
            "member": random.choice(["yes", "no"], rows),
            "joined": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.integers(0, 700, rows), "D"),
            "remark": [f"{random.choice(words)}, visit {number}" for number in range(rows)],
            "bought": np.where(visits + 10 * (city == "Bern") + noise > 28, "yes", "no"),
        }
    ).astype({"joined": "str"})
    raw.loc[random.choice(rows, rows // 10, replace=False), "spent"] = None
    raw.loc[random.choice(rows, rows // 12, replace=False), "bought"] = None
    return raw


def split_table(
    typed: pd.DataFrame, schema: Schema, params: Params = PARAMS
) -> dict[str, pd.DataFrame]:
    """Typed rows by `train`, `test` and `unlabelled`."""
    part = Split(schema, params.data, params.seed).assign(typed)
    return {name: typed[part == name] for name in ("train", "test", "unlabelled")}


def set_params(project: Project, params: Params) -> None:
    """Give a project settings without a `params.yaml`."""
    project.__dict__["params"] = params  # where the cached property keeps them


def with_train(**changes: object) -> Params:
    """The settings with others for training."""
    return replace(PARAMS, train=replace(PARAMS.train, **changes))


def predict_test_rows(model: BaseEstimator, trained: SimpleNamespace) -> Predictions:
    """Predictions of the held-out rows."""
    test, schema = trained.test, trained.schema
    scores = predict_scores(model, test, schema)
    return Predictions(test, schema, scores, task_metrics(schema), "roc_auc")


def score_test_rows(model: BaseEstimator, trained: SimpleNamespace) -> dict:
    """Scores against the baseline on the held-out rows."""
    constant = clone(baseline(trained.schema).pipeline)
    constant.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    draws = make_resampling(trained.test, trained.params)
    return score_model(*(predict_test_rows(each, trained) for each in (model, constant)), draws)
