"""Compare candidates by cross-validation, search around the best, fit it, save and log it."""

import json
import time
import warnings
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import KFold, ParameterSampler, StratifiedKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..config import CANDIDATES, MODEL, TRAIN, Params, load_params
from ..data.schema import Schema, load_schema
from ..errors import ProjectError, explained
from ..files import replacing
from ..tracking import log_training
from .candidates import Candidate, candidates
from .metrics import deciding_metric, metrics_of, predict, truth_of
from .store import save_model

SEARCHED = " searched"
Name = TypeVar("Name")


def main() -> None:
    params = load_params()
    schema = load_schema()
    train = pd.read_parquet(TRAIN)
    model, scores = train_model(train, schema, params)
    save_model(model, MODEL)
    metric = deciding_metric(schema, params.train.metric)
    best = choose(scores, schema, metric)
    log_training(model, train[list(schema.features)], metric, best, scores, params)
    for score in scores.values():
        del score["seconds"]  # differs from run to run, and this file must not
    with replacing(CANDIDATES) as partial:
        tree = {"metric": metric, "best": best, "candidates": scores}
        partial.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")
    print(f"best: {best}, saved as models/{MODEL.name}")


def train_model(
    train: pd.DataFrame, schema: Schema, params: Params
) -> tuple[Pipeline, dict[str, dict]]:
    """Find the best model for the rows of `train` and fit it on all of them.

    Parameters
    ----------
    train
        Typed, labelled rows.

    Returns
    -------
    model : Pipeline
        Fitted: raw columns in, predictions out.
    scores : dict
        By candidate: `mean` and `sd` over the folds of the deciding metric, and its `settings`.

    Raises
    ------
    ProjectError
        When `train.candidates` names a model that does not exist.
    """
    known = candidates(schema, params.seed)
    names = ["baseline", *params.train.candidates]
    if unknown := [name for name in names if name not in known]:
        raise ProjectError(
            f"params.yaml: train.candidates names {', '.join(map(str, unknown))}; "
            f"known are {', '.join(list(known)[1:])}."
        )
    metric = deciding_metric(schema, params.train.metric)
    folds = _folds(train, schema, params)
    scores: dict[str, dict] = {}
    pipelines: dict[str, Pipeline] = {}
    steps = len(names) + params.train.search_iterations
    with tqdm(total=steps, unit="model", leave=False, disable=None) as bar:
        for name in names:
            pipelines[name] = known[name].pipeline
            scores[name] = cross_validate(pipelines[name], train, schema, metric, folds)
            bar.write(_line(name, scores[name], metric))
            bar.update()
        best = choose(scores, schema, metric)
        found = _search(known[best], train, schema, metric, params, bar)
        if found is not None:
            name = best + SEARCHED
            pipelines[name] = found
            scores[name] = cross_validate(found, train, schema, metric, folds)
            scores[name]["settings"] = _settings(found, known[best])
            bar.write(_line(name, scores[name], metric))
    model = clone(pipelines[choose(scores, schema, metric)])
    return model.fit(train[list(schema.features)], train[schema.target]), scores


def cross_validate(
    pipeline: Pipeline,
    train: pd.DataFrame,
    schema: Schema,
    metric: str,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> dict:
    """Mean and standard deviation of the metric over the folds, and the seconds it took."""
    rule = metrics_of(schema)[metric]

    def score(fit_rows: np.ndarray, held_out_rows: np.ndarray) -> float:
        fit, held_out = train.iloc[fit_rows], train.iloc[held_out_rows]
        with threadpool_limits(1, user_api="openmp"):
            model = clone(pipeline).fit(fit[list(schema.features)], fit[schema.target])
            return rule.function(truth_of(held_out, schema), predict(model, held_out, schema))

    started = time.perf_counter()
    # Folds in parallel, each on one core: threads within threads fight for the cores, and a
    # forest in several threads adds up in any order, which changes the last digit.
    with threadpool_limits(1, user_api="blas"):
        scores = Parallel(n_jobs=-1, prefer="threads")(delayed(score)(*fold) for fold in folds)
    seconds = time.perf_counter() - started
    return {"mean": float(np.nanmean(scores)), "sd": float(np.nanstd(scores)), "seconds": seconds}


def choose(scores: dict[Name, dict], schema: Schema, metric: str) -> Name:
    """The candidate with the best mean; the baseline does not compete."""
    sign = 1 if metrics_of(schema)[metric].greater_is_better else -1
    competing = [name for name in scores if name != "baseline"]
    return max(competing, key=lambda name: sign * scores[name]["mean"])


def _search(
    candidate: Candidate,
    train: pd.DataFrame,
    schema: Schema,
    metric: str,
    params: Params,
    bar: tqdm,
) -> Pipeline | None:
    """The best of some random settings, on a sample when there are many rows."""
    if not candidate.search or not params.train.search_iterations:
        return None
    if len(train) > params.train.search_rows:
        train = train.sample(params.train.search_rows, random_state=params.seed)
    folds = _folds(train, schema, params)
    space = {f"model__{name}": values for name, values in candidate.search.items()}
    tried = {}
    sampler = ParameterSampler(space, params.train.search_iterations, random_state=params.seed)
    for settings in sampler:
        pipeline = clone(candidate.pipeline).set_params(**settings)
        tried[pipeline] = cross_validate(pipeline, train, schema, metric, folds)
        bar.update()
    return choose(tried, schema, metric)


def _folds(
    train: pd.DataFrame, schema: Schema, params: Params
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to fit on and to score on; fewer folds when the second class is rarer than that."""
    count = min(params.train.folds, len(train))
    truth = truth_of(train, schema)
    if schema.task == "regression":
        splitter = KFold(count, shuffle=True, random_state=params.seed)
        return list(splitter.split(train))
    second = np.sort(np.bincount(truth))[-2]
    if second < 2:
        raise ProjectError(
            f"only one value of {schema.target!r} has more than one row to train on: "
            "cross-validation needs two such classes."
        )
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # classes with few rows
        splitter = StratifiedKFold(min(count, second), shuffle=True, random_state=params.seed)
        return list(splitter.split(train, truth))


def _settings(pipeline: Pipeline, candidate: Candidate) -> dict[str, Any]:
    model = pipeline.named_steps["model"]
    return {name: model.get_params()[name] for name in candidate.search}


def _line(name: str, score: dict, metric: str) -> str:
    figures = f"{score['mean']:.4f} +/- {score['sd']:.4f}  {score['seconds']:.1f} s"
    return f"{name:>20}  {metric} {figures}"


if __name__ == "__main__":
    with explained():
        main()
