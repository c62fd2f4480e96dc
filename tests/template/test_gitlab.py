"""The pipeline of GitLab: which jobs run when, and the job that updates the locks."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.generator import Generator
from support.in_process import generated


def chosen(workflow: dict, **variables: str) -> set[str]:
    """The jobs whose rules hold, of the two kinds of condition that the file has."""

    def holds(condition: str) -> bool:
        for part in condition.split(" && "):
            name, sign, value = re.fullmatch(r"\$(\w+)(?: (==|!=) (.+))?", part).groups()
            if value is None:
                held = bool(variables.get(name))
            else:
                held = (variables.get(name, "null") == value.strip('"')) == (sign == "==")
            if not held:
                return False
        return True

    jobs = {name: job for name, job in workflow.items() if "script" in job}
    return {name for name, job in jobs.items() if any(holds(rule["if"]) for rule in job["rules"])}


@pytest.mark.parametrize("schedule", ["none", "gitlab"])
def test_pipeline_of_gitlab_runs_the_jobs_it_is_for(schedule: str) -> None:
    workflow = yaml.safe_load(generated(ci="gitlab", schedule=schedule).read(".gitlab-ci.yml"))
    assert chosen(workflow, CI_PIPELINE_SOURCE="push") == {"project"}
    assert chosen(workflow, CI_PIPELINE_SOURCE="merge_request_event") == {"project"}
    assert chosen(workflow, CI_PIPELINE_SOURCE="schedule", LOCK="1") == {"lock"}
    daily = {"daily"} if schedule == "gitlab" else {"project"}
    assert chosen(workflow, CI_PIPELINE_SOURCE="schedule") == daily


@pytest.mark.parametrize("newer", [True, False])
def test_lock_job_of_gitlab_proposes_what_has_changed(
    generator: Generator, tmp_path: Path, newer: bool
) -> None:
    project = generator(ci="gitlab")
    job = yaml.safe_load(project.read(".gitlab-ci.yml"))["lock"]
    origin, address = tmp_path / "origin.git", "https://lock:t@forge.example/team/project.git"
    made = tmp_path / "bin" / "make"
    made.parent.mkdir()
    change = 'test "$1" = lock && echo new >> requirements.txt' if newer else ""
    made.write_text(
        f'#!/bin/sh\necho "$UV_EXCLUDE_NEWER: $*" >> made.log\n{change}\ntrue\n',
        encoding="utf-8",
    )
    made.chmod(0o755)
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost")

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=project.path, capture_output=True, text=True, check=True
        )
        return done.stdout

    git("init", "--quiet", "--initial-branch", "main")
    git("add", "--all")
    git(*who, "commit", "--quiet", "--message", "start")
    git("clone", "--quiet", "--bare", ".", str(origin))
    git("--git-dir", str(origin), "config", "receive.advertisePushOptions", "true")
    git("config", f"url.{origin}.insteadOf", address)
    names = {
        "LOCK_TOKEN": "t",
        "CI_SERVER_HOST": "forge.example",
        "CI_PROJECT_PATH": "team/project",
    }
    names["PATH"] = f"{made.parent}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join(job["script"])
    command = [shutil.which("bash") or "bash", "-e", "-o", "pipefail", "-c", script]
    for _ in range(2):  # the branch of last week is replaced
        subprocess.run(command, cwd=project.path, env=os.environ | names, check=True)

    assert project.read("made.log").splitlines()[:2] == ["7 days: lock UPGRADE=1", ": setup test"]
    branches = git("--git-dir", str(origin), "branch", "--format=%(refname:short)").split()
    assert branches == (["lock", "main"] if newer else ["main"])
    if newer:
        changed = git("--git-dir", str(origin), "diff", "--name-only", "main", "lock").split()
        assert changed == ["requirements.txt"]
    assert "-o merge_request.create" in script
