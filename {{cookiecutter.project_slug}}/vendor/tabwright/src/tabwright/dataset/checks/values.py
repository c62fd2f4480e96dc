"""Checks of values: numbers that stand for missing ones, and columns that say the same."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...schema.rules import in_rows
from ...schema.schema import Schema
from .issue import IGNORE, Checked, Issue, nearest

MIN_ROWS = 10  # with the same extreme number; fewer may be outliers
MIN_DISTANCE = 1.1  # from the other numbers, by their range: evenly spaced ones are up to 1
MIN_OTHERS = 3  # distinct numbers besides it; fewer have no range
# The rank in one column then tells that in the other to 3 % of the rows: the standard deviation that
# is left of a uniform rank is sqrt((1 - 0.995 ** 2) / 12).
MAX_CORRELATION = 0.995
MAX_COMPARED = 5000  # rows


def sentinels(train: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Numbers such as -200 or 9999 that seem to stand for missing ones, in features and target.

    The lowest or highest number of a column, in at least ten rows, if it is further from the others
    than these are from each other, or the only negative one and more frequent than the next (tails
    thin out). Zero is often far from the others, and nearly always a true zero.
    """
    columns = [*schema.names("numeric"), *([schema.target] if schema.task == "regression" else [])]
    found: dict[float, dict[str, int]] = defaultdict(dict)
    distances = dict[str, float]()
    for name in columns:
        values, counts = np.unique(train[name].dropna(), return_counts=True)
        if len(values) <= MIN_OTHERS:
            continue
        width = values[-1] - values[0]
        for end, following in ((0, 1), (-1, -2)):
            gap = abs(values[end] - values[following])
            alone = end == 0 and values[0] < 0 <= values[1] and counts[0] > counts[1]
            distance = gap / max(width - gap, np.finfo(float).tiny)
            if counts[end] < MIN_ROWS or not values[end]:
                continue
            if alone or distance >= MIN_DISTANCE:
                found[values[end]][name] = int(counts[end])
            else:
                distances[name] = max(distance, distances.get(name, 0.0))
    for value, rows in found.items():
        yield _sentinel(value, rows, train[columns])
    measure = (
        f"distance of a number in {MIN_ROWS} or more rows from all others, by the range of these"
    )
    closest = nearest(pd.Series(distances, dtype=float))
    yield Checked("sentinels", measure, f"{MIN_DISTANCE:g}", closest)


def _sentinel(value: float, rows: dict[str, int], numbers: pd.DataFrame) -> Issue:
    """One issue for all columns that have the number."""
    shown, first = f"{value:g}", next(iter(rows))
    true = [name for name in numbers if name not in rows and (numbers[name] == value).any()]
    if len(rows) == 1 or true:
        names = " and ".join(map(repr, rows)) if len(rows) < 4 else f"these {len(rows)} columns"
        remedy = f"`missing: ['{shown}']` in the line of {names} in references/schema.yaml"
    else:
        remedy = f"add '{shown}' to source.missing in references/schema.yaml"
    counted = ", ".join(f"{name!r} ({in_rows(count)})" for name, count in rows.items())
    message = f"{shown} stands apart from all other numbers"
    if len(rows) > 1:
        return Issue("sentinel", None, f"{message} in {counted}", f"if it means missing: {remedy}")
    message += f", in {in_rows(rows[first])}"
    return Issue("sentinel", first, message, f"if it means missing: {remedy}")


def near_duplicates(train: pd.DataFrame, schema: Schema, seed: int) -> Iterator[Issue | Checked]:
    """Features that say the same as an earlier one.

    Columns of any kind whose values repeat and correspond one to one, such as names and their
    codes, and numbers of nearly the same order (Spearman 1904).
    """
    rows = train.sample(min(len(train), MAX_COMPARED), random_state=seed)
    same, ranks = dict[bytes, str](), rows[schema.names("numeric")].rank()
    for name in schema.features:
        codes, values = pd.factorize(rows[name], use_na_sentinel=False)
        if 1 < len(values) <= len(rows) / 2:  # of distinct values any two columns correspond
            earlier = same.setdefault(codes.tobytes(), name)
            if earlier != name:
                yield _same_as(name, f"corresponds to {earlier!r}, value by value")
                ranks = ranks.drop(columns=name, errors="ignore")
    ranks = ranks.loc[:, ranks.min() < ranks.max()].pipe(lambda table: table.fillna(table.mean()))
    names, closest = list(ranks), (0.0, "")
    numbers = np.corrcoef(ranks.to_numpy(), rowvar=False) if len(names) > 1 else np.empty((0, 0))
    for place in range(1, len(numbers)):
        earlier = int(np.abs(numbers[place, :place]).argmax())
        both = f"{names[earlier]!r} (rank correlation {numbers[place, earlier]:.3f})"
        highest = abs(numbers[place, earlier])
        if highest >= MAX_CORRELATION:
            yield _same_as(names[place], f"has the order of {both}")
        elif highest > closest[0]:
            closest = highest, f"nearest {names[place]!r} and {both}"
    measure = "rank correlation of two columns"
    yield Checked("near duplicates", measure, f"{MAX_CORRELATION:g}", closest[1])


def _same_as(name: str, message: str) -> Issue:
    remedy = f"keep one of them, for importance is split between them: {IGNORE}"
    return Issue("near duplicate", name, message, remedy)
