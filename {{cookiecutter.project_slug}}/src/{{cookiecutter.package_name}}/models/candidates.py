"""The models that are compared. Adding one is adding an entry to `candidates`."""

from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from tabwright.schema.schema import Schema
from tabwright.selection.candidate import Candidate

from ..features.build_features import build_features

BOOSTING = {
    "max_iter": 150,
    "learning_rate": 0.06,
    "max_leaf_nodes": 15,
    "l2_regularization": 1.0,
    "early_stopping": False,  # it sets rows aside and fails on classes with a row or two
}


def candidates(schema: Schema, seed: int) -> dict[str, Candidate]:
    """Every model that `train.candidates` of `params.yaml` may name.

    Parameters
    ----------
    schema
        The contract; it decides between classifiers and regressors.
    seed
        Of everything random in a model.
    """
    # No class weights: they distort probabilities, and the threshold serves rare classes as well.
    classify = schema.task == "classification"
    linear = LogisticRegression(max_iter=2000) if classify else Ridge()
    forest = RandomForestClassifier if classify else RandomForestRegressor
    extra = ExtraTreesClassifier if classify else ExtraTreesRegressor
    boosting = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor

    def pipeline(model: BaseEstimator, *, dense: bool = True) -> Pipeline:
        features = build_features(schema, seed, dense=dense)
        return Pipeline([("features", features), ("model", model)])

    return {
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
                {"min_samples_leaf": [1, 2, 4, 8, 16], "max_features": loguniform(0.05, 0.8)},
            )
            for name, trees in (("forest", forest), ("extra trees", extra))
        },
        "boosting": Candidate(
            pipeline(boosting(**BOOSTING, random_state=seed)),
            {
                "max_iter": [50, 100, 200, 400],
                "learning_rate": loguniform(0.01, 0.2),
                "max_leaf_nodes": [4, 8, 15, 31],
                "min_samples_leaf": [5, 10, 20, 50],
                "l2_regularization": loguniform(1e-2, 1e2),
            },
        ),
    }
