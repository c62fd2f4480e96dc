"""What runs a project every day: each engine's file by its own checker, and its commands by the shell."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from cronsim import CronSim, CronSimError
from support.generator import Generator
from support.scheduled import DAY, Scheduled, blocks

fcntl = pytest.importorskip("fcntl", reason="Windows has none of what these engines run on")
BIN = Path(sys.executable).parent
UPTO_MONITOR = DAY[: DAY.index("monitor") + 1]
GITHUB, GITLAB = ".github/workflows/schedule.yml", ".gitlab-ci.yml"
CRONJOB = "deploy/kubernetes/cronjob.yaml"
# systemd knows hundreds of keys: those that are used here, and may be.
KEYS = {
    "Unit": {"Description", "OnFailure"},
    "Service": {"Type", "WorkingDirectory", "ExecStart", "TimeoutStartSec", "Nice"},
    "Timer": {"OnCalendar", "Persistent", "RandomizedDelaySec"},
    "Install": {"WantedBy"},
}


def every_day(line: str) -> None:
    """Hold that a line of cron is one, and means once a day."""
    times = CronSim(line, datetime(2026, 1, 1))
    first, second = next(times), next(times)
    assert (second - first).total_seconds() == 86_400


def checked(*command: str | Path) -> str:
    """Run a checker, and return what it says."""
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def schema(path: Path) -> None:
    """Compare a workflow with its published schema."""
    gitlab = ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    names = gitlab if path.name == GITLAB else ["vendor.github-workflows"]
    checked(BIN / "check-jsonschema", "--builtin-schema", *names, path)


def fault(path: Path, old: str, new: str) -> None:
    """Put a fault into a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


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


# GitHub


def zizmor(path: Path) -> None:
    """Look for what makes a workflow unsafe."""
    said = checked(BIN / "zizmor", "--offline", "--no-progress", path)
    assert "No findings to report" in said


def github(day: Scheduled, **variables: str) -> list[str]:
    """Run the steps of the workflow as GitHub does; the steps of the project that ran."""
    workflow = yaml.safe_load(day.project.read(GITHUB))
    ran, failed = [], False
    for step in workflow["jobs"]["daily"]["steps"]:
        when = step.get("if", "success()")
        assert when in ("success()", "failure()", "always()")
        if "run" in step and when in ("always()", "failure()" if failed else "success()"):
            run = {"RUN": "https://forge/1"} if "RUN" in step.get("env", {}) else {}
            code, steps = day.run("bash", "-e", "-c", step["run"], **variables | run)
            ran, failed = ran + steps, failed or code != 0
    return ran


def test_workflow_of_github(generator: Generator) -> None:
    day = Scheduled(generator, schedule="github")
    path = day.path / GITHUB
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema(path)
    zizmor(path)
    every_day(workflow[True]["schedule"][0]["cron"])  # YAML reads `on` as true
    assert workflow["concurrency"] == {"group": "schedule", "cancel-in-progress": False}

    origin = day.publish()
    day.git("remote", "add", "origin", str(origin))
    day.add("gh", '#!/bin/sh\necho "gh $*" >> "$RECORD"\ntest "$1 $2" != "pr view"\n')
    assert github(day) == ["setup", *DAY, "gh auth setup-git"]

    assert github(day, FAIL="monitor") == [
        *("setup", *UPTO_MONITOR),
        "alert the daily run failed, see https://forge/1",
    ]

    said = github(day, TRAIN="1")
    assert [line[:12] for line in said[-2:]] == ["gh pr view r", "gh pr create"]
    changed = day.git("show", "--stat", "retrain", at=origin)
    assert "models/shadow.json" in changed

    day.git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert day.run("make", "act") == (0, [])
    assert "merge or delete the branch retrain" in day.said


def test_faults_in_a_workflow_are_found(generator: Generator) -> None:
    path = generator(schedule="github").path / GITHUB
    whole = path.read_text(encoding="utf-8")
    fault(path, "make propose", "echo ${{ github.event.head_commit.message }}")
    with pytest.raises(AssertionError):
        zizmor(path)
    path.write_text(whole, encoding="utf-8")
    fault(path, "runs-on", "run-on")
    with pytest.raises(AssertionError):
        schema(path)


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({}, []),
        ({"dvc_remote": "s3://b/x"}, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
        ({"dvc_remote": "azure://b/x"}, ["AZURE_STORAGE_CONNECTION_STRING"]),
        ({"dvc_remote": "gs://b/x"}, ["GCS_SERVICE_ACCOUNT_JSON"]),
        ({"dvc_remote": "ssh://b/x"}, ["SSH_PRIVATE_KEY"]),
        ({"dvc_remote": "webdav://b/x"}, ["WEBDAV_PASSWORD", "WEBDAV_USER"]),
        ({"raw_data": "s3://b/t.csv"}, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
        ({"raw_data": "postgresql://host/shop#orders"}, ["DATABASE_PASSWORD"]),
    ],
    ids=str,
)
def test_workflow_takes_the_secrets_it_needs(
    generator: Generator, answers: dict, names: list[str]
) -> None:
    text = generator(schedule="github", target="sex", **answers).read(GITHUB)
    assert sorted(set(re.findall(r"secrets\.(\w+)", text))) == sorted(["ALERT_URL", *names])


