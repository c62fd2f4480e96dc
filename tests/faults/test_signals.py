"""A step is stopped at any moment; nothing finished is lost, and the next run finishes it."""

import json
import shutil
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from .bench import STEPS, Bench, Place
from .tally import asked_for, trying

SEED = 20240501
PREDICTIONS = "data/processed/predictions.csv"
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
        turn, place = divmod(number, len(steps))
        kind = kinds[(turn + place) % len(kinds)]
        share, coin = random.random(), random.random()
        found.append(Moment(number, steps[place], kind, share, kind == "Ctrl-C" or coin < 0.5))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" in metafunc.fixturenames:
        chosen = moments(metafunc.config.getoption("--moments"))
        metafunc.parametrize("moment", chosen, ids=str)


@pytest.fixture(scope="module")
def outcomes(
    bench: Bench, pool: ThreadPoolExecutor, request: pytest.FixtureRequest
) -> dict[Moment, Future]:
    """The trials of all moments that are asked for, two at a time."""
    asked = asked_for(request, "moment")
    return {moment: pool.submit(survive, bench, moment) for moment in asked}


def test_step_is_stopped_and_the_next_run_finishes_it(
    moment: Moment, outcomes: dict[Moment, Future]
) -> None:
    with trying(f"{moment.signal} during {moment.step}"):
        outcomes[moment].result()


def test_run_whose_process_was_killed_is_closed(bench: Bench, tmp_path: Path) -> None:
    place = bench.place("train", tmp_path / "project")
    with trying("SIGKILL while a run is logged"):
        running = place.start("make train")
        while "RUNNING" not in place.statuses() and not running.ends_within(0.01):
            pass
        running.stop(signal.SIGKILL, whole_group=True)
        running.end()
        assert place.statuses().count("RUNNING") == 1
        place.go_on("make train")
        assert place.files() == bench.after["train"]
        assert sorted(place.statuses()) == ["FINISHED", "FINISHED", "KILLED"]


def survive(bench: Bench, moment: Moment) -> None:
    """Stop a step, look at what is there, run it again, and compare with a run nobody stopped."""
    place = stopped(bench, moment)
    undisturbed = bench.after[moment.step]
    nothing_is_lost_or_half_written(place, bench.before[moment.step], undisturbed)
    place.go_on(STEPS[moment.step])
    assert place.files() == undisturbed
    assert "RUNNING" not in place.statuses()
    assert place.registry() == bench.registry[moment.step]
    records_are_whole(place)
    if moment.step == "push":
        everything_is_on_the_remote(place, undisturbed)
    shutil.rmtree(place.path.parent)


def stopped(bench: Bench, moment: Moment) -> Place:
    """A project in which the step was stopped; earlier, where it was over by then."""
    share = moment.share
    while True:
        path = bench.root / "moments" / f"{moment.number}" / "project"
        place = bench.place(moment.step, path)
        running = place.start(STEPS[moment.step])
        if not running.ends_within(share * bench.seconds[moment.step]):
            running.stop(SIGNALS[moment.signal], moment.whole_group)
            running.end()
            return place
        shutil.rmtree(path.parent)
        share /= 2


def nothing_is_lost_or_half_written(
    place: Place, before: dict[str, str], undisturbed: dict[str, str]
) -> None:
    """Each file is as it was, or as it becomes; what is neither is marked as partial."""
    now = place.files()
    for name in before.keys() | now.keys():
        if name in now:
            whole = now[name] in (before.get(name), undisturbed.get(name))
            assert whole or ".partial" in name, f"{name} is half-written"
        else:
            assert name not in undisturbed or ".partial" in name, f"{name} is lost"


def records_are_whole(place: Place) -> None:
    for path in (place.path / "reports/runs").glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def everything_is_on_the_remote(place: Place, undisturbed: dict[str, str]) -> None:
    """Remove all that DVC keeps and fetch it; predictions are nobody's to keep."""
    shutil.rmtree(place.path / ".dvc/cache")
    place.done("make clean")
    place.done("make pull verify")
    assert place.files() == {
        name: undisturbed[name] for name in undisturbed if not name.startswith(PREDICTIONS)
    }
