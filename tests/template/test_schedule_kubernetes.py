"""Kubernetes runs a project every day: manifests by their schemas, commands by the shell."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from cronsim import CronSimError
from support.checkers import BIN, checked, every_day, fault
from support.generator import Generator
from support.in_process import generated
from support.scheduled import DAY, UPTO_MONITOR, Scheduled

pytest.importorskip("fcntl", reason="Windows has none of what these engines run on")
CRONJOB = "deploy/kubernetes/cronjob.yaml"


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


def test_longest_name_fits_kubernetes() -> None:
    kubernetes(generated(schedule="kubernetes", package_name="a__b_" + "x" * 58).path / CRONJOB)


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
    _, job = yaml.safe_load_all(generated(schedule="kubernetes").read(CRONJOB))
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
