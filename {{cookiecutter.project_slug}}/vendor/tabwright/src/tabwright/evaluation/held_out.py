"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

import json
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..project.settings import Params, load_params
from ..schema.schema import Schema, load_schema
from ..project.errors import cli_errors
from ..io.parquet import parquet_file, read_parquet
from ..project.files import replacing
from ..tracking.runs import log_evaluation
from .figures import IMPORTANCE_ROWS, draw_figures, draw_slices
from .behaviour import CHANGED_ROWS, run_tests
from ..OWNER.models.candidates import candidates
from .gate import absent_classes
from .predictions import prediction_array
from ..selection.metrics import Scored, deciding_metric, task_metrics, predict_scores, encode_target
from .predictions import predict_table
from .resampling import Resampling, make_resampling
from ..selection.cross_validation import draw_rows, read_rows
from .slices import score_slices
from ..selection.persistence import load_model
from ..selection.threshold import get_threshold

SAMPLED_ROWS = 50_000  # for slices and figures; scores are of all rows


def main() -> None:
    params = project.params
    schema = load_schema(project.schema_file)
    test = read_rows(project.test_file, params.train.max_rows, params.seed)
    model = load_model(project.model_file)
    predictions = predict_table(test[[schema.target]], test, model, schema)
    y_pred = prediction_array(predictions, schema)
    scores, slices, tests = evaluate_model(model, y_pred, test, schema, params)
    for path, found in ((project.metrics_file, scores), (project.slices_file, slices), (project.behaviour_file, tests)):
        with replacing(path) as partial:
            partial.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    with parquet_file(project.test_predictions_file) as write:
        write(predictions)
    name = scores["metric"]
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    with replacing(project.figures_folder) as folder:
        drawn = y_pred[sample], test.iloc[sample]
        draw_figures(model, *drawn, schema, name, params.seed, folder)
        draw_slices(slices, scores["test"][name], name, folder)
    log_evaluation(scores)
    print(as_table(scores) + capped(len(test)))


def evaluate_model(
    model: BaseEstimator, y_pred: np.ndarray, test: pd.DataFrame, schema: Schema, params: Params
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Score a model and what it `predicted` beside the baseline, on slices and when rows change.

    Returns
    -------
    scores, slices, tests
        As `evaluate`, `score_slices` and `run_tests` give them.
    """
    baseline = candidates(schema, params.seed)["baseline"].pipeline
    targets = read_parquet(project.train_file, columns=[schema.target])  # all that it looks at
    baseline.fit(targets, targets[schema.target])
    name = deciding_metric(schema, params.train.metric)
    tests = run_tests(model, test, schema, params.behaviour, params.seed)
    # A model's decisions are judged at its own threshold.
    scored = task_metrics(schema, get_threshold(model)), y_pred
    least = task_metrics(schema), predict_scores(baseline, test, schema)
    resampling = make_resampling(test, params.data, params.score_model, params.seed)
    scores = score_model(scored, least, test, schema, name, resampling)
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    slices = score_slices(
        (scored[0], y_pred[sample]),
        test.iloc[sample],
        schema,
        name,
        params.score_model.slices,
        resampling.among(sample),
    )
    return scores, slices, tests


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
    y_true, rule = encode_target(test, schema), scored[0][deciding]

    def scores_on(rows: np.ndarray) -> np.ndarray:
        true, said = y_true[rows], scored[1][rows]
        scores = {name: rule.function(true, said) for name, rule in scored[0].items()}
        least = baseline[0][deciding].function(true, baseline[1][rows])
        return np.array([*scores.values(), rule.improvement(scores[deciding], least)])

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
            name: float(metric.function(y_true, baseline[1])) for name, metric in baseline[0].items()
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


if __name__ == "__main__":
    with cli_errors():
        main()
