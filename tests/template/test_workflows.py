"""The automation of a generated project: valid, true to its Makefile, fit for its remote."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.checkers import checked, valid
from support.generator import GeneratedProject, Generator
from support.in_process import generated
from support.recipes import steps

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
        return dict.fromkeys(workflow["default"]["before_script"] + workflow["project"]["script"])
    steps = workflow["jobs"]["project"]["steps"]
    return {step["run"]: step.get("if") for step in steps if "run" in step}


@pytest.mark.parametrize("remote", SECRETS)
@pytest.mark.parametrize("ci", WORKFLOW)
def test_workflow_is_valid(ci: str, remote: str) -> None:
    workflow = generated(ci=ci, dvc_remote=remote, docs=True).path / WORKFLOW[ci]
    if ci == "github":
        valid(workflow, "vendor.github-workflows")
    else:
        valid(workflow, "vendor.gitlab-ci", "--data-transform", "gitlab-ci")


@pytest.mark.parametrize("docs", [False, True])
@pytest.mark.parametrize("ci", WORKFLOW)
def test_workflow_runs_commands_of_the_makefile(ci: str, docs: bool) -> None:
    project = generated(ci=ci, docs=docs)
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
    tmp_path: Path, ci: str, remote: str, pulled: bool
) -> None:
    commands = scripts(generated(ci=ci), ci)
    (pull,) = [command for command in commands if "make pull" in command]
    (tmp_path / "store").mkdir()
    stubs = {".venv/bin/dvc": remote, ".venv/bin/python": "ran $*", "bin/make": "made $*"}
    for name, answer in stubs.items():
        stub = tmp_path / name
        stub.parent.mkdir(parents=True, exist_ok=True)
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
        assert "ran -m tabwright status" in done.stdout
    else:
        assert ".venv/bin/python -m tabwright status" in commands
        assert outputs.exists() == pulled
        assert commands["make all"] == "steps.data.outputs.pulled == 'true'"


def test_only_the_job_that_comments_may_write_and_it_runs_nothing_of_the_project() -> None:
    workflow = yaml.safe_load(generated(ci="github").read(WORKFLOW["github"]))
    project, comment = workflow["jobs"]["project"], workflow["jobs"]["comment"]
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in project
    assert comment["permissions"] == {"pull-requests": "write"}
    (step,) = comment["steps"]
    assert step["run"].startswith("gh pr comment ")
    assert "${{" not in step["run"]  # what a pull request says is never part of a command


@pytest.mark.parametrize("ci", WORKFLOW)
def test_metrics_are_compared_with_the_target_branch(tmp_path: Path, ci: str) -> None:
    workflow = yaml.safe_load(generated(ci=ci).read(WORKFLOW[ci]))
    if ci == "github":
        (show,) = [
            step["run"]
            for step in workflow["jobs"]["project"]["steps"]
            if step.get("id") == "metrics"
        ]
    else:
        (show,) = workflow["project"]["after_script"]
    for name, script in [
        (".venv/bin/python", 'echo "table of $*"'),
        ("bin/curl", f'echo "$*" > "{tmp_path}/note"'),
        ("reports/metrics.json", "{}"),
    ]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    said = {}
    for target in ("main", ""):
        names = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        names |= {"GITHUB_BASE_REF": target, "CI_MERGE_REQUEST_DIFF_BASE_SHA": target and "a" * 40}
        names |= {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        names |= {"COMMENT_TOKEN": "t", "CI_MERGE_REQUEST_IID": "7" if target else ""}
        command = [shutil.which("bash") or "bash", "-e", "-c", show]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | names,
            capture_output=True,
            text=True,
            check=True,
        )
        summary = Path(names["GITHUB_STEP_SUMMARY"])
        said[target] = summary.read_text(encoding="utf-8") if ci == "github" else done.stdout
        summary.unlink(missing_ok=True)
    against = "origin/main" if ci == "github" else "aaaaaaaa"
    assert f"table of -m tabwright metrics --against {against}\n" in said["main"]
    assert "table of -m tabwright metrics\n" in said[""]
    if ci == "github":
        assert "table<<END\ntable of" in (tmp_path / "GITHUB_OUTPUT").read_text(encoding="utf-8")
    else:
        assert "merge_requests/7/notes" in (tmp_path / "note").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", ["example", "https://example.org/t.csv"])
@pytest.mark.parametrize("ci", ["none", *WORKFLOW])
def test_schedule_of_the_recipe_is_valid(
    generator: Generator, tmp_path: Path, ci: str, source: str
) -> None:
    project = generator(ci=ci, raw_data=source, target="sex", venv=False)
    page = project.read("docs/recipes.md")
    found = [step for step in steps(page) if step.recipe == "A schedule"]
    assert len(found) == (ci != "none")
    assert ("chedule" in page) == (ci != "none")
    for step in found:
        step.paste(project.path)
        names = (
            ["vendor.github-workflows"]
            if ci == "github"
            else ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        )
        valid(project.path / step.file, *names)
        used = re.findall(r"\bmake ([a-z ]+)", step.text)
        used = [name.strip() for names in used for name in names.split()]
        wanted = ["data", "evaluate", "register", "promote", "predict"]
        assert ("fetch" in used) == (source != "example")
        assert [name for name in dict.fromkeys(used) if name in wanted] == wanted


@pytest.mark.parametrize(("remote", "names"), SECRETS.items())
def test_workflow_takes_the_secrets_of_its_remote(remote: str, names: list[str]) -> None:
    text = generated(ci="github", dvc_remote=remote, docs=True).read(WORKFLOW["github"])

    assert sorted(re.findall(r"\$\{\{ secrets\.(\w+) \}\}", text)) == names


@pytest.mark.parametrize("remote", ["../data-store", "none"])
def test_commit_hooks_are_local_and_push_to_a_remote_there_is(remote: str) -> None:
    project = generated(dvc_remote=remote)
    checked(
        sys.executable,
        "-m",
        "pre_commit",
        "validate-config",
        project.path / ".pre-commit-config.yaml",
    )

    (local,) = yaml.safe_load(project.read(".pre-commit-config.yaml"))["repos"]

    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    assert not [hook for hook in local["hooks"] if hook["entry"].startswith(("sh ", ".venv"))]
    assert ("dvc-pre-push" in {hook["id"] for hook in local["hooks"]}) == (remote != "none")
