"""An entry of `behaviour` in `params.yaml`: read, checked, and in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..project.errors import ProjectError
from ..schema.schema import Schema

KEYS = ("add", "set", "expect", "class", "min_pass_rate", "tolerance")
MIN_PASS_RATE = 0.95  # share of the rows in which it must hold
TOLERANCE = 0.05  # of `invariant`: in probability, or in standard deviations of the target


@dataclass(frozen=True)
class Expectation:
    """An entry of `behaviour` with its defaults filled in."""

    add: dict[str, float]
    set: dict[str, Any]
    expect: Any  # up, down, invariant, a class, or the ends of a range
    label: str | None  # the class whose probability is compared
    min_pass_rate: float
    tolerance: float

    def __str__(self) -> str:
        """One line to read."""
        changes = [f"add {number:g} to '{column}'" for column, number in self.add.items()]
        changes += [
            f"empty '{column}'" if cell is None else f"set '{column}' to '{cell}'"
            for column, cell in self.set.items()
        ]
        what = f"the probability of '{self.label}'" if self.label else "the prediction"
        within = f", within {self.tolerance:.3g}" if self.tolerance else ""
        if self.expect == "invariant":
            outcome = f"{what} stays the same{within}"
        elif self.expect in ("up", "down"):
            outcome = f"{what} goes {self.expect}{within}"
        elif isinstance(self.expect, list):
            outcome = "the prediction is from {:g} to {:g}".format(*self.expect)
        else:
            outcome = f"the prediction is '{self.expect}'"
        return f"{', '.join(changes)}: {outcome}"


def read_entry(entry: dict[str, Any], schema: Schema, std: float) -> Expectation:
    """Fill in the defaults of an entry; `std` is the standard deviation of amounts."""
    if unknown := sorted(map(str, entry.keys() - set(KEYS))):
        _refuse(f"{', '.join(unknown)} is not a key; known are {', '.join(KEYS)}.")
    changes = {key: entry.get(key) or {} for key in ("add", "set")}
    if not all(isinstance(change, dict) for change in changes.values()) or not any(
        changes.values()
    ):
        _refuse("say what changes, such as add: {age: 1} or set: {city: Bern}.")
    for column in [*changes["add"], *changes["set"]]:
        if column not in schema.features:
            _refuse(f"{column!r} is no feature; features are {', '.join(schema.features)}.")
    for column, number in changes["add"].items():
        if schema.features[column].kind != "numeric" or not is_number(number):
            _refuse(f"add takes numeric columns and a number, not {column!r} and {number!r}.")
        if column in changes["set"]:
            _refuse(f"{column!r} is in both add and set; keep one.")
    expect = _read_expect(entry.get("expect"), schema)
    rate, tolerance = entry.get("min_pass_rate", MIN_PASS_RATE), entry.get("tolerance")
    if not is_number(rate) or not 0 < rate <= 1:
        _refuse(f"min_pass_rate is {rate!r}, not a number above 0 and up to 1.")
    if tolerance is None:
        tolerance = TOLERANCE * std if expect == "invariant" else 0.0
    if not is_number(tolerance) or not tolerance >= 0:
        _refuse(f"tolerance is {tolerance!r}, not a number from 0.")
    label = _read_class(entry.get("class"), expect, schema)
    return Expectation(
        **changes, expect=expect, label=label, min_pass_rate=rate, tolerance=tolerance
    )


def _read_expect(expect: Any, schema: Schema) -> Any:
    classes = schema.classes
    if expect in ("up", "down", "invariant") or (classes and str(expect) in classes):
        return str(expect)
    if schema.task == "regression":
        if isinstance(expect, list) and len(expect) == 2 and all(map(is_number, expect)):
            return expect
        return _refuse(f"expect is {expect!r}, not up, down, invariant or a range [low, high].")
    return _refuse(
        f"expect is {expect!r}, not up, down, invariant or a class: {', '.join(map(repr, classes))}."
    )


def _read_class(label: Any, expect: Any, schema: Schema) -> str | None:
    """The class whose probability is compared, where one is."""
    classes = schema.classes
    if not classes or expect not in ("up", "down", "invariant"):
        if label is not None:
            _refuse("class belongs to up, down or invariant of classes; remove it.")
        return None
    if label is None and len(classes) == 2:
        return classes[1]
    if str(label) not in classes:
        _refuse(f"class is {label!r}, not one of {', '.join(map(repr, classes))}.")
    return str(label)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _refuse(words: str) -> Any:
    raise ProjectError(words)
