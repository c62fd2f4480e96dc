"""Model selection: each candidate is scored by cross-validation on the same folds."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import skew
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterSampler
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..project.errors import ProjectError
from ..project.settings import Params
from ..schema.schema import Schema
from .candidate import VOTING, Candidate, log_target, voting_ensemble
from .cross_validation import make_folds
from .metric import Metric
from .metrics import NONE, Own, deciding_metric, encode_target, predict_scores, task_metrics

SKEWED = 1.0  # skewness of a target without negative values from which on its log is tried


@dataclass(frozen=True)
class Trial:
    """A candidate, its predictions of `ModelSelection.held_out`, and their score."""

    candidate: Candidate
    y_pred: np.ndarray
    score: dict[str, Any]


class ModelSelection:
    """Training rows, the folds of their cross-validation, and the candidates scored on them.

    Attributes
    ----------
    trials : dict
        By name of the candidate; `score` has `mean` and `std` over the `folds`, `seconds`, and
        perhaps the `settings` of a search or the `parts` of a voting ensemble.
    settings_tried : int
        Number of settings of each candidate that the search has tried.
    held_out, fold : ndarray
        Numbers of the rows that folds hold out, fold by fold, and of the fold of each.
    """

    def __init__(
        self,
        train: pd.DataFrame,
        schema: Schema,
        params: Params,
        own: Own = NONE,
        *,
        quiet: bool = False,
    ) -> None:
        self.train, self.schema, self.params, self.own = train, schema, params, own
        self.y_true = encode_target(train, schema)
        self.metric = deciding_metric(schema, params.train.metric, own)
        self._metric = task_metrics(schema, own=own)[self.metric]
        self.folds = make_folds(train, schema, params)
        self.held_out = np.concatenate([rows for _, rows in self.folds])
        self.fold = np.repeat(range(len(self.folds)), [len(rows) for _, rows in self.folds])
        self.quiet = quiet
        self.trials: dict[str, Trial] = {}
        self.settings_tried = 0

    def add(
        self, name: str, candidate: Candidate, y_pred: np.ndarray | None = None, **facts: Any
    ) -> None:
        """Score a candidate by cross-validation, or by its predictions `y_pred` where given."""
        if y_pred is None:
            started = time.perf_counter()
            y_pred = self._predict(candidate.pipeline)
            facts = {"seconds": time.perf_counter() - started} | facts
        score = self.score(y_pred)
        self.trials[name] = Trial(candidate, y_pred, score | facts)
        if not self.quiet:
            spent = f"  {facts['seconds']:.1f} s" if "seconds" in facts else ""
            figures = f"{score['mean']:.4f} +/- {score['std']:.4f}{spent}"
            tqdm.write(f"{name:>24}  {self.metric} {figures}")

    def best(self) -> str:
        """The name with the best mean score, other than the baseline."""
        return self._ranking()[0]

    def add_log_target(self) -> None:
        """Add the best candidate fitted on the log of the target, where that is right-skewed."""
        amounts = self.schema.task == "regression" and self.y_true.min() >= 0
        if amounts and skew(self.y_true) > SKEWED:
            name = self.best()
            self.add(f"{name} of log", log_target(self.trials[name].candidate))

    def random_search(self) -> None:
        """Add the best of some random settings of each of the two best families.

        Settings are scored on at most `train.search.max_rows` rows, until `train.search.n_iter` or
        `train.search.timeout` is reached.
        """
        limits, seed = self.params.train.search, self.params.seed
        best = {name: self.trials[name].candidate for name in self._best_of_families()[:2]}
        best = {name: candidate for name, candidate in best.items() if candidate.search}
        if not best or not limits.n_iter:
            return
        rows = min(limits.max_rows, len(self.train))
        sample = self.train.sample(rows, random_state=seed).sort_index()
        tries = {
            name: ModelSelection(sample, self.schema, self.params, self.own, quiet=True)
            for name in best
        }
        samplers = [
            ParameterSampler(candidate.search, limits.n_iter, random_state=seed)
            for candidate in best.values()
        ]
        turns = in_time(zip(*samplers, strict=False), limits.timeout)
        how = {"total": limits.n_iter, "leave": False, "disable": None}
        for turn in tqdm(turns, desc="search", unit="setting", **how):
            for (name, candidate), settings in zip(best.items(), turn, strict=True):
                named = {f"{candidate.at}__{key}": value for key, value in settings.items()}
                pipeline = clone(candidate.pipeline).set_params(**named)
                tries[name].add(str(settings), Candidate(pipeline), settings=settings)
        for name, tried in tries.items():
            found = tried.trials[tried.best()]
            self.add(f"{name} searched", found.candidate, settings=found.score["settings"])
        self.settings_tried = len(tried.trials)

    def add_voting(self) -> None:
        """Add the best voting ensemble of two or more families: the mean of their predictions."""
        families = self._best_of_families()
        if len(families) < 2:
            return
        means = {
            parts: np.mean([self.trials[name].y_pred for name in parts], axis=0)
            for count in range(2, len(families) + 1)
            for parts in combinations(families, count)
        }
        parts = max(means, key=lambda parts: self._goodness(self.score(means[parts])))
        models = {family(name): self.trials[name].candidate.pipeline for name in parts}
        self.add(VOTING, voting_ensemble(models, self.schema), means[parts], parts=list(parts))

    def _ranking(self) -> list[str]:
        """Names by mean score, the best first, without the baseline."""
        names = [name for name in self.trials if name != "baseline"]
        return sorted(names, key=lambda name: self._goodness(self.trials[name].score), reverse=True)

    def _goodness(self, score: dict[str, Any]) -> float:
        """The mean score, the higher the better."""
        return float(self._metric.improvement(score["mean"], 0))

    def _best_of_families(self) -> list[str]:
        """The best version of each family of candidates, the best family first."""
        best: dict[str, str] = {}
        for name in self._ranking():
            best.setdefault(family(name), name)
        return list(best.values())

    def _predict(self, pipeline: BaseEstimator) -> np.ndarray:
        """Fit on the other rows and predict, for each fold."""
        names, target = list(self.schema.features), self.schema.target

        def predict_fold(fit_rows: np.ndarray, held_out_rows: np.ndarray) -> np.ndarray:
            fit = self.train.iloc[fit_rows]
            with threadpool_limits(1, user_api="openmp"):
                model = clone(pipeline).fit(fit[names], fit[target])
                return predict_scores(model, self.train.iloc[held_out_rows], self.schema)

        # Folds in parallel, each on one core: threads within threads fight for the cores, and a
        # forest in several threads adds up in any order, which changes the last digit.
        with threadpool_limits(1, user_api="blas"):
            run = Parallel(n_jobs=-1, prefer="threads")
            return np.concatenate(run(delayed(predict_fold)(*fold) for fold in self.folds))

    def score(self, y_pred: np.ndarray, metric: Metric | None = None) -> dict[str, Any]:
        """Score predictions of the rows that each fold holds out."""
        y_true, score = self.y_true[self.held_out], (metric or self._metric).function
        folds = [self.fold == number for number in range(len(self.folds))]
        scores = [float(score(y_true[rows], y_pred[rows])) for rows in folds]
        if np.isnan(scores).all():
            raise ProjectError(
                f"every fold holds out one value of {self.schema.target!r} only, which leaves "
                f"{self.metric} undefined: choose another train.metric or data.split."
            )
        mean, std = float(np.nanmean(scores)), float(np.nanstd(scores))
        return {"mean": mean, "std": std, "folds": scores}


def in_time(turns: Iterable[Any], seconds: float) -> Iterator[Any]:
    """At least one turn, then no further one after `seconds`."""
    stop = time.monotonic() + seconds
    for number, turn in enumerate(turns):
        if number and time.monotonic() > stop:
            tqdm.write(
                f"the time budget of the search ran out after {number} settings of each: to repeat it "
                f"exactly, set train.search.n_iter to {number} and raise train.search.timeout"
            )
            return
        yield turn


def family(name: str) -> str:
    """The family of a candidate: `forest` of `forest searched`, and of `extra trees searched`."""
    return "forest" if name.startswith("extra trees") else name.partition(" ")[0]
