"""Everything for GitHub is valid, audited and pinned."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.checkers import valid
from support.generator import TEMPLATE, Generator


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
            valid(path, f"vendor.{kind}")
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
    valid(workflow, "vendor.github-workflows")

    (job,) = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()

    command = job["steps"][-1]["run"]
    assert command == "python3 -m pip install tox && python3 -m tox run-parallel"
    assert command in (TEMPLATE / "README.md").read_text(encoding="utf-8")
