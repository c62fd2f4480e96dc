"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

import json
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..config import (
    BEHAVIOUR,
    FIGURES,
    METRICS,
    MODEL,
    SLICES,
    TEST,
    TEST_PREDICTIONS,
    TRAIN,
    Params,
    load_params,
)
from ..data.contract.schema import Schema, load_schema
from ..errors import explained
from ..files import parquet_file, read_parquet, replacing
from ..tracking.runs import log_evaluation
from ..visualization.visualize import IMPORTANCE_ROWS, draw_figures, draw_slices
from .behaviour import CHANGED_ROWS, run_tests
from .candidates import candidates
from .gate import no_row_of
from .metrics import (
    Scored,
    deciding_metric,
    from_table,
    metrics_of,
    predict,
    truth_of,
)
from .predict_model import predict_table
from .resampling import Resampling, resampling_of
from .rows import draw_rows, read_rows
from .slices import score_slices
from .store import load_model
from .threshold import threshold_of

SAMPLED_ROWS = 50_000  # for slices and figures; scores are of all rows


def main() -> None:
    params = load_params()
    schema = load_schema()
    test = read_rows(TEST, params.train.max_rows, params.seed)
    model = load_model(MODEL)
    predictions = predict_table(test[[schema.target]], test, model, schema)
    predicted = from_table(predictions, schema)
    scores, slices, tests = judge(model, predicted, test, schema, params)
    for path, found in ((METRICS, scores), (SLICES, slices), (BEHAVIOUR, tests)):
        with replacing(path) as partial:
            partial.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    with parquet_file(TEST_PREDICTIONS) as write:
        write(predictions)
    name = scores["metric"]
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    with replacing(FIGURES) as folder:
        drawn = predicted[sample], test.iloc[sample]
        draw_figures(model, *drawn, schema, name, params.seed, folder)
        draw_slices(slices, scores["test"][name], name, folder)
    log_evaluation(scores)
    print(as_table(scores) + capped(len(test)))


def judge(
    model: BaseEstimator, predicted: np.ndarray, test: pd.DataFrame, schema: Schema, params: Params
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Score a model and what it `predicted` beside the baseline, on slices and when rows change.

    Returns
    -------
    scores, slices, tests
        As `evaluate`, `score_slices` and `run_tests` give them.
    """
    baseline = candidates(schema, params.seed)["baseline"].pipeline
    targets = read_parquet(TRAIN, columns=[schema.target])  # all that it looks at
    baseline.fit(targets, targets[schema.target])
    name = deciding_metric(schema, params.train.metric)
    tests = run_tests(model, test, schema, params.behaviour, params.seed)
    # A model's decisions are judged at its own threshold.
    scored = metrics_of(schema, threshold_of(model)), predicted
    least = metrics_of(schema), predict(baseline, test, schema)
    resampling = resampling_of(test, params.data, params.evaluate, params.seed)
    scores = evaluate(scored, least, test, schema, name, resampling)
    sample = draw_rows(len(test), SAMPLED_ROWS, params.seed)
    slices = score_slices(
        (scored[0], predicted[sample]),
        test.iloc[sample],
        schema,
        name,
        params.evaluate.slices,
        resampling.among(sample),
    )
    return scores, slices, tests


def evaluate(
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
    truth, rule = truth_of(test, schema), scored[0][deciding]

    def scores_on(rows: np.ndarray) -> np.ndarray:
        true, said = truth[rows], scored[1][rows]
        scores = {name: rule.function(true, said) for name, rule in scored[0].items()}
        least = baseline[0][deciding].function(true, baseline[1][rows])
        return np.array([*scores.values(), rule.gain(scores[deciding], least)])

    *test_scores, gain = scores_on(np.arange(len(test))).tolist()
    ends = np.transpose(resampling.interval(scores_on)).tolist()
    *intervals, gain_interval = [{"low": low, "high": high} for low, high in ends]
    return {
        "metric": deciding,
        "rows": len(test),
        "resampling": str(resampling),
        "absent": [label for number, label in enumerate(schema.classes) if number not in truth],
        "test": dict(zip(scored[0], test_scores, strict=True)),
        "baseline": {
            name: float(metric.function(truth, baseline[1])) for name, metric in baseline[0].items()
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
    absent = f"\n{no_row_of(scores)}" if scores["absent"] else ""
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
    with explained():
        main()
