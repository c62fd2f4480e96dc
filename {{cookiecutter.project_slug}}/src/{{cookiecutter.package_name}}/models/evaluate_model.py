"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

import json
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..config import (
    BEHAVIOUR,
    FIGURES,
    METRICS,
    MODEL,
    SLICES,
    TEST,
    TEST_PREDICTIONS,
    TRAIN,
    EvaluateParams,
    Params,
    load_params,
)
from ..data.contract.schema import Schema, load_schema
from ..errors import explained
from ..files import parquet_file, replacing
from ..tracking.runs import log_evaluation
from ..visualization.visualize import draw_figures, draw_slices
from .behaviour import run_tests
from .candidates import candidates
from .metrics import Metric, deciding_metric, metrics_of, predict, truth_of
from .predict_model import predict_table
from .rows import read_rows
from .slices import score_slices
from .store import load_model
from .threshold import threshold_of


def main() -> None:
    params = load_params()
    schema = load_schema()
    test = read_rows(TEST, params.train.max_rows, params.seed)
    model = load_model(MODEL)
    scores, slices, tests = judge(model, test, schema, params)
    for path, found in ((METRICS, scores), (SLICES, slices), (BEHAVIOUR, tests)):
        with replacing(path) as partial:
            partial.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    with parquet_file(TEST_PREDICTIONS) as write:
        write(predict_table(test[[schema.target]], test, model, schema))
    name = scores["metric"]
    with replacing(FIGURES) as folder:
        draw_figures(model, test, schema, name, params.seed, folder)
        draw_slices(slices, scores["test"][name], name, folder)
    log_evaluation(scores)
    print(as_table(scores))


def judge(
    model: BaseEstimator, test: pd.DataFrame, schema: Schema, params: Params
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Score a model beside the baseline, on slices and in behavioural tests.

    Returns
    -------
    scores, slices, tests
        As `evaluate`, `score_slices` and `run_tests` give them.
    """
    baseline = candidates(schema, params.seed)["baseline"].pipeline
    targets = pd.read_parquet(TRAIN, columns=[schema.target])  # all that it looks at
    baseline.fit(targets, targets[schema.target])
    name = deciding_metric(schema, params.train.metric)
    tests = run_tests(model, test, schema, params.behaviour, params.seed)
    slices = score_slices(model, test, schema, name, params.evaluate, params.seed)
    scores = evaluate(model, baseline, test, schema, name, params.evaluate, params.seed)
    return scores, slices, tests


def evaluate(
    model: BaseEstimator,
    baseline: BaseEstimator,
    test: pd.DataFrame,
    schema: Schema,
    deciding: str,
    params: EvaluateParams,
    seed: int,
) -> dict[str, Any]:
    """Score two fitted models on the same rows and on the same bootstrap resamples of them.

    Parameters
    ----------
    test
        Typed, labelled rows that neither model has seen.
    deciding
        The metric that decides.

    Returns
    -------
    dict
        `test` and `baseline` scores by metric; `interval` of each test score (percentile
        bootstrap, Efron & Tibshirani 1993); `gain` over the baseline in the deciding metric
        with its own interval; `rows`.
    """
    # A model's decisions are judged at its own threshold.
    rules = {
        "test": metrics_of(schema, threshold_of(model)),
        "baseline": metrics_of(schema, threshold_of(baseline)),
    }
    truth = truth_of(test, schema)
    predicted = {"test": predict(model, test, schema), "baseline": predict(baseline, test, schema)}
    scores = {
        who: {name: rule.function(truth, values) for name, rule in rules[who].items()}
        for who, values in predicted.items()
    }
    resampled = _bootstrap(truth, predicted, rules, params.bootstrap, seed)
    tail = (1 - params.confidence) / 2
    rule = rules["test"][deciding]
    gains = rule.gain(resampled["test"][deciding], resampled["baseline"][deciding])
    return {
        "metric": deciding,
        "rows": len(test),
        **scores,
        "interval": {name: _interval(resampled["test"][name], tail) for name in rules["test"]},
        "gain": rule.gain(scores["test"][deciding], scores["baseline"][deciding]),
        "gain_interval": _interval(gains, tail),
    }


def as_table(scores: dict[str, Any]) -> str:
    """The scores as aligned text."""
    table = pd.DataFrame({"model": scores["test"], "baseline": scores["baseline"]}).map(
        "{:.4f}".format
    )
    interval = [
        "{low:.4f} to {high:.4f}".format(**scores["interval"][name]) for name in table.index
    ]
    table.insert(1, "interval", interval)
    return f"On {scores['rows']} held-out rows:\n{table.to_string()}"


def _bootstrap(
    truth: np.ndarray,
    predicted: dict[str, np.ndarray],
    rules: dict[str, dict[str, Metric]],
    resamples: int,
    seed: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Every metric of every model on resampled rows, the same rows for all."""
    random = np.random.default_rng(seed)
    values = {who: {name: np.empty(resamples) for name in rules[who]} for who in predicted}
    for n in tqdm(range(resamples), desc="bootstrap", unit="resample", leave=False, disable=None):
        rows = random.integers(len(truth), size=len(truth))
        for who, values_of_model in predicted.items():
            for name, rule in rules[who].items():
                values[who][name][n] = rule.function(truth[rows], values_of_model[rows])
    return values


def _interval(values: np.ndarray, tail: float) -> dict[str, float]:
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return {"low": float(low), "high": float(high)}


if __name__ == "__main__":
    with explained():
        main()
