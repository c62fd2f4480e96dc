"""A project's day, and cron and systemd, which run it on one machine."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from cronsim import CronSimError
from support.checkers import every_day, fault
from support.generator import Generator
from support.scheduled import DAY, UPTO_MONITOR, Scheduled, blocks

fcntl = pytest.importorskip("fcntl", reason="Windows has none of what these engines run on")
# systemd knows hundreds of keys: those that are used here, and may be.
KEYS = {
    "Unit": {"Description", "OnFailure"},
    "Service": {"Type", "WorkingDirectory", "ExecStart", "TimeoutStartSec", "Nice"},
    "Timer": {"OnCalendar", "Persistent", "RandomizedDelaySec"},
    "Install": {"WantedBy"},
}


# The day, which cron, systemd, GitHub, GitLab and Kubernetes share


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        ({}, DAY),
        ({"raw_data": "https://host/t.csv"}, ["pull", "fetch", *DAY[1:]]),
        ({"dvc_remote": "none"}, DAY[1:-1]),
    ],
)
def test_day_runs_its_steps_in_order(generator: Generator, answers: dict, steps: list[str]) -> None:
    day = Scheduled(generator, schedule="cron", target="sex", **answers)
    assert day.run("make", "daily") == (0, steps)


@pytest.mark.parametrize(
    ("failing", "ran"),
    [
        ("predict", DAY[:4]),
        ("monitor", UPTO_MONITOR),
        ("act", DAY[:6]),
        ("pull", ["pull", "pull"]),
        ("push", [*DAY, "push"]),
    ],
)
def test_day_stops_at_what_fails_and_tries_the_network_again(
    generator: Generator, failing: str, ran: list[str]
) -> None:
    day = Scheduled(generator, schedule="systemd")
    code, steps = day.run("make", "daily", FAIL=failing)
    assert (code != 0, steps) == (True, ran)
    assert "error: why it fails" in day.said
    assert f"make {failing} failed: what follows was not run" in day.said


def test_commands_of_the_page(generator: Generator) -> None:
    day = Scheduled(generator, schedule="cron")
    (alert, promote), (daily,) = blocks("Every day"), blocks("cron")
    assert day.run("bash", "-c", alert) == (0, ["alert can you hear me?"])
    assert day.run("bash", "-c", daily) == (0, DAY)
    day.add("git", "#!/bin/sh\n")
    assert day.run("bash", "-c", promote) == (0, ["pull", "register", "promote"])


# cron


def crontab(day: Scheduled) -> tuple[str, str, dict[str, str]]:
    """Time, command and variables of the crontab."""
    lines = day.project.read("deploy/crontab").splitlines()
    (line,) = (line for line in lines if line[0].isdigit())
    variables = dict(line.split("=", 1) for line in lines if re.match("[A-Z]+=", line))
    *time, command = line.split(maxsplit=5)
    assert "%" not in command  # cron's line break
    return " ".join(time), command, variables


def cron(day: Scheduled, **variables: str) -> list[str]:
    """Run the line with what cron gives it, and the stub's settings."""
    _, command, own = crontab(day)
    home = {"HOME": str(day.path.parent), "RECORD": str(day.record)}
    pairs = [f"{name}={value}" for name, value in (home | own | variables).items()]
    _, steps = day.run("/usr/bin/env", "-i", *pairs, "/bin/sh", "-c", command)
    assert not day.said, "cron mails what is not in the log"
    return steps


NEEDS_FLOCK = pytest.mark.skipif(
    not shutil.which("flock"), reason="flock, which cron's line needs, is not on this machine"
)


def test_crontab_means_every_day(generator: Generator) -> None:
    time, command, variables = crontab(Scheduled(generator, schedule="cron"))
    every_day(time)
    with pytest.raises(CronSimError):
        every_day(time.replace("15 6", "75 6"))
    assert re.search(r"flock --nonblock .* make daily \|\| make alert", command)
    assert variables == {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@NEEDS_FLOCK
def test_line_of_cron(generator: Generator) -> None:
    day = Scheduled(generator, schedule="cron")
    assert cron(day) == DAY

    (alert,) = set(cron(day, FAIL="monitor")) - set(UPTO_MONITOR)
    assert alert == "alert the daily run failed, see daily.log"
    assert "error: why it fails" in day.project.read("daily.log")
    day.git("init", "--quiet")
    assert "daily" not in day.git("status", "--short", "--untracked-files=all")


@NEEDS_FLOCK
def test_cron_never_runs_it_twice_at_once(generator: Generator) -> None:
    day = Scheduled(generator, schedule="cron")
    lock = day.path / ".daily.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert day.run("flock", "--nonblock", str(lock), "true") == (1, [])
        assert cron(day) == ["alert the daily run failed, see daily.log"]
    assert cron(day) == DAY


# systemd


def units(folder: Path) -> dict[str, configparser.ConfigParser]:
    """The unit files by their names; a key that is not known is refused."""
    found = {}
    for path in sorted(folder.iterdir()):
        unit = found[path.name] = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str  # keys have capitals
        unit.read_string(path.read_text(encoding="utf-8"))
        for section in unit.sections():
            assert unit[section].keys() <= KEYS[section], path.name
    return found


def verify(folder: Path, runtime: Path) -> None:
    """Let systemd read the units, where this machine has it: what is wrong it says, and exits with 0."""
    if shutil.which("systemd-analyze"):
        files = sorted(str(path) for path in folder.iterdir() if "@" not in path.name)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", *files],
            env={"XDG_RUNTIME_DIR": str(runtime), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            encoding="utf-8",
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_units_of_systemd(generator: Generator, tmp_path: Path) -> None:
    day = Scheduled(generator, schedule="systemd")
    folder = day.path / "deploy/systemd"
    found = units(folder)
    verify(folder, tmp_path)
    name = "my_ml_project"
    (page,) = blocks("systemd")
    named = re.findall(r"my_ml_project\S*", page)
    assert set(named) == {f"{name}.service", f"{name}.timer"}
    service, timer = found[f"{name}.service"], found[f"{name}.timer"]
    assert list(found) == [f"{name}-alert@.service", f"{name}.service", f"{name}.timer"]
    assert service["Service"]["Type"] == "oneshot"  # is not started while it runs
    assert service["Unit"]["OnFailure"] == f"{name}-alert@%n.service"
    assert re.fullmatch(r"\*-\*-\* [0-2]\d:[0-5]\d", timer["Timer"]["OnCalendar"])

    def start(unit: str, **variables: str) -> tuple[int, list[str]]:
        words = shlex.split(found[unit]["Service"]["ExecStart"].replace("%i", f"{name}.service"))
        assert found[unit]["Service"]["WorkingDirectory"] == "%h/my-ml-project"
        return day.run(*words, **variables)

    assert start(f"{name}.service") == (0, DAY)
    code, steps = start(f"{name}.service", FAIL="monitor")
    assert (code != 0, steps) == (True, UPTO_MONITOR)
    told = f"alert {name}.service failed, see journalctl --user --unit {name}.service"
    assert start(f"{name}-alert@.service") == (0, [told])


def test_misspelt_key_of_systemd_is_found(generator: Generator, tmp_path: Path) -> None:
    folder = generator(schedule="systemd").path / "deploy/systemd"
    fault(folder / "my_ml_project.service", "OnFailure", "OnFailed")
    with pytest.raises(AssertionError):
        units(folder)
    if shutil.which("systemd-analyze"):
        with pytest.raises(AssertionError):
            verify(folder, tmp_path)
