"""Intervals: what is drawn together, how wide they are, and what they cost."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tabwright.evaluation.resampling import Resampling, make_resampling
from tabwright.project.settings import EvaluateParams


def mean_of(values: np.ndarray):
    """The statistic all of these tests ask for."""
    return lambda rows: np.array([values[rows].mean()])


def coverage(units: np.ndarray, draw, rounds: int) -> float:
    """How often the interval of a mean holds the true one, which is 0."""
    held = 0
    for seed in range(rounds):
        resampling = Resampling(units, "x", 200, 0.95, seed)
        low, high = resampling.interval(mean_of(draw(np.random.default_rng([seed, 1]))))
        held += low[0] <= 0 <= high[0]
    return held / rounds


@pytest.mark.parametrize("groups", [8, 40])
def test_intervals_of_grouped_rows_hold_what_they_promise(groups: int) -> None:
    """Of 100 intervals of 95 % at least 86 hold the truth: some 3 standard errors below nominal."""
    units = np.repeat(np.arange(groups), 25)

    def draw(random: np.random.Generator) -> np.ndarray:
        return random.normal(size=groups)[units] + random.normal(0, 0.3, len(units))

    assert coverage(units, draw, 100) >= 0.86
    assert coverage(np.arange(len(units)), draw, 40) <= 0.6  # as if rows were independent


def test_intervals_of_later_rows_allow_for_shocks_that_last() -> None:
    units = np.arange(1000) * 40 // 1000

    def draw(random: np.random.Generator) -> np.ndarray:
        steps = random.normal(size=1000)
        for place in range(1, 1000):
            steps[place] += 0.8 * steps[place - 1]
        return steps

    assert coverage(units, draw, 40) >= 0.85
    assert coverage(np.arange(1000), draw, 40) <= 0.7


@pytest.mark.parametrize("groups", [25, 2500, 50_000])
def test_samples_of_very_many_rows_are_smaller_and_intervals_are_not(groups: int) -> None:
    rows = 50_000
    units = np.random.default_rng(0).permutation(np.arange(rows) % groups)
    values = np.random.default_rng(1).normal(size=groups)[units]
    resampling = Resampling(units, "rows", 500, 0.95, 1)
    drawn = []

    def statistic(chosen: np.ndarray) -> np.ndarray:
        drawn.append(len(chosen))
        return np.array([values[chosen].mean()])

    low, high = resampling.interval(statistic)
    counted = drawn[1:]  # the first is the score itself
    assert len(counted) == 200
    assert np.mean(counted) < 11_000
    sizes = np.bincount(units)
    means = np.bincount(units, values) / sizes
    assert (high - low)[0] / 3.92 == pytest.approx(means.std() / np.sqrt(groups), rel=0.2)
    assert "200 resamples of rows, 10,000 of 50,000 rows each" in str(resampling)


def test_what_is_drawn_together_follows_the_split() -> None:
    test = pd.DataFrame(
        {"who": ["a", "b", "a", None], "day": pd.to_datetime(["2024-02-01", "2024-01-01"] * 2)}
    )
    evaluate = EvaluateParams(bootstrap=50, confidence=0.95)

    def by(split: str, column: str, table: pd.DataFrame = test):
        data = SimpleNamespace(split=split, split_by=column)
        return make_resampling(table, SimpleNamespace(data=data, evaluate=evaluate, seed=1))

    assert str(by("random", "")) == "50 resamples of rows"
    assert by("random", "").count == 4
    grouped = by("group", "who")
    assert str(grouped) == "50 resamples of groups of who"
    assert grouped.units[0] == grouped.units[2]
    assert grouped.count == 3
    assert by("chronological", "day").units.tolist() == [2, 0, 3, 1]
    assert "rows, all of one who" in str(by("group", "who", test.assign(who="a")))


def test_one_group_has_no_interval() -> None:
    one = Resampling(np.zeros(5, dtype=int), "x", 50, 0.95, 1)
    assert np.isnan(one.interval(mean_of(np.arange(5.0)))).all()
