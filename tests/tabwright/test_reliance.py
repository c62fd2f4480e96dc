"""A model that relies on one column asks whether it is known in time."""

import numpy as np
import pytest
from tabwright.evaluation.reliance import describe_reliance
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema

KINDS = {"call": "numeric", "note": "text", "age": "numeric", "y": "numeric"}
SCHEMA = Schema("y", "regression", {name: Column(kind) for name, kind in KINDS.items()})


@pytest.mark.parametrize(
    ("losses", "warned"),
    [
        ({"call": 0.7, "age": 0.2, "note": 0.1}, True),
        ({"call": 0.7, "age": -0.5, "note": np.nan}, True),
        ({"call": 0.6, "age": 0.2, "note": 0.2}, False),
        ({"note": 0.9, "age": 0.1, "call": 0.0}, False),  # text is often all there is
        ({"call": 0.9, "age": 0.1}, False),
        ({"call": 0.0, "age": 0.0, "note": -0.1}, False),
    ],
)
def test_column_with_most_of_the_importance_is_named(losses: dict, warned: bool) -> None:
    each = {name: np.full(5, loss) for name, loss in losses.items()}
    words = describe_reliance(each, SCHEMA)
    assert bool(words) is warned
    assert ("'call'" in words and "is it known when you predict?" in words) is warned
