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


def test_only_the_job_that_comments_may_write_and_it_runs_nothing_of_the_project(
    generator: Generator,
) -> None:
    workflow = yaml.safe_load(generator(ci="github").read(WORKFLOW["github"]))
    project, comment = workflow["jobs"]["project"], workflow["jobs"]["comment"]
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in project
    assert comment["permissions"] == {"pull-requests": "write"}
    (step,) = comment["steps"]
    assert step["run"].startswith("gh pr comment ")
    assert "${{" not in step["run"]  # what a pull request says is never part of a command


@pytest.mark.parametrize("ci", WORKFLOW)
def test_metrics_are_compared_with_the_target_branch(
    generator: Generator, tmp_path: Path, ci: str
) -> None:
    workflow = yaml.safe_load(generator(ci=ci).read(WORKFLOW[ci]))
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
def test_pipeline_of_gitlab_runs_the_jobs_it_is_for(generator: Generator, schedule: str) -> None:
    workflow = yaml.safe_load(generator(ci="gitlab", schedule=schedule).read(WORKFLOW["gitlab"]))
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
    job = yaml.safe_load(project.read(WORKFLOW["gitlab"]))["lock"]
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
        check("check_jsonschema", "--builtin-schema", *names, project.path / step.file)
        used = re.findall(r"\bmake ([a-z ]+)", step.text)
        used = [name.strip() for names in used for name in names.split()]
        wanted = ["data", "evaluate", "register", "promote", "predict"]
        assert ("fetch" in used) == (source != "example")
        assert [name for name in dict.fromkeys(used) if name in wanted] == wanted


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
    assert not [hook for hook in local["hooks"] if hook["entry"].startswith(("sh ", ".venv"))]
    assert ("dvc-pre-push" in {hook["id"] for hook in local["hooks"]}) == (remote != "none")


@pytest.fixture
def automation(generator: Generator) -> dict[str, list[Path]]:
    """The files for GitHub of a project and of the template."""
    answers = {"dvc_remote": "s3://bucket/project", "docs": True, "schedule": "github"}
    project = generator(ci="github", **answers).path
    folders = {"project": project / ".github", "template": TEMPLATE / ".github"}
    return {name: sorted(folder.rglob("*.yml")) for name, folder in folders.items()}


def test_everything_for_github_is_valid_and_audited(automation: dict[str, list[Path]]) -> None:
    for paths in automation.values():
        names = {path.name for path in paths}
        assert {"ci.yml", "lock.yml", "dependabot.yml"} <= names
        for path in paths:
            kind = "dependabot" if path.name == "dependabot.yml" else "github-workflows"
            check("check_jsonschema", "--builtin-schema", f"vendor.{kind}", path)
        zizmor = Path(sys.executable).with_name("zizmor")
        done = subprocess.run([zizmor, "--offline", *paths], capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_hash_and_updates_wait(automation: dict[str, list[Path]]) -> None:
    for path in [path for paths in automation.values() for path in paths]:
        text = path.read_text(encoding="utf-8")
        for used in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w-]+(/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), (
                path,
                used,
            )
        if path.name == "lock.yml":
            assert "UV_EXCLUDE_NEWER: 7 days" in text
        if path.name == "dependabot.yml":
            assert all(each["cooldown"] for each in yaml.safe_load(text)["updates"])


def test_workflow_of_the_template_runs_the_command_of_the_readme() -> None:
    workflow = TEMPLATE / ".github" / "workflows" / "ci.yml"
    check("check_jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)

    (job,) = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()

    command = job["steps"][-1]["run"]
    assert command == "python3 -m pip install tox && python3 -m tox run-parallel"
    assert command in (TEMPLATE / "README.md").read_text(encoding="utf-8")
