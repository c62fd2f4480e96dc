"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..io.parquet import parquet_file, read_parquet
from ..project.environment import set_environment
from ..project.files import replacing, write_json
from ..project.project import Project
from ..schema.schema import Schema, load_schema
from ..selection.candidate import baseline
from ..selection.cross_validation import draw_rows
from ..selection.metrics import (
    Scored,
    deciding_metric,
    encode_target,
    predict_scores,
    task_metrics,
)
from ..selection.threshold import get_threshold
from .behaviour import run_tests
from .gate import absent_classes
from .limits import CHANGED_ROWS, IMPORTANCE_ROWS, SAMPLED_ROWS
from .predictions import prediction_array
from .resampling import Resampling, make_resampling
from .slices import score_slices

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Evaluation:
    """How good a model is on held-out rows.

    Attributes
    ----------
    scores : dict
        What `reports/metrics.json` holds, see `score_model`.
    slices, tests : list of dict
        What `reports/slices.json` and `reports/behaviour.json` hold.
    """

    scores: dict[str, Any]
    slices: list[dict[str, Any]]
    tests: list[dict[str, Any]]

    def __str__(self) -> str:
        """The scores as a table."""
        return as_table(self.scores) + capped(self.scores["rows"])


def save_evaluation(
    project: Project,
    evaluation: Evaluation,
    model: BaseEstimator,
    test: pd.DataFrame,
    predictions: pd.DataFrame,
    figures: Mapping[str, "Figure"],
) -> None:
    """Write scores, test predictions and figures, the owner's among them.

    Parameters
    ----------
    test
        The held-out rows.
    predictions
        What `predict_table` gives for them.
    figures
        The owner's, by the name that the report shows.
    """
    write_json(project.metrics_file, evaluation.scores)
    write_json(project.slices_file, evaluation.slices)
    write_json(project.behaviour_file, evaluation.tests)
    with parquet_file(project.test_predictions_file) as write:
        write(predictions)
    set_environment(project)
    from .figures import draw_figures, draw_slices  # of matplotlib, which reads the environment

    params, schema = project.params, load_schema(project.schema_file)
    name = evaluation.scores["metric"]
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    drawn = prediction_array(predictions, schema)[sample], test.iloc[sample]
    with replacing(project.figures_folder) as folder:
        draw_figures(model, *drawn, schema, name, params.seed, folder, project.metrics)
        draw_slices(evaluation.slices, evaluation.scores["test"][name], name, folder)
        for title, figure in figures.items():
            figure.savefig(folder / f"{title}.png", dpi=110)


def evaluate_model(
    project: Project,
    model: BaseEstimator,
    y_pred: np.ndarray,
    test: pd.DataFrame,
    schema: Schema,
) -> Evaluation:
    """Score a model and the baseline on held-out rows, on slices of them, and when rows change.

    Parameters
    ----------
    y_pred
        What the model predicts for `test`: probabilities, shape (n_rows, n_classes), or values.
    test
        Typed, labelled rows that the model has not seen.
    """
    params, own = project.params, project.metrics
    constant = baseline(schema).pipeline
    targets = read_parquet(project.train_file, columns=[schema.target])  # all that it looks at
    constant.fit(targets, targets[schema.target])
    name = deciding_metric(schema, params.train.metric, own)
    tests = run_tests(model, test, schema, params.behaviour, params.seed)
    # Each model is scored at its own threshold.
    scored = task_metrics(schema, get_threshold(model), own), y_pred
    least = task_metrics(schema, own=own), predict_scores(constant, test, schema)
    resampling = make_resampling(test, params.data, params.evaluate, params.seed)
    scores = score_model(scored, least, test, schema, name, resampling)
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    slices = score_slices(
        (scored[0], y_pred[sample]),
        test.iloc[sample],
        schema,
        name,
        params.evaluate.slices,
        resampling.among(sample),
    )
    return Evaluation(scores, slices, tests)


def score_model(
    scored: Scored,
    baseline: Scored,
    test: pd.DataFrame,
    schema: Schema,
    deciding: str,
    resampling: Resampling,
) -> dict[str, Any]:
    """Score predictions of two models on the same rows and on the same resamples of them.

    Parameters
    ----------
    scored, baseline
        The metrics of each and its predictions of `test`.
    test
        Typed, labelled rows that neither model has seen.
    deciding
        The metric that decides.

    Returns
    -------
    dict
        `test` and `baseline` scores by metric; `interval` of each test score (bootstrap, Efron &
        Tibshirani 1993); `gain` over the baseline in the deciding metric with its own interval;
        `resampling` in words; `rows`; and as `absent` the classes that no row has.
    """
    y_true, decides = encode_target(test, schema), scored[0][deciding]

    def scores_on(rows: np.ndarray) -> np.ndarray:
        true, said = y_true[rows], scored[1][rows]
        scores = {name: metric.function(true, said) for name, metric in scored[0].items()}
        least = baseline[0][deciding].function(true, baseline[1][rows])
        return np.array([*scores.values(), decides.improvement(scores[deciding], least)])

    *test_scores, gain = scores_on(np.arange(len(test))).tolist()
    ends = np.transpose(resampling.interval(scores_on)).tolist()
    *intervals, gain_interval = [{"low": low, "high": high} for low, high in ends]
    return {
        "metric": deciding,
        "rows": len(test),
        "resampling": str(resampling),
        "absent": [label for number, label in enumerate(schema.classes) if number not in y_true],
        "test": dict(zip(scored[0], test_scores, strict=True)),
        "baseline": {
            name: float(metric.function(y_true, baseline[1]))
            for name, metric in baseline[0].items()
        },
        "interval": dict(zip(scored[0], intervals, strict=True)),
        "gain": gain,
        "gain_interval": gain_interval,
    }


def as_table(scores: dict[str, Any]) -> str:
    """The scores as aligned text."""
    lines = {
        name: {
            "model": f"{score:.4f}",
            "interval": "{low:.4f} to {high:.4f}".format(**scores["interval"][name]),
            "baseline": f"{scores['baseline'][name]:.4f}",
        }
        for name, score in scores["test"].items()
    }
    table = pd.DataFrame.from_dict(lines, orient="index")
    absent = f"\n{absent_classes(scores)}" if scores["absent"] else ""
    return (
        f"On {scores['rows']} held-out rows, intervals by {scores['resampling']}:\n"
        f"{table.to_string()}{absent}"
    )


def capped(rows: int) -> str:
    """What is made of fewer than all held-out rows, as a line; empty where nothing is."""
    limits = {
        "slices and figures": SAMPLED_ROWS,
        "behaviour": CHANGED_ROWS,
        "permutation importance": IMPORTANCE_ROWS,
    }
    found = [f"{what} on at most {limit:,}" for what, limit in limits.items() if rows > limit]
    return f"\nof {rows:,} rows, drawn with the seed: {', '.join(found)}" if found else ""
