"""A step is stopped at any moment; nothing finished is lost, and the next run finishes it."""

import json
import shutil
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from support.faults import (
    PREDICTIONS,
    STEPS,
    ProjectCopy,
    ProjectStates,
    nothing_is_lost_or_half_written,
)
from support.summary import asked_for, trying

SEED = 20240501
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT}


@dataclass(frozen=True)
class Moment:
    """When a step is stopped, and how."""

    number: int
    step: str
    signal: str
    share: float  # of the seconds that the step takes
    whole_group: bool

    def __str__(self) -> str:
        whom = "all" if self.whole_group else "make"
        return f"{self.number}-{self.signal}-{self.step}-{self.share:.2f}-{whom}"


def moments(count: int) -> list[Moment]:
    """Seeded moments; steps take turns, and so do signals."""
    random = Random(SEED)
    steps, kinds = list(STEPS), list(SIGNALS)
    found = []
    for number in range(count):
        turn, number_of_step = divmod(number, len(steps))
        kind = kinds[(turn + number_of_step) % len(kinds)]
        share, coin = random.random(), random.random()
        found.append(
            Moment(number, steps[number_of_step], kind, share, kind == "Ctrl-C" or coin < 0.5)
        )
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" in metafunc.fixturenames:
        chosen = moments(metafunc.config.getoption("--moments"))
        metafunc.parametrize("moment", chosen, ids=str)


@pytest.fixture(scope="module")
def outcomes(
    states: ProjectStates, pool: ThreadPoolExecutor, request: pytest.FixtureRequest
) -> dict[Moment, Future]:
    """The trials of all moments that are asked for, two at a time."""
    asked = asked_for(request, "moment")
    return {moment: pool.submit(survive, states, moment) for moment in asked}


def test_step_is_stopped_and_the_next_run_finishes_it(
    moment: Moment, outcomes: dict[Moment, Future]
) -> None:
    with trying(f"{moment.signal} during {moment.step}"):
        outcomes[moment].result()


def test_run_whose_process_was_killed_is_closed(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("train", tmp_path / "project")
    with trying("SIGKILL while a run is logged"):
        running = project.start("make train")
        while "RUNNING" not in project.statuses() and not running.ends_within(0.01):
            pass
        running.stop(signal.SIGKILL, whole_group=True)
        running.end()
        assert project.statuses().count("RUNNING") == 1
        project.go_on("make train")
        assert project.files() == states.after["train"]
        assert sorted(project.statuses()) == ["FINISHED", "FINISHED", "KILLED"]


def survive(states: ProjectStates, moment: Moment) -> None:
    """Stop a step, look at what is there, run it again, and compare with a run nobody stopped."""
    project = stopped(states, moment)
    undisturbed = states.after[moment.step]
    nothing_is_lost_or_half_written(project, states.before[moment.step], undisturbed)
    project.go_on(STEPS[moment.step])
    assert project.files() == undisturbed
    assert "RUNNING" not in project.statuses()
    assert project.registry() == states.registry[moment.step]
    records_are_whole(project)
    if moment.step == "push":
        everything_is_on_the_remote(project, undisturbed)
    shutil.rmtree(project.path.parent)


def stopped(states: ProjectStates, moment: Moment) -> ProjectCopy:
    """A project in which the step was stopped; earlier, where it was over by then."""
    share = moment.share
    while True:
        path = states.root / "moments" / f"{moment.number}" / "project"
        project = states.copy(moment.step, path)
        running = project.start(STEPS[moment.step])
        if not running.ends_within(share * states.seconds[moment.step]):
            running.stop(SIGNALS[moment.signal], moment.whole_group)
            running.end()
            return project
        shutil.rmtree(path.parent)
        share /= 2


def records_are_whole(project: ProjectCopy) -> None:
    for path in (project.path / "reports/runs").glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def everything_is_on_the_remote(project: ProjectCopy, undisturbed: dict[str, str]) -> None:
    """Remove all that DVC keeps and fetch it; predictions are nobody's to keep."""
    shutil.rmtree(project.path / ".dvc/cache")
    project.done("make clean")
    project.done("make pull verify")
    assert project.files() == {
        name: undisturbed[name] for name in undisturbed if not name.startswith(PREDICTIONS)
    }
