"""Features in ONNX: what the transformers of `build_features` make of typed columns."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from ..selection.transformers import BooleansAsNumbers, DateParts
from .graph import Graph, Tensor, described, refusal

MISSING_DATE = np.iinfo(np.int64).min
MISSING_TEXT = ""
MINUTE, DAY = 60 * 10**6, 24 * 60 * 60 * 10**6  # microseconds

Convert = Callable[[Graph, Any, list[Tensor]], Tensor]


def transform(g: Graph, step: Any, parts: list[Tensor]) -> Tensor:
    """What a fitted transformer returns, shape (n_rows, n_features).

    Parameters
    ----------
    parts
        What it is given: tensors of columns next to each other.
    """
    if type(step) not in STEPS:
        raise refusal(described(step))
    return STEPS[type(step)](g, step, parts)


def _columns(g: Graph, step: ColumnTransformer, _: list[Tensor]) -> Tensor:
    made = []
    for _, part, names in step.transformers_:
        listed = [names] if isinstance(names, str) else list(names)
        if (isinstance(part, str) and part == "drop") or not listed:
            continue
        if not all(isinstance(name, str) for name in listed):
            raise refusal("a ColumnTransformer with columns by number")
        made.append(transform(g, part, [g.column(name) for name in listed]))
    return g.join(made)


def _pipeline(g: Graph, step: Pipeline, parts: list[Tensor]) -> Tensor:
    for _, each in step.steps:
        parts = [transform(g, each, parts)]
    return parts[0]


def _impute(g: Graph, step: SimpleImputer, parts: list[Tensor]) -> Tensor:
    if step.statistics_.dtype.kind != "f" or np.isnan(step.statistics_).any():
        raise refusal("a SimpleImputer of text, or of a column that is always empty")
    x = g.join(parts)
    missing = g.add("IsNaN", x)
    filled = g.add("Where", missing, step.statistics_, x)
    if step.indicator_ is None or not len(step.indicator_.features_):
        return filled
    flags = g.add("Gather", missing, step.indicator_.features_.astype(np.int64), axis=1)
    return g.join([filled, g.as_double(flags)])


def _scale(g: Graph, step: StandardScaler, parts: list[Tensor]) -> Tensor:
    x = g.join(parts)
    if step.with_mean:
        x = g.add("Sub", x, step.mean_)
    return g.add("Div", x, step.scale_) if step.with_std else x


def _numbered(g: Graph, values: np.ndarray, cell: Tensor) -> Tensor:
    """The numbers of categories as an encoder has learned them; of others the next number."""
    words = [MISSING_TEXT if pd.isna(value) else str(value) for value in values]
    numbers = list(range(len(words)))
    given = {"keys_strings": words, "values_int64s": numbers, "default_int64": len(words)}
    return g.add("LabelEncoder", cell, **given)


def _one_hot(g: Graph, step: OneHotEncoder, parts: list[Tensor]) -> Tensor:
    if step.drop is not None or step.min_frequency or step.max_categories:
        raise refusal("a OneHotEncoder that leaves out or joins categories")
    made = []
    for cell, values in zip(parts, step.categories_, strict=True):
        found = g.add("Equal", _numbered(g, values, cell), np.arange(len(values))[None])
        made.append(g.as_double(found))
    return g.join(made)


def _target_mean(g: Graph, step: TargetEncoder, parts: list[Tensor]) -> Tensor:
    """Means of the target by category: of each class where it has several."""
    classes = len(step.classes_) if step.target_type_ == "multiclass" else 1
    unknown = np.reshape(step.target_mean_, (1, classes))
    made = []
    for number, (cell, values) in enumerate(zip(parts, step.categories_, strict=True)):
        means = np.column_stack(step.encodings_[number * classes : (number + 1) * classes])
        made.append(g.take(np.vstack([means, unknown]), _numbered(g, values, cell)))
    return g.join(made)


def _dates(g: Graph, step: DateParts, parts: list[Tensor]) -> Tensor:
    """Parts of each date, then the days between every two, as `DateParts` has them."""
    missing = [g.add("Equal", date, [[MISSING_DATE]]) for date in parts]
    known = [g.add("Where", gap, [[0]], date) for gap, date in zip(missing, parts, strict=True)]
    pairs = zip(missing, known, strict=True)
    made = [g.add("Where", gap, np.nan, _parts_of_date(g, date)) for gap, date in pairs]
    for first, second in combinations(range(len(parts)), 2):
        days = g.add("Div", g.as_double(g.add("Sub", known[second], known[first])), float(DAY))
        gap = g.add("Or", missing[first], missing[second])
        made.append(g.add("Where", gap, np.nan, days))
    return g.join(made)


def _parts_of_date(g: Graph, date: Tensor) -> Tensor:
    """Year, day, days since 1970, and cycles, from microseconds since 1970.

    The calendar is that of Howard Hinnant's `civil_from_days`: years of 365.2425 days from March on.
    """
    within = g.add("Mod", date, [[DAY]])
    days = g.add("Div", g.add("Sub", date, within), [[DAY]])
    since = g.add("Add", days, [[719468]])  # days since 1 March of the year 0
    of_era = g.add("Mod", since, [[146097]])  # an era is 400 years
    era = g.add("Div", g.add("Sub", since, of_era), [[146097]])
    leaps = [g.add("Div", of_era, [[length]]) for length in (1460, 36524, 146096)]
    plain = g.add("Sub", g.add("Add", g.add("Sub", of_era, leaps[0]), leaps[1]), leaps[2])
    year_of_era = g.add("Div", plain, [[365]])
    fourth, hundredth = (g.add("Div", year_of_era, [[length]]) for length in (4, 100))
    before = g.add("Sub", g.add("Add", g.add("Mul", year_of_era, [[365]]), fourth), hundredth)
    of_year = g.add("Sub", of_era, before)
    march = g.add("Div", g.add("Add", g.add("Mul", of_year, [[5]]), [[2]]), [[153]])  # is month 0
    months = g.add("Div", g.add("Add", g.add("Mul", march, [[153]]), [[2]]), [[5]])
    day = g.add("Add", g.add("Sub", of_year, months), [[1]])
    month = g.add("Add", g.add("Mod", g.add("Add", march, [[2]]), [[12]]), [[1]])
    year = g.add("Add", year_of_era, g.add("Mul", era, [[400]]))
    year = g.add("Add", year, g.add("Div", march, [[10]]))  # January and February
    minutes = np.arange(24 * 60)
    return g.join(
        [
            *(g.as_double(number) for number in (year, day)),
            g.add("Div", g.as_double(date), float(DAY)),
            g.take(_cycle(np.arange(13), 12), month),
            g.take(_cycle(np.arange(7), 7), g.add("Mod", g.add("Add", days, [[3]]), [[7]])),
            g.take(_cycle(minutes // 60 + minutes % 60 / 60, 24), g.add("Div", within, [[MINUTE]])),
        ]
    )


def _cycle(values: np.ndarray, length: int) -> np.ndarray:
    """Values of a cycle with their sine and cosine, as columns."""
    angle = 2 * np.pi * values / length
    return np.column_stack([values, np.sin(angle), np.cos(angle)])


def apply_function(g: Graph, function: Any, x: Tensor, **arguments: float) -> Tensor:
    """A function of numpy or SciPy, of each cell."""
    if function is np.clip:
        return g.add("Clip", x, np.float64(arguments["a_min"]), np.float64(arguments["a_max"]))
    if function is logit:
        return g.add("Log", g.add("Div", x, g.add("Sub", 1.0, x)))
    if function is np.log:
        return g.add("Log", x)
    if function is np.expm1:
        return g.add("Sub", g.add("Exp", x), 1.0)
    raise refusal(f"the function {described(function)}")


def _function(g: Graph, step: FunctionTransformer, parts: list[Tensor]) -> Tensor:
    x = g.join(parts)
    return x if step.func is None else apply_function(g, step.func, x, **(step.kw_args or {}))


STEPS: dict[type, Convert] = {
    ColumnTransformer: _columns,
    Pipeline: _pipeline,
    SimpleImputer: _impute,
    StandardScaler: _scale,
    OneHotEncoder: _one_hot,
    TargetEncoder: _target_mean,
    BooleansAsNumbers: lambda g, _, parts: g.join(parts),  # they come as numbers
    DateParts: _dates,
    FunctionTransformer: _function,
}
