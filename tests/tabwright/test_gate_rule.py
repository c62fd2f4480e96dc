"""When a challenger is refused: by simulation, with truth known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabwright.evaluation.comparison import make_side, worse_at_most
from tabwright.evaluation.resampling import Resampling
from tabwright.project.project import Project
from tabwright.reports.compare import FOLD_PARAMS, SPLIT_PARAMS, by_folds
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection.metrics import CLASSES, VALUES

CITIES = 2


def two_classes(random: np.random.Generator, rows: int) -> tuple[np.ndarray, object]:
    """Classes, and how a model says them with noise of its own."""
    known = random.normal(size=rows)
    truth = (random.random(rows) < 1 / (1 + np.exp(-2 * known))).astype(int)

    def said(noise: float) -> np.ndarray:
        score = 1 / (1 + np.exp(-known - random.normal(0, 0.2 * noise, rows)))
        return np.stack([1 - score, score], axis=1)

    return truth, said


def amounts(random: np.random.Generator, rows: int) -> tuple[np.ndarray, object]:
    """Amounts with a tail, which few rows decide, and how a model says them with noise of its own."""
    known = random.normal(size=rows)
    truth = known + random.standard_t(5, rows)
    return truth, lambda noise: known + random.normal(0, 0.3 * noise, rows)


def share_refused(draw, rows: int, noise: float, rounds: int) -> float:
    """Of how many challengers an upper end lies below 0, on all rows or on a city.

    Champions and challengers know the same and add noise of their own, which the challengers have
    more of by a factor of `noise`.
    """
    rule = CLASSES["roc_auc"] if draw is two_classes else VALUES["rmse"]
    refused = 0
    for seed in range(rounds):
        random = np.random.default_rng([seed, 1])
        truth, said = draw(random, rows)
        sides = [(rule, said(factor)) for factor in (noise, 1.0)]
        city = random.integers(CITIES, size=rows)
        parts = {str(number): city == number for number in range(CITIES)}
        draws = Resampling(np.arange(rows), "rows", 40, 0.95, seed)
        gain, gains = worse_at_most(truth, sides, draws, parts)
        refused += gain.high < 0 or any(part.high < 0 for part in gains.values())
    return refused / rounds


@pytest.mark.parametrize(
    ("draw", "rows", "rounds"), [(two_classes, 200, 40), (amounts, 200, 60), (amounts, 24, 60)]
)
def test_equally_good_challengers_pass(draw, rows: int, rounds: int) -> None:
    """Nominal are 2.5 % of them; the rounds may show 2.5 standard errors more."""
    allowed = 0.025 + 2.5 * np.sqrt(0.025 * 0.975 / rounds)
    assert share_refused(draw, rows, 1.0, rounds) <= allowed


@pytest.mark.parametrize(("draw", "noise"), [(two_classes, 4.0), (amounts, 2.5)])
def test_clearly_worse_challengers_are_refused(draw, noise: float) -> None:
    """Noise of that size costs some 3.5 standard errors of the gain."""
    assert share_refused(draw, 300, noise, 25) >= 0.8


def test_a_loss_seen_to_be_beyond_two_standard_errors_is_refused() -> None:
    rule = VALUES["mae"]
    random = np.random.default_rng(0)
    truth, lost = np.zeros(400), np.abs(random.normal(size=400))
    error = lost.std() / 20
    for times, refused in ((1.8, False), (2.4, True)):
        worse = np.full(400, 5.0) + lost - lost.mean() + times * error
        draws = Resampling(np.arange(400), "rows", 400, 0.95, 1)
        sides = [(rule, worse), (rule, np.full(400, 5.0))]
        gain, _ = worse_at_most(truth, sides, draws, {})
        assert (gain.high < 0) == refused


def test_each_side_is_scored_at_its_own_threshold_and_positive_class() -> None:
    columns = {"y": Column("category", categories=["no", "yes"])}
    columns["x"] = Column("numeric")
    agreed = Schema("y", "classification", columns, positive="yes")
    truth = np.array([0, 0, 0, 1, 1])
    chances = np.array([0.05, 0.1, 0.2, 0.3, 0.4])
    for threshold, expected in ((0.25, 1.0), (0.15, 0.8), (0.5, 0.6)):
        decided = np.where(chances >= threshold, "yes", "no")
        table = pd.DataFrame(
            {"predicted_y": decided, "probability_no": 1 - chances, "probability_yes": chances}
        )
        rule, predicted = make_side(table, agreed, "accuracy")
        assert rule.function(truth, predicted) == expected


def test_folds_of_growing_length_are_not_tested(tmp_path: Path) -> None:
    params = dict.fromkeys(FOLD_PARAMS) | {"data.split": "chronological"}
    run = {"train_md5": "1", "seed": 1, "params": params}
    run["cv"] = {"metric": "rmse", "mean": 1.0, "folds": [1.0, 1.0, 1.0]}
    assert "not tested: folds of growing length" in by_folds(Project(tmp_path), run, run)[0]


@pytest.mark.parametrize(
    ("same_rows", "changes", "same"),
    [
        (True, {}, True),  # with another derived column
        (False, {}, False),
        (True, {"rows": {"train": 8}}, False),
        (True, {"data": {"raw.csv": "other"}}, False),
        (False, {"train_md5": "1", "rows": {"train": 9, "unlabelled": 2}}, True),
    ],
)
def test_folds_of_the_same_rows_are_compared(
    tmp_path: Path, same_rows: bool, changes: dict, same: bool
) -> None:
    params = dict.fromkeys((*FOLD_PARAMS, *SPLIT_PARAMS), "raw.csv")
    params["data.split"] = "chronological"  # then the scores are not tested, which needs a schema
    run = {"train_md5": "1", "seed": 1, "params": params, "rows": {"train": 9}}
    run["data"], run["cv"] = {"raw.csv": "raw"}, {"metric": "rmse", "mean": 1.0}
    other = run | {"train_md5": "2"} | changes
    said = by_folds(Project(tmp_path), run, other, same_rows=same_rows)[0]
    assert ("folds of growing length" in said) is same
