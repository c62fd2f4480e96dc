"""Model selection: each candidate is scored by cross-validation on the same folds."""

from collections import Counter
from itertools import zip_longest
from math import ceil, inf
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import skew
from sklearn.base import BaseEstimator
from tqdm import tqdm

from ..project.cluster import cores
from ..project.errors import ProjectError
from ..project.settings import VOTING, Params
from ..schema.schema import Schema
from .budget import Budget, count_settings, now, predict_seconds
from .candidate import Candidate, Trial, baseline, log_target, voting_ensemble
from .cross_validation import (
    draw_rows,
    fit_predict,
    fold_scores,
    make_folds,
    mean_and_std,
    predict_held_out,
)
from .ensemble import select_ensemble
from .metrics import NONE, Own, deciding_metric, encode_target, task_metrics

SKEWED = 1.0  # skewness of a target without negative values from which on its log is tried
SEARCHED = 3  # families of candidates that the search tries settings of
KEPT = 3  # trials of each family that are left after it
MIN_GAIN = 0.001  # of what the best model gains on the baseline, that voting has to add
SLOW = 3  # seconds of fits that repay the start of processes, here or elsewhere


class ModelSelection:
    """Training rows, the folds of their cross-validation, and the candidates scored on them.

    Attributes
    ----------
    trials : dict
        By name of the candidate; `score` has `mean` and `std` over the `folds`, `seconds`, and
        perhaps the `settings` of a search or the `weights` of a voting ensemble.
    settings_tried : int
        Number of settings of each candidate that the search has tried.
    left_out : list of str
        Names of what the clock decided about: it did not fit in the time budget.
    held_out, fold : ndarray
        Numbers of the rows that folds hold out, fold by fold, and of the fold of each.
    """

    def __init__(
        self, train: pd.DataFrame, schema: Schema, params: Params, own: Own = NONE
    ) -> None:
        self.train, self.schema, self.params = train, schema, params
        self._budget = Budget(params.train.timeout)
        self.y_true = encode_target(train, schema)
        self.metric = deciding_metric(schema, params.train.metric, own)
        self._metric = task_metrics(schema, own=own)[self.metric]
        self.folds = make_folds(train, schema, params)
        self.held_out = np.concatenate([rows for _, rows in self.folds])
        self.fold = np.repeat(range(len(self.folds)), [len(rows) for _, rows in self.folds])
        self.trials: dict[str, Trial] = {}
        self.settings_tried = 0
        self.left_out: list[str] = []

    def compare(self, candidates: dict[str, Candidate]) -> None:
        """Add the baseline and the candidates that fit in the time budget, in their order.

        Of candidates of which none fits, the one that seems cheapest is added all the same.

        Raises
        ------
        ProjectError
            When `train.skip` names all of them.
        """
        self.add("baseline", baseline(self.schema))
        costs = {name: self._try(name, each) for name, each in candidates.items()}
        if len(self.trials) > 1:
            return
        if not self.left_out:
            raise ProjectError("train.skip names every candidate: take one out of it.")
        name = min(self.left_out, key=costs.__getitem__)
        self.left_out.remove(name)
        self.add(name, candidates[name])

    def add(
        self,
        name: str,
        candidate: Candidate,
        y_pred: np.ndarray | None = None,
        family: str = "",
        cost: float = 0,
        **facts: Any,
    ) -> None:
        """Score a candidate by cross-validation, or by its predictions `y_pred` where given.

        It may have a `cost`: the seconds that it is predicted to take.
        """
        if y_pred is None:
            started, slow = now(), cost > SLOW
            y_pred, seconds = predict_held_out(
                candidate.pipeline, self.train, self.folds, self.schema, slow
            )
            rates = [each / len(fit) for each, (fit, _) in zip(seconds, self.folds, strict=True)]
            self._budget.refits.append(max(rates) * len(self.train))
            facts = {"seconds": now() - started} | facts
        score = self.score(y_pred)
        self.trials[name] = Trial(candidate, y_pred, score | facts, family or name)
        if "settings" not in facts:
            self._print(name)

    def best(self) -> str:
        """The name with the best mean score, other than the baseline."""
        return self._ranking()[0]

    def add_log_target(self) -> None:
        """Add the best candidate fitted on the log of the target, where that is right-skewed."""
        amounts = self.schema.task == "regression" and self.y_true.min() >= 0
        if amounts and skew(self.y_true) > SKEWED:
            name = self.best()
            self._try(f"{name} of log", log_target(self.trials[name].candidate), name)

    def search(self) -> None:
        """Add the best of some settings of each of the best families: known good ones, then random.

        How many are tried is `train.n_iter`, which by default follows from the size of the table.
        """
        asked, seed = self.params.train.n_iter, self.params.seed
        count = count_settings(self.schema, len(self.folds[-1][0])) if asked == "auto" else asked
        best = self._best_of_families()[:SEARCHED]
        bases = {name: trial for name, trial in self.trials.items() if name in best}
        tries = (trial.candidate.settings(count, seed) for trial in bases.values())
        turns = [
            (number, name, settings)
            for number, turn in enumerate(zip_longest(*tries), start=1)
            for name, settings in zip(bases, turn, strict=True)
            if settings is not None
        ]
        for number, name, settings in tqdm(turns, "search", leave=False, disable=None):
            candidate = bases[name].candidate.with_settings(settings)
            self._try(f"{name} {number}", candidate, bases[name].family, settings=settings)
        self.settings_tried = max((number for number, _, _ in turns), default=0)
        self._keep_best()

    def add_voting(self) -> None:
        """Add the voting ensemble with the best weights, if it is worth its models.

        It costs as much as all of them, in time and in megabytes, so it has to add `MIN_GAIN`.
        """
        names = [name for name in self.trials if name != "baseline"]
        y_preds = {name: self.trials[name].y_pred for name in names}
        votes = select_ensemble(y_preds, lambda y_pred: self._goodness(self.score(y_pred)))
        if len(votes) < 2:
            return
        y_pred = np.average([y_preds[name] for name in votes], axis=0, weights=list(votes.values()))
        best, score = self.best(), self.score(y_pred)
        baseline, single = (self._goodness(self.trials[name].score) for name in ("baseline", best))
        if self._goodness(score) - single < MIN_GAIN * (single - baseline):
            few = f"{self.metric} {score['mean']:.4f}, too little more than {best} alone"
            tqdm.write(f"{VOTING:>24}  not taken: {len(votes)} models have {few}")
            return
        models = {name: self.trials[name].candidate.pipeline for name in votes}
        ensemble = voting_ensemble(models, list(votes.values()), self.schema)
        self.add(VOTING, ensemble, y_pred, weights=votes)

    def _try(self, name: str, candidate: Candidate, family: str = "", **facts: Any) -> float:
        """Add a candidate if it fits in the time budget; the seconds it takes by prediction."""
        if name in self.params.train.skip:
            return inf
        seconds = self._predict_cost(candidate.pipeline, self._budget.left())
        left = self._budget.left()
        if seconds > left:
            self.left_out.append(name)
            if "settings" not in facts:
                need = f"{seconds:.0f} s, and {max(left, 0):.0f} of train.timeout are left"
                tqdm.write(f"{name:>24}  left out: takes about {need}")
        else:
            self.add(name, candidate, family=family, cost=seconds, **facts)
        return seconds

    def _predict_cost(self, pipeline: BaseEstimator, left: float) -> float:
        """Seconds that a comparison takes by prediction, and a fit on all rows."""
        fit_rows, held_out_rows = self.folds[-1]
        fits = ceil(len(self.folds) / cores()) + len(self.train) / len(fit_rows)

        def fit(count: int) -> float:
            rows = fit_rows[draw_rows(len(fit_rows), count, self.params.seed)]
            if self.schema.classes:  # at least one row of each
                firsts = np.unique(self.y_true[fit_rows], return_index=True)[1]
                rows = np.union1d(rows, fit_rows[firsts])
            held_out = self.train.iloc[held_out_rows[: len(rows) // 4]]
            return fit_predict(pipeline, self.train.iloc[rows], held_out, self.schema)[1]

        return fits * predict_seconds(fit, len(fit_rows), left / fits)

    def _keep_best(self) -> None:
        """Drop searched trials that are not among the best of their family, and print the others."""
        kept: Counter[str] = Counter()
        for name in self._ranking():
            trial = self.trials[name]
            kept[trial.family] += 1
            if "settings" in trial.score:
                if kept[trial.family] > KEPT:
                    del self.trials[name]
                else:
                    self._print(name)

    def _print(self, name: str) -> None:
        """Print the score of a trial."""
        score = self.trials[name].score
        spent = f"  {score['seconds']:.1f} s" if "seconds" in score else ""
        tqdm.write(f"{name:>24}  {self.metric} {score['mean']:.4f} +/- {score['std']:.4f}{spent}")

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
            best.setdefault(self.trials[name].family, name)
        return list(best.values())

    def score(self, y_pred: np.ndarray) -> dict[str, Any]:
        """Score predictions of the rows that each fold holds out."""
        scores = fold_scores(self._metric, self.y_true[self.held_out], y_pred, self.fold)
        if np.isnan(scores).all():
            raise ProjectError(
                f"every fold holds out one value of {self.schema.target!r} only, which leaves "
                f"{self.metric} undefined: choose another train.metric or data.split."
            )
        return mean_and_std(scores) | {"folds": scores}
