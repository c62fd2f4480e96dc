"""An entry of `behaviour` in `params.yaml`: validated, and in words."""

from dataclasses import field
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StrictFloat
from pydantic.dataclasses import dataclass

from ..project.errors import ProjectError, did_you_mean
from ..project.settings import FORBID, Number, must_be
from ..schema.schema import Schema

DIRECTIONS = ("up", "down", "invariant")
TOLERANCE = 0.05  # of `invariant`: in probability, or in standard deviations of the target

Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Range = Annotated[list[Finite], Field(min_length=2, max_length=2)]
Numbers = Annotated[dict[str, Finite], must_be("numbers by column, such as {age: 1}")]
Values = Annotated[dict[str, Any], must_be("values by column, such as {city: Bern}")]
Share = Annotated[Number, Field(gt=0, le=1), must_be("a number above 0 and up to 1")]
Tolerance = Annotated[Annotated[Finite, Field(ge=0)] | None, must_be("a number from 0")]


@dataclass(config=FORBID)
class Expectation:
    """How rows are changed, and what is expected of their predictions.

    Attributes
    ----------
    expect
        A direction, a class, or the ends of a range.
    label
        The class whose probability is compared under a direction.
    min_pass_rate
        The share of rows in which it must hold.
    tolerance
        By how much a prediction may miss a direction.
    """

    expect: Annotated[
        Range | bool | int | float | str,
        must_be("up, down, invariant, a class or a range [low, high]"),
    ]
    add: Numbers = field(default_factory=dict)
    set: Values = field(default_factory=dict)
    label: Any = Field(default=None, alias="class")
    min_pass_rate: Share = 0.95
    tolerance: Tolerance = None

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
        elif self.expect in DIRECTIONS:
            outcome = f"{what} goes {self.expect}{within}"
        elif isinstance(self.expect, list):
            outcome = "the prediction is from {:g} to {:g}".format(*self.expect)
        else:
            outcome = f"the prediction is '{self.expect}'"
        return f"{', '.join(changes)}: {outcome}"

    def complete(self, schema: Schema, std: float) -> None:
        """Check the entry against the schema, and fill in the defaults that depend on it.

        Parameters
        ----------
        std
            Standard deviation of a numeric target.

        Raises
        ------
        ProjectError
            When a column, class or range does not fit the schema.
        """
        self._check_columns(schema)
        classes, expect = schema.classes, self.expect
        known = ", ".join(map(repr, classes))
        choices = f"a class: {known}" if classes else "a range [low, high]"
        if str(expect) in (*DIRECTIONS, *classes):
            self.expect = str(expect)
        elif classes or not isinstance(expect, list):
            raise ProjectError(f"expect is {expect!r}, not up, down, invariant or {choices}.")
        if classes and self.expect in DIRECTIONS:
            label = classes[1] if self.label is None and len(classes) == 2 else str(self.label)
            if label not in classes:
                raise ProjectError(f"class is {self.label!r}, not one of {known}.")
            self.label = label
        elif self.label is not None:
            raise ProjectError("class belongs to up, down or invariant of classes; remove it.")
        if self.tolerance is None:
            self.tolerance = TOLERANCE * std if self.expect == "invariant" else 0.0

    def is_met(self, before: np.ndarray, after: np.ndarray, rounding: float) -> np.ndarray:
        """In which rows the predictions before and after the change are as expected."""
        slack = (self.tolerance or 0.0) + rounding
        match self.expect:
            case "invariant":
                return np.abs(after - before) <= slack
            case "up":
                return after - before >= -slack
            case "down":
                return after - before <= slack
            case [low, high]:
                return (low - slack <= after) & (after <= high + slack)
            case label:
                return after == label

    def _check_columns(self, schema: Schema) -> None:
        if not (self.add or self.set):
            raise ProjectError("add or set is missing, such as add: {age: 1} or set: {city: Bern}.")
        for column in [*self.add, *self.set]:
            if column not in schema.features:
                known = ", ".join(schema.features)
                similar = did_you_mean(column, schema.features)
                raise ProjectError(f"{column!r} is no feature{similar}; features are {known}.")
        for column in self.add:
            if schema.features[column].type != "numeric":
                raise ProjectError(f"add takes numeric columns, not {column!r}.")
            if column in self.set:
                raise ProjectError(f"{column!r} is in both add and set; keep one.")
