"""Behavioural tests: what is expected when held-out rows change, by `behaviour` in `params.yaml`.

They are the three kinds of Ribeiro, Wu, Guestrin & Singh, "Beyond Accuracy: Behavioral Testing of
NLP Models with CheckList" (ACL 2020): directional expectation (`up`, `down`), invariance (`invariant`)
and minimum functionality (a class, or a range of values).
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..project.errors import ProjectError
from ..project.settings import build
from ..schema.cells import typed, without_missing
from ..schema.rules import broken_rules
from ..schema.schema import Schema
from ..selection.cross_validation import draw_rows
from ..selection.metrics import encode_target, predict_scores
from ..selection.threshold import decide, get_threshold
from .expectation import DIRECTIONS, Expectation
from .limits import CHANGED_ROWS

ROUNDING = 1e-9  # sums of floating point numbers differ in the last digits


def run_tests(
    model: BaseEstimator,
    test: pd.DataFrame,
    schema: Schema,
    entries: list[dict[str, Any]],
    seed: int,
) -> list[dict[str, Any]]:
    """Run the test of every entry on at most `CHANGED_ROWS` of the held-out rows.

    Returns
    -------
    list of dict
        `test` in words, number of `rows` that could be changed, `pass_rate`, the share of them that
        pass, `min_pass_rate`, whether it `passed`, and as `example` the first row that fails, or None:
        its number in `test` from 0, the cells as they `were`, the prediction `before` and `after`.

    Raises
    ------
    ProjectError
        When an entry is wrong, or no row can be changed by it.
    """
    rows = test.iloc[draw_rows(len(test), CHANGED_ROWS, seed)]
    std = float(encode_target(test, schema).std()) if schema.task == "regression" else 1.0
    results = []
    for number, entry in enumerate(entries, 1):
        where = f"params.yaml: behaviour, entry {number}"
        expected = build(Expectation, entry, where)
        try:
            expected.complete(schema, std)
            old, new = change(rows, schema, expected)
        except ProjectError as error:
            raise ProjectError(f"{where}: {error}") from error
        before, after = (_outcome(model, table, schema, expected) for table in (old, new))
        met = expected.is_met(before, after, ROUNDING * max(std, 1.0))
        result = {
            "test": str(expected),
            "rows": len(old),
            "pass_rate": float(met.mean()),
            "min_pass_rate": expected.min_pass_rate,
            "passed": bool(met.mean() >= expected.min_pass_rate),
            "example": None,
        }
        if not met.all():
            first = int(np.argmin(met))
            were = old[[*expected.add, *expected.set]].iloc[first]
            result["example"] = {
                "row": int(old.index[first]),
                "were": {name: _plain(cell) for name, cell in were.items()},
                "before": _plain(before[first]),
                "after": _plain(after[first]),
            }
        results.append(result)
    return results


def change(
    rows: pd.DataFrame, schema: Schema, expected: Expectation
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that can be changed without breaking the schema, before and after.

    `up`, `down` and `invariant` are tested only on rows in which a cell changes.

    Raises
    ------
    ProjectError
        When there is none.
    """
    possible, rule = np.ones(len(rows), dtype=bool), ""
    moved = np.full(len(rows), expected.expect not in DIRECTIONS)
    changed = rows.copy()
    for name in [*expected.add, *expected.set]:
        column = schema.features[name]
        if name in expected.add:
            cells = values = rows[name] + expected.add[name]
            possible &= rows[name].notna().to_numpy()
        else:
            cell = expected.set[name]
            dtype = "float" if type(cell) in (int, float) else "str"
            cell = cell if cell is None or dtype == "float" else str(cell)
            cells = pd.Series([cell] * len(rows), rows.index, dtype=dtype, name=name)
            cells = without_missing(cells, schema.source.missing)
            values = typed(cells, column, schema.source)
        for bad, broken, _ in broken_rules(cells, values, column, False, schema.source):
            rule = f": column {name!r} takes {broken}" if bad.any() and not rule else rule
            possible &= ~bad
        same = (rows[name] == values).fillna(False) | (rows[name].isna() & values.isna())
        moved |= ~same.to_numpy(dtype=bool)
        changed[name] = values
    possible &= moved
    if not possible.any():
        raise ProjectError(f"no held-out row can be changed like this{rule}.")
    return rows[possible], changed[possible]


def _outcome(
    model: BaseEstimator, rows: pd.DataFrame, schema: Schema, expected: Expectation
) -> np.ndarray:
    """The predicted value, probability of the class that is compared, or class of each row."""
    y_pred = predict_scores(model, rows, schema)
    if schema.task == "regression":
        return y_pred
    classes = schema.classes
    if expected.label:
        return y_pred[:, classes.index(expected.label)]
    return np.array(classes)[decide(y_pred, get_threshold(model))]


def _plain(value: Any) -> Any:
    """A cell or prediction as a JSON value."""
    if isinstance(value, bool):
        return value
    if pd.isna(value):
        return None
    return float(value) if isinstance(value, int | float | np.number) else str(value)
