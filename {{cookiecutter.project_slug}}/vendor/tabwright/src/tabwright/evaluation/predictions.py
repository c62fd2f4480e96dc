"""Predictions of a model: as columns next to those of the rows, and as arrays to score."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..project.errors import ProjectError
from ..project.project import Project
from ..schema.schema import Schema
from ..selection.interval import get_half_width
from ..selection.metric import Metric
from ..selection.metrics import deciding_metric, encode_target, predict_scores, task_metrics
from ..selection.threshold import decide, get_threshold

NOTE = "prediction_note"  # what is new in a row, or why it has no prediction


@dataclass(frozen=True)
class Predictions:
    """Typed, labelled rows that a model has not seen, and what it predicts for them.

    Attributes
    ----------
    y_pred
        Probabilities, shape (n_rows, n_classes), or values, shape (n_rows,).
    metrics
        By name, those of classes at the threshold of the model.
    deciding
        The name of the metric that decides.
    """

    rows: pd.DataFrame
    schema: Schema
    y_pred: np.ndarray
    metrics: dict[str, Metric]
    deciding: str

    @cached_property
    def y_true(self) -> np.ndarray:
        """Class numbers or values, shape (n_rows,)."""
        return encode_target(self.rows, self.schema)

    def among(self, rows: np.ndarray) -> "Predictions":
        """The same for some of the rows, by number."""
        return replace(self, rows=self.rows.iloc[rows], y_pred=self.y_pred[rows])

    def score(self, rows: np.ndarray) -> float:
        """The score of some of the rows in the metric that decides."""
        return self.metrics[self.deciding].function(self.y_true[rows], self.y_pred[rows])

    def scores(self, rows: np.ndarray) -> dict[str, float]:
        """Scores of some of the rows by metric; `rows` has their numbers, or is a mask."""
        y_true, y_pred = self.y_true[rows], self.y_pred[rows]
        return {name: metric.function(y_true, y_pred) for name, metric in self.metrics.items()}


def predictions_of(
    project: Project, model: BaseEstimator, schema: Schema, rows: pd.DataFrame, scores: np.ndarray
) -> Predictions:
    """What a model has predicted for rows, as from `predict_scores`, with the metrics of the project."""
    own = project.metrics
    metrics = task_metrics(schema, get_threshold(model), own)  # each model at its own threshold
    y_pred = scores if schema.classes else scores.reshape(len(rows))
    name = deciding_metric(schema, project.params.train.metric, own)
    return Predictions(rows, schema, y_pred, metrics, name)


def predict_table(
    batch: pd.DataFrame, typed: pd.DataFrame, model: BaseEstimator, schema: Schema
) -> pd.DataFrame:
    """`add_predictions` where every row must have one; a `ProjectError` names a row without."""
    table = add_predictions(batch, typed, model, schema)
    if (empty := table[f"predicted_{schema.target}"].isna().to_numpy()).any():
        row = empty.argmax() + 1
        raise ProjectError(f"the model has no finite prediction for row {row}: look at its cells.")
    return table


def add_predictions(
    batch: pd.DataFrame, typed: pd.DataFrame, model: BaseEstimator, schema: Schema
) -> pd.DataFrame:
    """Add `predicted_<target>` to the raw rows, for classes with one `probability_<class>` each.

    For values `predicted_<target>_low` and `_high` are the ends of an interval, see `half_width`.

    They are empty for rows not in `typed`, and where a prediction is no finite number.

    Raises
    ------
    ProjectError
        When a column of that name is there.
    """
    name, classes = f"predicted_{schema.target}", pd.Series(schema.classes)
    columns = [f"probability_{label}" for label in classes] or [name]
    values = np.empty((0, len(columns)))
    if len(typed):
        values = predict_scores(model, typed, schema).reshape(len(typed), -1)
    finite = np.isfinite(values).all(axis=1)
    made = pd.DataFrame(values[finite], typed.index[finite], columns)
    if schema.task == "classification":
        made.insert(0, name, classes.iloc[decide(values[finite], get_threshold(model))].array)
    elif np.isfinite(reach := get_half_width(model)):
        made[f"{name}_low"], made[f"{name}_high"] = made[name] - reach, made[name] + reach
    if taken := [column for column in (*made, NOTE) if column in batch.columns]:
        raise ProjectError(f"the input already has {', '.join(taken)}: rename or remove first.")
    return batch.join(made)


def prediction_array(predictions: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Predictions as a metric takes them, from the columns that `predict_table` adds."""
    if schema.task == "regression":
        return predictions[f"predicted_{schema.target}"].to_numpy()
    return predictions[[f"probability_{label}" for label in schema.classes]].to_numpy()
