"""Models in ONNX: linear models and nets, and what is made of models."""

from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ..schema.schema import Schema
from ..selection.threshold import get_threshold
from .features import Convert, apply_function, transform
from .graph import Graph, Tensor, described, refusal
from .trees import boosting, both_classes, forest

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "identity": "Identity"}


def to_onnx(model: Any, schema: Schema) -> ModelProto:
    """A model as ONNX, from columns of the typed table to the columns of a prediction.

    Its outputs are `predicted_<target>`, and of classes one `probability_<class>` each, shape
    (n_rows,), in the order of the schema.

    Raises
    ------
    ProjectError
        When a part of it has no counterpart.
    """
    g = Graph(schema)
    scores, name = predict(g, model, []), f"predicted_{schema.target}"
    if schema.task == "regression":
        g.output(name, g.add("Reshape", scores, [-1]))
        return g.model()
    known = {label: number for number, label in enumerate(model.classes_)}
    absent = [label for label in schema.classes if label not in known]
    if absent:  # no training row had it
        first = g.add("Gather", scores, [0], axis=1)
        scores = g.join([scores, g.add("Sub", first, first)])
    columns = [known.get(label, len(known)) for label in schema.classes]
    if len(columns) == 2:
        positive = g.add("Gather", scores, columns[1], axis=1)
        number = g.add("GreaterOrEqual", positive, float(get_threshold(model)))
        number = g.add("Cast", number, to=TensorProto.INT64)
    else:
        ordered = g.add("Gather", scores, columns, axis=1)
        number = g.add("ArgMax", ordered, axis=1, keepdims=0)
    labels = np.array(schema.classes, dtype=object)
    g.output(name, g.add("Gather", labels, number), TensorProto.STRING)
    for label, column in zip(schema.classes, columns, strict=True):
        g.output(f"probability_{label}", g.add("Gather", scores, column, axis=1))
    return g.model()


def predict(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    """Probabilities, shape (n_rows, n_classes), or values, shape (n_rows, 1), of a fitted model.

    Parameters
    ----------
    parts
        What it is given: tensors of columns next to each other; none where it takes the columns
        of the schema itself.
    """
    if type(model) not in MODELS:
        raise refusal(f"a model of the class {described(model)}")
    return MODELS[type(model)](g, model, parts)


def _pipeline(g: Graph, model: Pipeline, parts: list[Tensor]) -> Tensor:
    for _, step in model.steps[:-1]:
        parts = [transform(g, step, parts)]
    return predict(g, model.steps[-1][1], parts)


def _voting(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    weights = [1] * len(model.estimators_) if model.weights is None else model.weights
    votes = [
        g.add("Mul", predict(g, each, parts), float(weight))
        for each, weight in zip(model.estimators_, weights, strict=True)
    ]
    return g.add("Div", g.add("Sum", *votes), float(sum(weights)))


def _stacking(g: Graph, model: StackingClassifier, parts: list[Tensor]) -> Tensor:
    """A calibrated model: probabilities, of two classes the second, into a calibrator."""
    if model.passthrough or {*model.stack_method_} != {"predict_proba"}:
        raise refusal("a StackingClassifier that takes more than probabilities")
    made = [predict(g, each, parts) for each in model.estimators_]
    if len(model.classes_) == 2:
        made = [g.add("Gather", each, [1], axis=1) for each in made]
    return predict(g, model.final_estimator_, made)


def _transformed_target(g: Graph, model: TransformedTargetRegressor, parts: list[Tensor]) -> Tensor:
    y, inverse = predict(g, model.regressor_, parts), model.transformer_
    if type(inverse) is FunctionTransformer:
        return apply_function(g, inverse.inverse_func, y)
    if type(inverse) is StandardScaler:
        return g.add("Add", g.add("Mul", y, inverse.scale_), inverse.mean_)
    raise refusal(f"a target that {described(inverse)} transforms")


def _coefficients(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    """The values of a linear model, or the log-odds of a logistic one."""
    return _linear(g, g.join(parts), np.atleast_2d(model.coef_).T, model.intercept_)


def _net(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    x = g.join(parts)
    for number, layer in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        if number:
            x = g.add(ACTIVATIONS[model.activation], x)
        x = _linear(g, x, *layer)
    return x


def _boosted_values(g: Graph, model: HistGradientBoostingRegressor, parts: list[Tensor]) -> Tensor:
    if model.loss in ("poisson", "gamma"):
        raise refusal(f"boosting with the loss {model.loss}")
    return boosting(g, model, parts)


def _linear(g: Graph, x: Tensor, weights: np.ndarray, bias: Any) -> Tensor:
    return g.add("Add", g.add("MatMul", x, weights), np.reshape(bias, (1, -1)))


def _classifier(log_odds: Convert) -> Convert:
    """Probabilities from the log-odds that another function gives: one column of two classes."""

    def convert(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
        raw = log_odds(g, model, parts)
        if len(model.classes_) > 2:
            return g.add("Softmax", raw, axis=1)
        return both_classes(g, g.add("Sigmoid", raw))

    return convert


MODELS: dict[type, Convert] = {
    Pipeline: _pipeline,
    FixedThresholdClassifier: lambda g, model, parts: predict(g, model.estimator_, parts),
    FrozenEstimator: lambda g, model, parts: predict(g, model.estimator, parts),
    VotingClassifier: _voting,
    VotingRegressor: _voting,
    StackingClassifier: _stacking,
    TransformedTargetRegressor: _transformed_target,
    LogisticRegression: _classifier(_coefficients),
    Ridge: _coefficients,
    MLPClassifier: _classifier(_net),
    MLPRegressor: _net,
    RandomForestClassifier: forest,
    RandomForestRegressor: forest,
    ExtraTreesClassifier: forest,
    ExtraTreesRegressor: forest,
    HistGradientBoostingClassifier: _classifier(boosting),
    HistGradientBoostingRegressor: _boosted_values,
}