# GitLab


def gitlab(day: Scheduled, **variables: str) -> list[str]:
    """Run the job as GitLab does; the steps that ran."""
    workflow = yaml.safe_load(day.project.read(GITLAB))
    job = workflow["daily"]
    script = "\n".join([*workflow["default"]["before_script"], *job["script"]])
    names = {"GITLAB_CI": "true", "CI_JOB_URL": "https://forge/1", "RETRAIN_TOKEN": "t"}
    code, ran = day.run("bash", "-e", "-c", script, **names | variables)
    names["CI_JOB_STATUS"] = "failed" if code else "success"
    _, after = day.run("bash", "-e", "-c", *job["after_script"], **names)
    return ran + after


@pytest.mark.parametrize("ci", ["none", "gitlab"])
def test_job_of_gitlab(generator: Generator, ci: str) -> None:
    day = Scheduled(generator, schedule="gitlab", ci=ci)
    path = day.path / GITLAB
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema(path)
    assert workflow["daily"]["resource_group"]
    other = " && $LOCK == null" if ci == "gitlab" else ""
    assert workflow["daily"]["rules"] == [{"if": f'$CI_PIPELINE_SOURCE == "schedule"{other}'}]
    assert ("LOCK" in path.read_text(encoding="utf-8")) == ("lock" in workflow) == (ci == "gitlab")
    assert ("project" in workflow) == (ci == "gitlab")
    if ci == "gitlab":
        assert workflow["project"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE != "schedule"'}]

    day.git("remote", "add", "origin", str(day.publish()))
    assert gitlab(day) == ["setup", *DAY]

    told = "alert the daily run failed, see https://forge/1"
    assert gitlab(day, FAIL="monitor") == ["setup", *UPTO_MONITOR, told]

    fault(path, "resource_group", "resourcegroup")
    with pytest.raises(AssertionError):
        schema(path)


# Kubernetes


def kubernetes(path: Path) -> None:
    """Compare manifests with the schemas of Kubernetes, which take any text as a schedule."""
    said = checked(BIN / "kubernetes-validate", "--strict", path)
    claim, job = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    assert said.count(" passed ") == 2
    every_day(job["spec"]["schedule"])
    assert len(job["metadata"]["name"]) <= 52  # pods are named after it
    assert re.fullmatch("[a-z]([a-z0-9-]*[a-z0-9])?", job["metadata"]["name"])
    (work, _) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    assert work["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


@pytest.mark.parametrize(
    "change",
    [("backoffLimit", "backOffLimit"), ("15 6 * * *", "75 6 * * *"), ("15 6 * * *", "15 6 * * 1")],
    ids=str,
)
def test_fault_in_a_manifest_is_found(generator: Generator, change: tuple[str, str]) -> None:
    path = generator(schedule="kubernetes").path / CRONJOB
    kubernetes(path)
    fault(path, *change)
    with pytest.raises((AssertionError, CronSimError)):
        kubernetes(path)


def test_longest_name_fits_kubernetes(generator: Generator) -> None:
    kubernetes(generator(schedule="kubernetes", package_name="a__b_" + "x" * 58).path / CRONJOB)


def test_job_of_kubernetes(generator: Generator, tmp_path: Path) -> None:
    day = Scheduled(generator, bare=True, schedule="kubernetes", serving=True)
    origin, work = day.publish(), tmp_path / "volume"
    work.mkdir()
    _, job = yaml.safe_load_all(day.project.read(CRONJOB))
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    names = {one["name"]: one["value"] for one in container["env"]}
    names |= {"REPOSITORY": str(origin), "HOME": str(work), "HOSTNAME": "pod-1"}

    def run(**variables: str) -> tuple[int, list[str]]:
        command = [*container["command"], *container["args"]]
        return day.run(*command, at=work, **names | variables)

    assert run() == (0, ["setup", *DAY])
    names_left = ("data/raw/old.csv", "data/log/today.sqlite", ".venv/kept")
    left = [work / "project" / name for name in names_left]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    code, steps = run(FAIL="monitor")
    assert [path.exists() for path in left] == [False, True, True]
    told = "alert the daily run failed, see kubectl logs pod-1"
    assert (code != 0, steps) == (True, ["setup", *UPTO_MONITOR, told])

    assert run(TRAIN="1") == (0, ["setup", *DAY])
    assert "models/shadow.json" in day.git("show", "--stat", "retrain", at=origin)
    assert run(TRAIN="1") == (0, ["setup", *(step for step in DAY if step != "act")])
    assert "merge or delete the branch retrain" in day.said
    day.git("branch", "--delete", "--force", "retrain", at=origin)
    assert run() == (0, ["setup", *DAY])


def test_token_for_git_is_asked_for_and_kept_nowhere(generator: Generator) -> None:
    _, job = yaml.safe_load_all(generator(schedule="kubernetes").read(CRONJOB))
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    names = {one["name"]: one["value"] for one in container["env"]} | {"GIT_TOKEN": "t0ken"}
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=git.example\n\n",
        env=generator.environment | names,
        capture_output=True,
        encoding="utf-8",
    )
    assert "password=t0ken\n" in done.stdout
    assert json.dumps(job).count("secretRef") == 1
