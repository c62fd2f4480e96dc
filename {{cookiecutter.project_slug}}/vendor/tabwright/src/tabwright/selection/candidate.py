"""Candidates of model selection: pipelines, a log-transformed target, voting ensembles."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor

from ..schema.schema import Schema

VOTING = "voting"  # of `train.candidates`: the mean of two or more of the others


@dataclass(frozen=True)
class Candidate:
    """A pipeline to fit and the settings the search may try on its step `at`."""

    pipeline: BaseEstimator
    search: dict[str, Any] = field(default_factory=dict)
    at: str = "model"


def baseline(schema: Schema) -> Candidate:
    """A constant prediction, which every model has to beat."""
    if schema.task == "regression":
        return Candidate(DummyRegressor())
    return Candidate(DummyClassifier(strategy="prior"))


def log_target(candidate: Candidate) -> Candidate:
    """The same model of the log of the target, for values whose errors grow with their size."""
    model = TransformedTargetRegressor(candidate.pipeline, func=np.log1p, inverse_func=np.expm1)
    return Candidate(model, candidate.search, f"regressor__{candidate.at}")


def voting_ensemble(models: dict[str, BaseEstimator], schema: Schema) -> Candidate:
    """The mean of the predictions of several models, whose errors partly cancel."""
    if schema.task == "regression":
        return Candidate(VotingRegressor(list(models.items())))
    return Candidate(VotingClassifier(list(models.items()), voting="soft"))
