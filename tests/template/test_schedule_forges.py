"""GitHub and GitLab run a project every day: workflows by their checkers, commands by the shell."""

import re
from pathlib import Path

import pytest
import yaml
from support.checkers import BIN, checked, every_day, fault
from support.generator import Generator
from support.in_process import generated
from support.scheduled import DAY, UPTO_MONITOR, Scheduled

pytest.importorskip("fcntl", reason="Windows has none of what these engines run on")
GITHUB, GITLAB = ".github/workflows/schedule.yml", ".gitlab-ci.yml"


def schema(path: Path) -> None:
    """Compare a workflow with its published schema."""
    gitlab = ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    names = gitlab if path.name == GITLAB else ["vendor.github-workflows"]
    checked(BIN / "check-jsonschema", "--builtin-schema", *names, path)


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
def test_workflow_takes_the_secrets_it_needs(answers: dict, names: list[str]) -> None:
    text = generated(schedule="github", target="sex", **answers).read(GITHUB)
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
