"""The models that compete. Adding one is adding an entry to `candidates`."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from ..data.contract.schema import Schema
from ..features.build_features import build_features


@dataclass(frozen=True)
class Candidate:
    """A pipeline to fit and the settings the search may try on its step `at`."""

    pipeline: BaseEstimator
    search: dict[str, Any] = field(default_factory=dict)
    at: str = "model"


def candidates(schema: Schema, seed: int) -> dict[str, Candidate]:
    """Every model `params.yaml` may name, and `baseline`, which the others have to beat.

    Parameters
    ----------
    schema
        The contract; it decides between classifiers and regressors.
    seed
        Of everything random in a model.
    """
    # No class weights: they distort probabilities, and the threshold serves rare classes as well.
    classify = schema.task == "classification"
    baseline = DummyClassifier(strategy="prior") if classify else DummyRegressor()
    linear = LogisticRegression(max_iter=2000) if classify else Ridge()
    forest = RandomForestClassifier if classify else RandomForestRegressor
    extra = ExtraTreesClassifier if classify else ExtraTreesRegressor
    boosting = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor

    def pipeline(model: BaseEstimator, *, dense: bool = True) -> Pipeline:
        features = build_features(schema, seed, dense=dense)
        return Pipeline([("features", features), ("model", model)])

    return {
        "baseline": Candidate(Pipeline([("model", baseline)])),
        "linear": Candidate(
            pipeline(linear, dense=False),
            {"C": loguniform(1e-3, 1e2)} if classify else {"alpha": loguniform(1e-2, 1e3)},
        ),
        **{
            name: Candidate(
                pipeline(
                    trees(
                        n_estimators=100,
                        min_samples_leaf=2 if trees is forest else 1,
                        max_features="sqrt" if classify else 0.4,
                        random_state=seed,
                    )
                ),
                {
                    "min_samples_leaf": [1, 2, 4, 8, 16],
                    "max_features": loguniform(0.05, 0.8),
                },
            )
            for name, trees in (("forest", forest), ("extra trees", extra))
        },
        # No early stopping: it sets rows aside and fails on classes with a row or two.
        "boosting": Candidate(
            pipeline(
                boosting(
                    max_iter=150,
                    learning_rate=0.06,
                    max_leaf_nodes=15,
                    l2_regularization=1.0,
                    early_stopping=False,
                    random_state=seed,
                )
            ),
            {
                "max_iter": [50, 100, 200, 400],
                "learning_rate": loguniform(0.01, 0.2),
                "max_leaf_nodes": [4, 8, 15, 31],
                "min_samples_leaf": [5, 10, 20, 50],
                "l2_regularization": loguniform(1e-2, 1e2),
            },
        ),
    }


def of_log(candidate: Candidate) -> Candidate:
    """The same model of the log of the target, for amounts whose errors grow with them."""
    model = TransformedTargetRegressor(candidate.pipeline, func=np.log1p, inverse_func=np.expm1)
    return Candidate(model, candidate.search, f"regressor__{candidate.at}")


def blend(models: dict[str, BaseEstimator], schema: Schema) -> Candidate:
    """The mean of what several models predict: their errors differ, so part of them cancels."""
    if schema.task == "regression":
        return Candidate(VotingRegressor(list(models.items())))
    return Candidate(VotingClassifier(list(models.items()), voting="soft"))
