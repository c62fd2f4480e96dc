"""Candidates of model selection: pipelines, a log-transformed target, voting ensembles."""

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.model_selection import ParameterSampler

from ..schema.schema import Schema

# Values or distributions of settings to draw from, and combinations to try first.
Space = tuple[dict[str, Any], list[dict[str, Any]]]


@dataclass(frozen=True)
class Candidate:
    """A pipeline to fit, and the settings the search may try on its step `at`.

    Attributes
    ----------
    search : dict
        Values or a distribution of each setting, from which random combinations are drawn.
    portfolio : list of dict
        Combinations that do well on many tables, the best first: they are tried before random ones.
    """

    pipeline: BaseEstimator
    search: dict[str, Any] = field(default_factory=dict)
    portfolio: list[dict[str, Any]] = field(default_factory=list)
    at: str = "model"

    def settings(self, count: int, seed: int) -> list[dict[str, Any]]:
        """`count` combinations, or all where there are fewer: the portfolio, then random ones."""
        random = ParameterSampler(self.search, count, random_state=seed) if self.search else []
        return list(islice([*self.portfolio, *random], count))

    def with_settings(self, settings: dict[str, Any]) -> "Candidate":
        """The same candidate with other settings."""
        named = {f"{self.at}__{name}": value for name, value in settings.items()}
        return replace(self, pipeline=clone(self.pipeline).set_params(**named))


@dataclass(frozen=True)
class Trial:
    """A candidate, its predictions of `ModelSelection.held_out`, their score, and its family."""

    candidate: Candidate
    y_pred: np.ndarray
    score: dict[str, Any]
    family: str


def baseline(schema: Schema) -> Candidate:
    """A constant prediction, which every model has to beat."""
    if schema.task == "regression":
        return Candidate(DummyRegressor())
    return Candidate(DummyClassifier(strategy="prior"))


def log_target(candidate: Candidate) -> Candidate:
    """The same model of the log of the target, for values whose errors grow with their size."""
    model = TransformedTargetRegressor(candidate.pipeline, func=np.log1p, inverse_func=np.expm1)
    return replace(candidate, pipeline=model, at=f"regressor__{candidate.at}")


def voting_ensemble(
    models: dict[str, BaseEstimator], weights: list[int], schema: Schema
) -> Candidate:
    """The weighted mean of the predictions of several models, whose errors partly cancel."""
    if schema.task == "regression":
        return Candidate(VotingRegressor(list(models.items()), weights=weights))
    return Candidate(VotingClassifier(list(models.items()), voting="soft", weights=weights))
