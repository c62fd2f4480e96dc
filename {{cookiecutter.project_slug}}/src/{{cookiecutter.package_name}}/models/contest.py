"""Let candidates compete: each is scored by cross-validation on the same folds."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import skew
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterSampler
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..config import Params
from ..data.schema import Schema
from ..errors import ProjectError
from .candidates import Candidate, blend, of_log
from .metrics import deciding_metric, metrics_of, predict, truth_of
from .rows import make_folds

SKEWED = 1.0  # skewness of a target without negative values from which on its log is tried


@dataclass(frozen=True)
class Trial:
    """A candidate, its predictions of the held-out rows of each fold, and how good they are."""

    candidate: Candidate
    predicted: list[np.ndarray]
    score: dict[str, Any]


class Contest:
    """Training rows, the folds they are held out in, and what was tried on them.

    Attributes
    ----------
    trials : dict
        By name of the candidate; `score` has `mean` and `sd` over the folds, `seconds`, and
        perhaps the `settings` of a search or the `parts` of a blend.
    """

    def __init__(
        self, train: pd.DataFrame, schema: Schema, params: Params, *, quiet: bool = False
    ) -> None:
        self.train, self.schema, self.params = train, schema, params
        self.truth = truth_of(train, schema)
        self.metric = deciding_metric(schema, params.train.metric)
        self.folds = make_folds(train, schema, params)
        self.quiet = quiet
        self.trials: dict[str, Trial] = {}

    def enter(self, name: str, candidate: Candidate, **facts: Any) -> None:
        """Cross-validate a candidate."""
        started = time.perf_counter()
        predicted = self._predict(candidate.pipeline)
        self._keep(name, candidate, predicted, {"seconds": time.perf_counter() - started} | facts)

    def best(self, kind: str = "") -> str:
        """The name with the best mean, of this kind or of all but the baseline."""
        rule = metrics_of(self.schema)[self.metric]
        sign = 1 if rule.greater_is_better else -1
        kinds = {name: name.split(" ")[0] for name in self.trials if name != "baseline"}
        competing = [name for name in kinds if kind in ("", kinds[name])]
        return max(competing, key=lambda name: sign * self.trials[name].score["mean"])

    def enter_log(self) -> None:
        """Let the best try the log of the target, where that is an amount with a long tail."""
        if self.schema.task == "regression" and self.truth.min() >= 0 and skew(self.truth) > SKEWED:
            name = self.best()
            self.enter(f"{name} of log", of_log(self.trials[name].candidate))

    def enter_blend(self) -> None:
        """Blend the best version of each kind; the mean of their predictions is its prediction."""
        kinds = {name.split(" ")[0] for name in self.trials} - {"baseline"}
        parts = {kind: self.best(kind) for kind in sorted(kinds)}
        models = {kind: self.trials[name].candidate.pipeline for kind, name in parts.items()}
        predicted = [
            np.mean(values, axis=0)
            for values in zip(
                *(self.trials[name].predicted for name in parts.values()), strict=True
            )
        ]
        self._keep("blend", blend(models, self.schema), predicted, {"parts": list(parts.values())})

    def search(self, bar: tqdm) -> int:
        """Enter the best of some random settings of the best candidate.

        Settings are tried on no more than `train.search_rows` rows, until either
        `train.search_iterations` or `train.search_seconds` are used up.

        Returns
        -------
        int
            How many settings were tried.
        """
        name, knobs = self.best(), self.params.train
        candidate = self.trials[name].candidate
        if not candidate.search or not knobs.search_iterations:
            return 0
        rows = min(knobs.search_rows, len(self.train))
        sample = self.train.sample(rows, random_state=self.params.seed).sort_index()
        tries = Contest(sample, self.schema, self.params, quiet=True)
        sampler = ParameterSampler(
            candidate.search, knobs.search_iterations, random_state=self.params.seed
        )
        stop = time.monotonic() + knobs.search_seconds
        for number, settings in enumerate(sampler):
            if number and time.monotonic() > stop:
                tqdm.write(
                    f"the clock stopped the search after {number} settings: to repeat it exactly, "
                    f"set train.search_iterations to {number} and raise train.search_seconds"
                )
                break
            pipeline = clone(candidate.pipeline).set_params(**settings)
            shown = {name.split("__")[-1]: value for name, value in settings.items()}
            tries.enter(str(number), Candidate(pipeline), settings=shown)
            bar.update()
        found = tries.trials[tries.best()]
        self.enter(f"{name} searched", found.candidate, settings=found.score["settings"])
        return len(tries.trials)

    def _predict(self, pipeline: BaseEstimator) -> list[np.ndarray]:
        """Fit on the other rows and predict, for each fold."""
        names, target = list(self.schema.features), self.schema.target

        def predict_fold(fit_rows: np.ndarray, held_out_rows: np.ndarray) -> np.ndarray:
            fit = self.train.iloc[fit_rows]
            with threadpool_limits(1, user_api="openmp"):
                model = clone(pipeline).fit(fit[names], fit[target])
                return predict(model, self.train.iloc[held_out_rows], self.schema)

        # Folds in parallel, each on one core: threads within threads fight for the cores, and a
        # forest in several threads adds up in any order, which changes the last digit.
        with threadpool_limits(1, user_api="blas"):
            run = Parallel(n_jobs=-1, prefer="threads")
            return run(delayed(predict_fold)(*fold) for fold in self.folds)

    def _keep(
        self, name: str, candidate: Candidate, predicted: list[np.ndarray], facts: dict[str, Any]
    ) -> None:
        """Score predictions and say so."""
        rule = metrics_of(self.schema)[self.metric]
        folds = zip(self.folds, predicted, strict=True)
        scores = [rule.function(self.truth[rows], values) for (_, rows), values in folds]
        if np.isnan(scores).all():
            raise ProjectError(
                f"every fold holds out one value of {self.schema.target!r} only, which leaves "
                f"{self.metric} undefined: choose another train.metric or data.split."
            )
        mean, sd = float(np.nanmean(scores)), float(np.nanstd(scores))
        self.trials[name] = Trial(candidate, predicted, {"mean": mean, "sd": sd} | facts)
        if not self.quiet:
            spent = f"  {facts['seconds']:.1f} s" if "seconds" in facts else ""
            tqdm.write(f"{name:>24}  {self.metric} {mean:.4f} +/- {sd:.4f}{spent}")
