"""Features are made here and nowhere else: training, evaluation and prediction share this."""

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    StandardScaler,
    TargetEncoder,
)

from ..data.contract.schema import Schema

PIECES = 2**14  # columns that the pieces of words of each text are hashed to
TOPICS = 30  # dense columns they are condensed to for trees
MAX_ONE_HOT = 20  # a category with more values is replaced by the target's mean within it

DAY = pd.Timedelta(days=1)


def build_features(schema: Schema, seed: int, *, dense: bool = False) -> ColumnTransformer:
    """Make the transformer from typed columns to a matrix, unfitted.

    Parameters
    ----------
    schema
        The contract: its kinds decide what happens to each column.
    seed
        Of everything random in a feature.
    dense
        Return a dense matrix with a few topics of each text, for models that need one.

    Returns
    -------
    ColumnTransformer
        From a table with the schema's columns, in any order, to (n_rows, n_features).
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    target_mean = TargetEncoder(
        target_type="continuous" if schema.task == "regression" else "auto",
        cv=KFold(5, shuffle=True, random_state=seed),  # stratified fails on rare classes
    )
    dates = make_pipeline(FunctionTransformer(date_parts), numbers)
    parts: list[tuple[str, TransformerMixin, list[str] | str]] = [
        ("numbers", numbers, schema.names("numeric")),
        (
            "booleans",
            make_pipeline(FunctionTransformer(as_numbers), numbers),
            schema.names("boolean"),
        ),
        ("categories", one_hot, few_values(schema)),
        ("many_categories", make_pipeline(target_mean, StandardScaler()), many_values(schema)),
        ("dates", dates, schema.names("datetime")),
    ]
    # Pieces of words need no list of them and suit every language: Korean inflects within words.
    pieces = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 4),
        n_features=PIECES,
        alternate_sign=False,
        norm=None,
    )
    words = make_pipeline(
        FunctionTransformer(without_gaps), pieces, TfidfTransformer(sublinear_tf=True)
    )
    if dense:
        words.steps.append(("topics", TruncatedSVD(TOPICS, random_state=seed)))
    for name in schema.names("text"):
        parts.append((f"words of {name.replace('__', '_')}", words, name))
    return ColumnTransformer(
        [part for part in parts if part[2]], sparse_threshold=0.0 if dense else 0.3
    )


def few_values(schema: Schema) -> list[str]:
    """Category columns that get one matrix column per value."""
    return [name for name in schema.names("category") if _listed(schema, name) <= MAX_ONE_HOT]


def many_values(schema: Schema) -> list[str]:
    """Category columns with too many values for that."""
    return [name for name in schema.names("category") if _listed(schema, name) > MAX_ONE_HOT]


def _listed(schema: Schema, name: str) -> int:
    categories = schema.columns[name].categories
    return MAX_ONE_HOT + 1 if categories is None else len(categories)


def date_parts(dates: pd.DataFrame) -> pd.DataFrame:
    """Calendar parts of each datetime column, and the days between every two of them.

    Month, weekday and hour come as sine and cosine too: December is next to January.
    """
    parts = {}
    for name in dates.columns:
        moment = dates[name].dt
        parts[f"{name} year"] = moment.year
        parts[f"{name} day"] = moment.day
        parts[f"{name} days"] = (dates[name] - pd.Timestamp(0)) / DAY
        cycles = {"month": (moment.month, 12), "weekday": (moment.day_of_week, 7)}
        cycles["hour"] = (moment.hour + moment.minute / 60, 24)
        for cycle, (value, length) in cycles.items():
            parts[f"{name} {cycle}"] = value
            parts[f"{name} {cycle} sin"] = np.sin(2 * np.pi * value / length)
            parts[f"{name} {cycle} cos"] = np.cos(2 * np.pi * value / length)
    for first, second in combinations(dates.columns, 2):
        parts[f"{first} to {second}"] = (dates[second] - dates[first]) / DAY
    return pd.DataFrame(parts, index=dates.index).astype(float)


def as_numbers(booleans: pd.DataFrame) -> pd.DataFrame:
    """True as 1.0, false as 0.0, missing as NaN."""
    return booleans.astype("Float64").astype(float)


def without_gaps(text: pd.Series) -> pd.Series:
    """Missing text as no words."""
    return text.fillna("")
