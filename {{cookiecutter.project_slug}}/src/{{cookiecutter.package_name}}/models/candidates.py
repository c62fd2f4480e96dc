"""The models that are compared. Adding one is adding an entry to `candidates`."""

from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from tabwright.schema.schema import Schema
from tabwright.selection.candidate import Candidate, Space

from ..features.build_features import build_features

# Of each model: the space that the search draws from, and what it tries first, which does well on many tables.
LOGISTIC: Space = {"C": loguniform(1e-3, 1e2)}, [{"C": 30}, {"C": 0.1}]
RIDGE: Space = {"alpha": loguniform(1e-2, 1e3)}, [{"alpha": 10}, {"alpha": 100}]
NET: Space = (
    {"alpha": loguniform(1e-2, 10), "hidden_layer_sizes": [(32,), (64,), (64, 64)]},
    [{"hidden_layer_sizes": (64, 64)}, {"alpha": 1}],
)
TREES: Space = (
    {"min_samples_leaf": [1, 2, 4, 8, 16], "max_features": loguniform(0.05, 0.8)},
    [{"min_samples_leaf": 10}, {"min_samples_leaf": 1, "max_features": 0.5}, {"max_features": 0.5}],
)
BOOSTING: Space = (
    {
        "max_iter": [100, 200, 400],
        "learning_rate": loguniform(0.02, 0.15),
        "max_leaf_nodes": [4, 8, 16, 32],
        "min_samples_leaf": [5, 10, 20, 50],
        "max_features": [0.25, 0.5, 1.0],
        "l2_regularization": loguniform(1e-2, 1e2),
    },
    [
        {"max_leaf_nodes": 31, "max_iter": 300, "min_samples_leaf": 5, "max_features": 0.3},
        {"max_leaf_nodes": 15, "max_iter": 300},
        {"max_leaf_nodes": 4},
    ],
)


def candidates(schema: Schema, seed: int) -> dict[str, Candidate]:
    """Every model that `train.candidates` of `params.yaml` may name, in the order they are tried.

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
    net: BaseEstimator = (MLPClassifier if classify else MLPRegressor)(
        hidden_layer_sizes=(64,),
        alpha=0.1,
        learning_rate_init=3e-3,
        tol=1e6,  # no round counts as an improvement: it trains for as many as follow
        n_iter_no_change=60,
        random_state=seed,
    )
    if not classify:
        net = TransformedTargetRegressor(net, transformer=StandardScaler())
    extra = ExtraTreesClassifier if classify else ExtraTreesRegressor
    forest = RandomForestClassifier if classify else RandomForestRegressor
    boosting = (HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor)(
        max_iter=200,
        learning_rate=0.06,
        max_leaf_nodes=8,
        max_features=0.5,  # of the columns, drawn for each split
        l2_regularization=1.0,
        early_stopping=False,  # it sets rows aside and fails on classes with a row or two
        random_state=seed,
    )

    def pipeline(model: BaseEstimator, *, dense: bool = True) -> Pipeline:
        features = build_features(schema, seed, dense=dense)
        return Pipeline([("features", features), ("model", model)])

    def trees(model: type[BaseEstimator]) -> Candidate:
        few = "sqrt" if classify else 0.4
        made = model(100, min_samples_leaf=3, max_features=few, random_state=seed)
        return Candidate(pipeline(made), *TREES)

    return {
        "linear": Candidate(pipeline(linear, dense=False), *(LOGISTIC if classify else RIDGE)),
        "boosting": Candidate(pipeline(boosting), *BOOSTING),
        "extra trees": trees(extra),
        "neural net": Candidate(
            pipeline(net), *NET, at="model" if classify else "model__regressor"
        ),
        "forest": trees(forest),
    }
