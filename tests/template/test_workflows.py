"""The automation of a generated project: valid, true to its Makefile, fit for its remote."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.generator import TEMPLATE, GeneratedProject, Generator

WORKFLOW = {"github": ".github/workflows/ci.yml", "gitlab": ".gitlab-ci.yml"}
SECRETS = {
    "../data-store": [],
    "none": [],
    "s3://bucket/project": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    "gs://bucket/project": ["GCS_SERVICE_ACCOUNT_JSON"],
    "azure://container/project": ["AZURE_STORAGE_CONNECTION_STRING"],
    "ssh://me@host/srv/project": ["SSH_PRIVATE_KEY"],
    "webdavs://host/project": ["WEBDAV_PASSWORD", "WEBDAV_USER"],
}


def scripts(project: GeneratedProject, ci: str) -> dict[str, str | None]:
    """Shell commands of the workflow in order, each with the condition it runs under."""
    workflow = yaml.safe_load(project.read(WORKFLOW[ci]))
    if ci == "gitlab":
        return dict.fromkeys(workflow["project"]["script"])
    steps = workflow["jobs"]["project"]["steps"]
    return {step["run"]: step.get("if") for step in steps if "run" in step}


def check(module: str, *arguments: str | Path) -> None:
    """Run a checker that is installed beside the tests."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("remote", SECRETS)
@pytest.mark.parametrize("ci", WORKFLOW)
def test_workflow_is_valid(generator: Generator, ci: str, remote: str) -> None:
    workflow = generator(ci=ci, dvc_remote=remote, docs=True).path / WORKFLOW[ci]
    if ci == "github":
        check("check_jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
    else:
        transform = ["--data-transform", "gitlab-ci"]
        check("check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", *transform, workflow)


@pytest.mark.parametrize("docs", [False, True])
@pytest.mark.parametrize("ci", WORKFLOW)
def test_workflow_runs_commands_of_the_makefile(generator: Generator, ci: str, docs: bool) -> None:
    project = generator(ci=ci, docs=docs)
    targets = re.findall(r"^([a-z]+):", project.read("Makefile"), flags=re.MULTILINE)

    used = re.findall(r"\bmake ([a-z]+)", "\n".join(scripts(project, ci)))

    assert used == ["setup", "lint", "test", *(["docs"] if docs else []), "pull", "all"]
    assert set(used) <= set(targets)


@pytest.mark.parametrize("ci", WORKFLOW)
@pytest.mark.parametrize(
    ("remote", "pulled"),
    [("s3://bucket/project", True), ("store", True), ("elsewhere/store", False), ("", False)],
)
def test_pipeline_runs_where_the_data_can_be_reached(
    generator: Generator, tmp_path: Path, ci: str, remote: str, pulled: bool
) -> None:
    commands = scripts(generator(ci=ci), ci)
    (pull,) = [command for command in commands if "make pull" in command]
    (tmp_path / "store").mkdir()
    for name, answer in [(".venv/bin/dvc", remote), ("bin/make", "made $*")]:
        stub = tmp_path / name
        stub.parent.mkdir(parents=True)
        stub.write_text(f'#!/bin/sh\necho "{answer}"\n', encoding="utf-8")
        stub.chmod(0o755)
    outputs = tmp_path / "outputs"
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        [shutil.which("bash") or "bash", "-e", "-c", pull],
        cwd=tmp_path,
        env=os.environ | {"PATH": path, "GITHUB_OUTPUT": str(outputs)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ("made pull" in done.stdout) == pulled
    assert ("cannot reach" in done.stdout) != pulled
    if ci == "gitlab":
        assert ("made all" in done.stdout) == pulled
    else:
        assert outputs.exists() == pulled
        assert commands["make all"] == "steps.data.outputs.pulled == 'true'"


@pytest.mark.parametrize(("remote", "names"), SECRETS.items())
def test_workflow_takes_the_secrets_of_its_remote(
    generator: Generator, remote: str, names: list[str]
) -> None:
    text = generator(ci="github", dvc_remote=remote).read(WORKFLOW["github"])

    assert sorted(re.findall(r"\$\{\{ secrets\.(\w+) \}\}", text)) == names


@pytest.mark.parametrize("remote", ["../data-store", "none"])
def test_commit_hooks_are_local_and_push_to_a_remote_there_is(
    generator: Generator, remote: str
) -> None:
    project = generator(dvc_remote=remote)
    check("pre_commit", "validate-config", project.path / ".pre-commit-config.yaml")

    (local,) = yaml.safe_load(project.read(".pre-commit-config.yaml"))["repos"]

    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    assert all(".venv/bin/" in hook["entry"] for hook in local["hooks"])
    assert ("dvc-pre-push" in {hook["id"] for hook in local["hooks"]}) == (remote != "none")


def test_workflow_of_the_template_runs_the_command_of_the_readme() -> None:
    workflow = TEMPLATE / ".github" / "workflows" / "ci.yml"
    check("check_jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)

    (job,) = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()

    command = job["steps"][-1]["run"]
    assert command == "python3 -m pip install tox && python3 -m tox run-parallel"
    assert command in (TEMPLATE / "README.md").read_text(encoding="utf-8")
