"""How good a model is, for readers who know the target and no metrics."""

from math import isfinite
from typing import Any

from ..evaluation.style import short
from ..schema.schema import Schema


def headline(schema: Schema, scores: dict[str, Any]) -> list[str]:
    """Sentences on the held-out rows, in the unit of the target; none of older scores.

    Parameters
    ----------
    scores
        The content of `reports/metrics.json`.
    """
    test, base = scores["test"], scores["baseline"]
    if schema.task == "regression":
        return _amounts(schema, scores) if "mae" in test else []
    if len(schema.classes) == 2:
        return _two_classes(schema, scores) if "positive" in scores else []
    if "accuracy" not in test:
        return []
    low, high = _of_100(scores, "accuracy")
    words = (
        f"Of 100 unseen rows {_hundred(test['accuracy'])} are given the right class "
        f"({low} to {high}; measured on {scores['rows']:,} rows). Always giving the most frequent "
        f"class: {_hundred(base['accuracy'])}."
    )
    return [words]


def _amounts(schema: Schema, scores: dict[str, Any]) -> list[str]:
    unit, ends = schema.columns[schema.target].unit or "", scores["interval"]["mae"]
    error, mean = (amount(scores[name]["mae"], unit) for name in ("test", "baseline"))
    low, high = amount(ends["low"], unit), amount(ends["high"], unit)
    words = (
        f"On {scores['rows']:,} unseen rows the error is {error} on average ({low} to {high}); "
        f"guessing the mean: {mean}."
    )
    if not (known := scores.get("prediction_interval")):
        return [words]
    within = (
        f"{_hundred(known['coverage'])} of 100 predictions are off by at most "
        f"{amount(known['half_width'], unit)}; of these rows {_hundred(known['test'])} of 100."
    )
    return [words, within]


def _two_classes(schema: Schema, scores: dict[str, Any]) -> list[str]:
    test, positive, rows = scores["test"], scores["positive"], scores["rows"]
    label, target = short(schema.classes[1]), short(schema.target)
    found = round(test["recall"] * positive)
    flagged = round(found / test["precision"]) if test["precision"] else 0
    first = (
        f"Of {rows:,} unseen rows {positive:,} are {label} ({target}), the model flags {flagged:,}."
    )
    if not found:
        return [first, "It finds none of them."]
    right, (low, high) = _hundred(test["precision"]), _of_100(scores, "precision")
    found_of_100, (least, most) = _hundred(test["recall"]), _of_100(scores, "recall")
    by_chance = _hundred(positive / rows)
    return [
        first,
        f"Of 100 flagged {right} are right ({low} to {high}); flagging at random: {by_chance}.",
        f"Of 100 that are {label} {found_of_100} are found ({least} to {most}).",
    ]


def _of_100(scores: dict[str, Any], name: str) -> list[str]:
    """The ends of an interval of a share."""
    ends = scores["interval"][name]
    return [_hundred(ends[end]) for end in ("low", "high")]


def _hundred(share: float) -> str:
    """How many of 100, whole; small shares with a digit."""
    number = 100 * share
    if not isfinite(number):
        return "?"
    return f"{number:.1f}" if 0 < number < 1 else f"{number:.0f}"


def amount(value: float, unit: str) -> str:
    """A number with three significant digits and its unit; of % it is a share."""
    if not isfinite(value):
        return "?"
    rounded = float(f"{value * (100 if unit == '%' else 1):.3g}")
    text = f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
    return f"{text} {unit}".strip()
