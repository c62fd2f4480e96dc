"""The metrics of each task: one decides, the others inform."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ..project.errors import ProjectError, did_you_mean
from ..project.text import listed
from ..schema.schema import Schema
from .metric import Metric
from .threshold import DEFAULT_THRESHOLD, decide

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


# What only a computation needs is imported in it: the gate reads names and directions alone.
# In numpy where scikit-learn's checks take longer than the score: resampling asks for thousands.
def _log_loss(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    probabilities = y_pred[np.arange(len(y_true)), y_true]
    return float(-np.log(np.clip(probabilities, np.finfo(float).eps, 1)).mean())


def _roc_auc(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Area under the ROC curve; with several classes the mean of each against the rest."""
    from scipy.stats import rankdata

    classes = [1] if y_pred.shape[1] == 2 else np.unique(y_true)
    scores = []
    for number in classes:
        found, count = y_true == number, int(np.sum(y_true == number))
        if 0 < count < len(y_true):  # the share of pairs in order (Mann & Whitney 1947)
            above = rankdata(y_pred[:, number])[found].sum() - count * (count + 1) / 2
            scores.append(above / (count * (len(y_true) - count)))
    return float(np.mean(scores)) if scores else float("nan")


def _average_precision(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    order = np.argsort(-y_pred[:, 1])
    found = np.cumsum(y_true[order] == 1)
    last = np.flatnonzero(np.diff(y_pred[order, 1], append=np.nan) != 0)  # of each tie
    gained = np.diff(found[last], prepend=0)
    return float(np.sum(gained * found[last] / (last + 1)) / found[-1]) if found[-1] else np.nan


def _f1_macro(y_true: np.ndarray, y_class: np.ndarray) -> float:
    """The mean F1 of the classes that occur."""
    count = max(y_true.max(), y_class.max()) + 1
    correct, actual, predicted = (
        np.bincount(numbers, minlength=count)
        for numbers in (y_true[y_true == y_class], y_true, y_class)
    )
    occur = actual + predicted > 0
    return float(np.mean(2 * correct[occur] / (actual + predicted)[occur]))


def _f1(y_true: np.ndarray, y_class: np.ndarray) -> float:
    """F1 of the positive class."""
    return 2 * float(np.sum(y_true & y_class)) / max(int(np.sum(y_true + y_class)), 1)


def _r2(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    from sklearn.metrics import r2_score

    return float(r2_score(y_true, y_pred))


def _precision(y_true: np.ndarray, y_class: np.ndarray) -> float:
    """The share of flagged rows that are positive; 0 where none is flagged, as in scikit-learn."""
    return float(np.sum(y_true & y_class)) / max(int(np.sum(y_class)), 1)


def _recall(y_true: np.ndarray, y_class: np.ndarray) -> float:
    """The share of positive rows that are flagged; 0 where none is positive."""
    return float(np.sum(y_true & y_class)) / max(int(np.sum(y_true)), 1)


CLASSES = {
    "log_loss": Metric(_log_loss, greater_is_better=False),
    "roc_auc": Metric(_roc_auc),
    "average_precision": Metric(_average_precision),
    "brier": Metric(lambda y_true, y_pred: np.mean((y_pred[:, 1] - y_true) ** 2), False),
    "accuracy": Metric(lambda y_true, y_class: np.mean(y_true == y_class), of_classes=True),
    "f1_macro": Metric(_f1_macro, of_classes=True),
    "f1": Metric(_f1, of_classes=True),
    "precision": Metric(_precision, of_classes=True),
    "recall": Metric(_recall, of_classes=True),
}
BINARY = {"average_precision", "brier", "f1", "precision", "recall"}  # of a positive class
VALUES = {
    "rmse": Metric(lambda y_true, y_pred: np.sqrt(np.mean((y_true - y_pred) ** 2)), False),
    "mae": Metric(lambda y_true, y_pred: np.mean(np.abs(y_true - y_pred)), False),
    "r2": Metric(_r2),
}

FEW_ROWS = 2_000  # take longer to share among threads than to predict
MAX_NAMED = 25  # of the known names in a message
Own = Mapping[str, Metric]  # the owner's metrics by name
NONE: Own = {}


def task_metrics(
    schema: Schema, threshold: float = DEFAULT_THRESHOLD, own: Own = NONE
) -> dict[str, Metric]:
    """The metrics of the task by name, then the owner's; those of classes use the threshold."""
    if schema.task == "regression":
        return VALUES | dict(own)
    left_out = set() if len(schema.classes) == 2 else BINARY
    known = {name: metric for name, metric in CLASSES.items() if name not in left_out}
    return {name: _at(threshold, metric) for name, metric in (known | dict(own)).items()}


def _at(threshold: float, metric: Metric) -> Metric:
    """The metric as a function of probabilities, from which classes are decided at the threshold."""
    if not metric.of_classes:
        return metric

    def function(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return metric.function(y_true, decide(y_pred, threshold))

    return Metric(function, metric.greater_is_better)


def greater_is_better(name: str, own: Own = NONE) -> bool:
    """Whether a higher score in a metric is the better one."""
    known = (CLASSES | VALUES | dict(own)).get(name)
    return known is None or known.greater_is_better


def deciding_metric(schema: Schema, asked: str, own: Own = NONE) -> str:
    """The name of the one metric for all decisions: `asked`, or for `auto` the task's usual one.

    Raises
    ------
    ProjectError
        When the task has no metric of that name.
    """
    if asked == "auto":
        if schema.task == "regression":
            return "rmse"
        return "roc_auc" if len(schema.classes) == 2 else "log_loss"
    require_known("train.metric", [asked], ["auto", *task_metrics(schema, own=own)])
    return asked


def require_known(setting: str, names: Iterable[object], known: Collection[str]) -> None:
    """Raise a `ProjectError` for names in a setting of `params.yaml` that are not known."""
    words = [str(name) for name in known]
    if unknown := [f"{name}{did_you_mean(name, words)}" for name in names if name not in known]:
        raise ProjectError(
            f"params.yaml: {setting} names {', '.join(unknown)}; known are "
            f"{listed(words, MAX_NAMED)}. Correct or remove it."
        )


def encode_target(table: "pd.DataFrame", schema: Schema) -> np.ndarray:
    """The target as class numbers or values, shape (n_rows,)."""
    import pandas as pd

    target = table[schema.target]
    if schema.task == "regression":
        return target.to_numpy(dtype=float)
    return pd.Categorical(target, categories=schema.classes).codes.astype(int)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run numerical libraries in one thread: sums of several differ in their last bits by machine.

    Code that asks for threads itself gets them, as the folds of model selection do, one core each.
    """
    from joblib import parallel_config
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), parallel_config(n_jobs=1):
        yield


def predict_scores(model: "BaseEstimator", table: "pd.DataFrame", schema: Schema) -> np.ndarray:
    """Values, shape (n_rows,), or probabilities, shape (n_rows, n_classes).

    A class that no training row had gets probability 0.
    """
    import pandas as pd
    from joblib import parallel_config
    from sklearn.base import is_classifier
    from threadpoolctl import threadpool_limits

    features = table[list(schema.features)]
    # Boosting reads rows in parallel, which changes no sum; BLAS and forests add up as one_thread does.
    in_one_thread = "blas" if len(table) > FEW_ROWS else None
    with threadpool_limits(1, user_api=in_one_thread), parallel_config("sequential"):
        if not is_classifier(model):
            return model.predict(features)
        probabilities = pd.DataFrame(model.predict_proba(features), columns=model.classes_)
    return probabilities.reindex(columns=schema.classes, fill_value=0.0).to_numpy()
