"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..io.parquet import parquet_file, read_parquet
from ..io.sample import sample_file
from ..project.environment import set_environment
from ..project.files import replacing, write_json
from ..project.project import Project
from ..schema.schema import Schema
from ..selection.candidate import baseline
from ..selection.cross_validation import draw_rows
from ..selection.interval import COVERAGE, get_half_width
from ..selection.metrics import predict_scores
from .behaviour import run_tests
from .gate import absent_classes
from .limits import CHANGED_ROWS, IMPORTANCE_ROWS, SAMPLED_ROWS
from .predictions import Predictions, predictions_of
from .ranking import best_rows
from .reliance import describe_reliance
from .resampling import Resampling, make_resampling
from .slices import describe_slices, score_slices

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Evaluation:
    """How good a model is on held-out rows.

    Attributes
    ----------
    scores : dict
        The content of `reports/metrics.json`, see `score_model`; of a numeric target also the
        `prediction_interval`: its intended `coverage`, its `half_width`, its coverage in `test`.
    slices, tests : list of dict
        The content of `reports/slices.json` and `reports/behaviour.json`.
    sample : Predictions
        At most `SAMPLED_ROWS` of the rows, for slices and figures.
    """

    scores: dict[str, Any]
    slices: list[dict[str, Any]]
    tests: list[dict[str, Any]]
    sample: Predictions

    def __str__(self) -> str:
        """The scores as a table, slices that differ, and what is of fewer rows."""
        scores = self.scores
        ends = scores["interval"].items()
        interval = {name: "{low:.4f} to {high:.4f}".format(**each) for name, each in ends}
        columns = {"model": scores["test"], "interval": interval, "baseline": scores["baseline"]}
        table = pd.DataFrame(columns).to_string(float_format="{:.4f}".format)
        head = f"On {scores['rows']} held-out rows, intervals by {scores['resampling']}:"
        absent = f"\n{absent_classes(scores)}" if scores["absent"] else ""
        slices = f"\n{words}" if (words := describe_slices(self.slices, scores["metric"])) else ""
        reliance = f"\n{scores['reliance']}" if scores.get("reliance") else ""
        return f"{head}\n{table}{absent}{slices}{reliance}{capped(scores['rows'])}"


def save_evaluation(
    project: Project,
    evaluation: Evaluation,
    model: BaseEstimator,
    predictions: pd.DataFrame,
    figures: Mapping[str, "Figure"],
) -> None:
    """Write scores, test predictions and figures, the owner's among them.

    The scores get `reliance`: a warning if the model relies on one column, or an empty string.

    Parameters
    ----------
    predictions
        What `predict_table` returns for the held-out rows.
    figures
        The owner's, by the name that the report shows.
    """
    set_environment(project)
    # Of matplotlib, which reads the environment.
    from .figures.draw import draw_figures, draw_slices
    from .figures.importance import importances
    from .figures.learning import MAX_FITTED, draw_learning

    name, seed = evaluation.scores["metric"], project.params.seed
    losses = importances(model, evaluation.sample, seed)
    evaluation.scores["reliance"] = describe_reliance(losses, evaluation.sample.schema)
    write_json(project.metrics_file, evaluation.scores)
    write_json(project.slices_file, evaluation.slices)
    write_json(project.behaviour_file, evaluation.tests)
    with parquet_file(project.test_predictions_file) as write:
        write(predictions)
    with replacing(project.figures_folder) as folder:
        draw_figures(model, evaluation.sample, losses, project.params.train.threshold, seed, folder)
        train, rows = sample_file(project.train_file, seed, MAX_FITTED)
        count = min(rows, project.params.train.max_rows)
        draw_learning(model, evaluation.sample, train, count, seed, folder)
        draw_slices(evaluation.slices, evaluation.scores["test"][name], name, folder)
        for title, figure in figures.items():
            figure.savefig(folder / f"{title}.png", dpi=110)


def evaluate_model(
    project: Project, model: BaseEstimator, y_pred: np.ndarray, test: pd.DataFrame, schema: Schema
) -> Evaluation:
    """Score a model and the baseline on held-out rows and slices of them, and test its behaviour.

    Parameters
    ----------
    y_pred
        What the model predicts for `test`: probabilities, shape (n_rows, n_classes), or values.
    test
        Typed, labelled rows that the model has not seen.
    """
    params = project.params
    constant = baseline(schema).pipeline
    targets = read_parquet(project.train_file, columns=[schema.target])  # all the baseline needs
    constant.fit(targets, targets[schema.target])
    tests = run_tests(model, test, schema, params.behaviour, params.seed)
    predicted = predictions_of(project, model, schema, test, y_pred)
    y_base = predict_scores(constant, test, schema)
    base = predictions_of(project, constant, schema, test, y_base)
    resampling = make_resampling(test, params)
    scores = score_model(predicted, base, resampling)
    if np.isfinite(reach := get_half_width(model)):
        held = float(np.mean(np.abs(predicted.y_true - y_pred) <= reach))
        scores["prediction_interval"] = {"coverage": COVERAGE, "half_width": reach, "test": held}
    rows = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    sample = predicted.among(rows)
    slices = score_slices(sample, params.evaluate.slices, resampling.among(rows))
    return Evaluation(scores, slices, tests, sample)


def score_model(
    predicted: Predictions, base: Predictions, resampling: Resampling
) -> dict[str, Any]:
    """Score the predictions of a model and of the baseline on the same resamples of the same rows.

    Returns
    -------
    dict
        `test` and `baseline` scores by metric; `interval` of each test score (bootstrap, Efron &
        Tibshirani 1993); `gain` over the baseline in the deciding metric with its own interval;
        `resampling` in words; `rows`; and as `absent` the classes that no row has. Of two classes
        also the number of `positive` rows and the `best_rows`.
    """
    name, y_true, classes = predicted.deciding, predicted.y_true, predicted.schema.classes
    two: dict[str, Any] = {}
    if len(classes) == 2:
        best = best_rows(y_true, predicted.y_pred[:, 1])
        two = {"positive": int(y_true.sum()), "best_rows": best}

    def scores_on(rows: np.ndarray) -> np.ndarray:
        scores = predicted.scores(rows)
        improvement = predicted.metrics[name].improvement(scores[name], base.score(rows))
        return np.array([*scores.values(), improvement])

    every = np.arange(len(y_true))
    *test_scores, gain = scores_on(every).tolist()
    ends = np.transpose(resampling.interval(scores_on)).tolist()
    *intervals, gain_interval = [{"low": low, "high": high} for low, high in ends]
    return {
        "metric": name,
        "rows": len(y_true),
        "resampling": str(resampling),
        "absent": [label for number, label in enumerate(classes) if number not in y_true],
        "test": dict(zip(predicted.metrics, test_scores, strict=True)),
        "baseline": {name: float(score) for name, score in base.scores(every).items()},
        "interval": dict(zip(predicted.metrics, intervals, strict=True)),
        "gain": gain,
        "gain_interval": gain_interval,
        **two,
    }


def capped(rows: int) -> str:
    """What is made of fewer than all held-out rows, as a line; empty where nothing is."""
    limits = {
        "slices and figures": SAMPLED_ROWS,
        "behaviour": CHANGED_ROWS,
        "permutation importance": IMPORTANCE_ROWS,
    }
    found = [f"{what} on at most {limit:,}" for what, limit in limits.items() if rows > limit]
    return f"\nof {rows:,} rows, drawn with the seed: {', '.join(found)}" if found else ""
