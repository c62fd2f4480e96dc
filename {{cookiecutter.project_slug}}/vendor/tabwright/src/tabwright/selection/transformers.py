"""Transformers of columns. Saved models refer to them by name: rename none, change none lightly.

A model whose transformer has changed since it was trained is refused, see `sources.py`.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer

DAY = pd.Timedelta(days=1)
EPOCH = pd.Timestamp(0).as_unit("us")  # in nanoseconds, dates would end in 2262


class Stateless(TransformerMixin, BaseEstimator):
    """A transformer that learns the names of its columns and nothing else."""

    def fit(self, columns: Any, target: Any = None) -> "Stateless":
        """Note the names."""
        if isinstance(columns, pd.DataFrame):
            self.feature_names_in_ = columns.columns.to_numpy(dtype=object)
        return self

    def get_feature_names_out(self, input_features: Iterable[str] | None = None) -> np.ndarray:
        """Names of the columns that `transform` returns."""
        given = self.feature_names_in_ if input_features is None else input_features
        return np.array(self._names_out(list(given)), dtype=object)

    def _names_out(self, names: list[str]) -> list[str]:
        return names


class DateParts(Stateless):
    """Calendar parts of each datetime column, and the days between every two of them.

    Month, weekday and hour come as sine and cosine too: December is next to January.
    """

    def transform(self, dates: pd.DataFrame) -> pd.DataFrame:
        """One column for each part of each date, missing where the date is."""
        return self._parts(dates)

    def _parts(self, dates: pd.DataFrame) -> pd.DataFrame:
        parts = {}
        for name in dates.columns:
            moment = dates[name].dt
            parts[f"{name} year"] = moment.year
            parts[f"{name} day"] = moment.day
            parts[f"{name} days"] = (dates[name] - EPOCH) / DAY
            cycles = {"month": (moment.month, 12), "weekday": (moment.day_of_week, 7)}
            cycles["hour"] = (moment.hour + moment.minute / 60, 24)
            for cycle, (value, length) in cycles.items():
                parts[f"{name} {cycle}"] = value
                parts[f"{name} {cycle} sin"] = np.sin(2 * np.pi * value / length)
                parts[f"{name} {cycle} cos"] = np.cos(2 * np.pi * value / length)
        for first, second in combinations(dates.columns, 2):
            parts[f"{first} to {second}"] = (dates[second] - dates[first]) / DAY
        return pd.DataFrame(parts, index=dates.index).astype(float)

    def _names_out(self, names: list[str]) -> list[str]:
        return list(self._parts(pd.DataFrame(columns=names, dtype="datetime64[s]")))


class BooleansAsNumbers(Stateless):
    """True as 1.0, false as 0.0, missing as NaN."""

    def transform(self, booleans: pd.DataFrame) -> pd.DataFrame:
        """The same columns."""
        return booleans.astype("Float64").astype(float)


class MissingTextAsEmpty(Stateless):
    """Missing text as no words."""

    def transform(self, text: pd.Series) -> pd.Series:
        """The same column."""
        return text.fillna("")


class HashedText(HashingVectorizer):
    """A `HashingVectorizer` with names: numbers, for many words share a column."""

    def get_feature_names_out(self, input_features: Iterable[str] | None = None) -> np.ndarray:
        """Names of the columns that `transform` returns."""
        (name,) = ["text"] if input_features is None else input_features
        return np.array(
            [f"{name} hash {number}" for number in range(self.n_features)], dtype=object
        )
