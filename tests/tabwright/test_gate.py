"""From scores, slices and behavioural tests to one answer."""

from dataclasses import replace

import pytest
from support.small_table import set_params
from tabwright.evaluation import gate
from tabwright.project import settings
from tabwright.project.errors import ProjectError
from tabwright.project.files import write_json
from tabwright.project.project import Project
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema, save_schema
from tabwright.selection import metrics

SCORES = {
    "metric": "rmse",
    "test": {"rmse": 3.0, "r2": 0.5},
    "baseline": {"rmse": 5.0, "r2": 0.0},
    "gain_interval": {"low": 1.0, "high": 3.0},
}
SLICES = [
    {"column": "city", "value": "Bern", "rows": 20, "score": 2.5, "scores": {"rmse": 2.5}},
    {"column": "city", "value": "Graz", "rows": 30, "score": 3.5, "scores": {"rmse": 3.5}},
    {"column": "city", "value": "Lyon", "rows": 2, "score": None, "scores": {}},
]
TEST = {
    "test": "add 1 to 'x': up",
    "rows": 50,
    "pass_rate": 0.9,
    "min_pass_rate": 0.9,
    "passed": True,
}
VALUES = Schema("y", "regression", {"x": Column("numeric"), "y": Column("numeric")})
EVALUATE = settings.EvaluateParams(bootstrap=50, confidence=0.95)


def checks(*, scores=SCORES, slices=SLICES, tests=(), **floors) -> list:
    """The checks at some floors."""
    params = replace(EVALUATE, **floors)
    return gate.checks(scores, slices, list(tests), params, metrics.VALUES)


def test_model_without_floors_has_to_beat_the_baseline() -> None:
    (check,) = checks()
    assert check.passed
    assert gate.verdict([check]).startswith(
        "quality gate passed: the model beats the baseline (rmse"
    )


@pytest.mark.parametrize("low", [0.0, -1.0, float("nan")])
def test_gain_that_may_be_chance_closes_the_gate(low: float) -> None:
    found = checks(scores=SCORES | {"gain_interval": {"low": low, "high": 1.0}})
    words = gate.verdict(found)
    assert words.startswith(
        "quality gate failed: the model does not beat the baseline (rmse 3.0000"
    )


@pytest.mark.parametrize(
    ("minimum", "passed", "words"),
    [
        ({"rmse": 3.0}, True, "3.0000, 0.0000 better than the highest allowed (3)"),
        ({"rmse": 2.9}, False, "3.0000, 0.1000 worse than the highest allowed (2.9)"),
        ({"r2": 0.4}, True, "0.5000, 0.1000 better than the lowest allowed (0.4)"),
        ({"r2": 0.6}, False, "0.5000, 0.1000 worse than the lowest allowed (0.6)"),
    ],
)
def test_score_has_a_floor_or_a_ceiling(minimum: dict, passed: bool, words: str) -> None:
    _, check = checks(minimum=minimum)
    assert check.passed == passed
    assert check.words.endswith(words)


def test_score_that_is_no_number_never_passes() -> None:
    nan = SCORES | {"test": {"rmse": float("nan"), "r2": 0.5}}
    assert not checks(scores=nan, minimum={"rmse": 99})[1].passed


def test_worst_slice_decides() -> None:
    _, check = checks(slice_minimum={"rmse": 4})
    assert check.passed
    assert "worst of 2 slices: city 'Graz' (30 rows) 3.5000, 0.5" in check.words
    _, check = checks(slice_minimum={"rmse": 3})
    assert not check.passed
    assert "in 1 of 2 slices: city 'Graz' (30 rows) 3.5000, 0.5000 worse" in check.words
    assert "Bern" not in check.words
    assert "Lyon" not in check.words


def test_floor_that_no_slice_can_be_held_against_is_no_pass() -> None:
    for slices in ([], SLICES[2:]):
        _, check = checks(slices=slices, slice_minimum={"rmse": 99})
        assert not check.passed
        assert "none of evaluate.slices" in check.words


@pytest.mark.parametrize("floors", [{"minimum": {"f1": 1}}, {"slice_minimum": {"f1": 1}}])
def test_unknown_metric_is_named(floors: dict) -> None:
    with pytest.raises(ProjectError, match="minimum names f1; known are rmse, mae, r2"):
        checks(**floors)


@pytest.mark.parametrize(
    ("count", "end"), [(1, ")"), (2, ", and 1 more check holds"), (3, ", and 2 more checks hold")]
)
def test_verdict_counts_the_checks_that_hold(count: int, end: str) -> None:
    assert gate.verdict(checks(tests=[TEST] * (count - 1))).endswith(end)


def test_verdict_names_everything_that_failed() -> None:
    tests = [TEST, TEST | {"pass_rate": 0.8, "test": "set 'x' to '1': down"}]
    found = checks(minimum={"rmse": 1}, slice_minimum={"rmse": 9}, tests=tests)
    assert [check.passed for check in found] == [True, False, True, True, False]
    words = gate.verdict(found)
    assert words.startswith("quality gate failed: rmse on all held-out rows is 3.0000")
    assert words.endswith("; set 'x' to '1': down: in 80.0% of 50 rows, 90.0% needed")


@pytest.fixture
def written(project: Project, trained) -> Project:
    """A project with the files the gate reads, for a floor that the model misses."""
    write_json(project.metrics_file, SCORES)
    write_json(project.slices_file, SLICES)
    write_json(project.behaviour_file, [TEST])
    save_schema(VALUES, project.schema_file)
    floors = replace(EVALUATE, minimum={"rmse": 1}, slice_minimum={"rmse": 9})
    set_params(project, replace(trained.params, evaluate=floors))
    return project


def test_gate_prints_a_line_per_check_and_fails(written, capsys) -> None:
    with pytest.raises(ProjectError, match="quality gate failed: rmse on all held-out rows"):
        gate.main(written, [])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "FAILED", "ok", "ok"]


@pytest.mark.parametrize("name", ["metrics", "slices", "behaviour"])
@pytest.mark.parametrize("content", [None, "<<<<<<< HEAD", "{}", "[{}]", "[3]"])
def test_missing_or_damaged_file_is_named(name: str, content: str | None, written) -> None:
    path = getattr(written, f"{name}_file")
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    words = "`make evaluate` writes it" if content is None else "dvc repro --force evaluate"
    with pytest.raises(ProjectError, match=rf"{name}\.json.*{words}"):
        gate.present_evaluation(written)
