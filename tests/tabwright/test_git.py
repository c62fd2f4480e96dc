"""What git is asked about the inputs of a run, in this clone, in others, and where it refuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.default_project import LIBRARY, default_project
from tabwright.project import git
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.tracking import record
from tabwright.workspace import prepare

WHO = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
INPUTS = ("src/a.py", "data/raw/t.csv.dvc", "params.yaml", "dvc.yaml", "pyproject.toml")


def sh(folder: Path, *command: str) -> str:
    """Run git in a folder."""
    done = subprocess.run(["git", *WHO, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(folder: Path) -> None:
    """Put all that is there into a commit."""
    sh(folder, "add", "--all")
    sh(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", "all")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A committed project that is a part of a larger repository."""
    root = tmp_path / "repository" / "part"
    for name in INPUTS:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    sh(root.parent, "init", "--quiet", ".")
    commit_all(root)
    return Project(root)


def run(project: Project, name: str = "run") -> dict:
    """The record of a run from what is there now, with its file of what is not committed."""
    inputs = git.snapshot(project.root)
    patch = git.uncommitted(project.root, inputs)
    made = {"run": name, "commit": git.commit(project.root), "dirty": bool(patch), "inputs": inputs}
    record.save_record(project, made, patch)
    return made


def older(made: dict) -> dict:
    """The record of the same run by an older version: the tree of all files, as git had it."""
    return {name: value for name, value in made.items() if name != "inputs"} | {"tree": "0" * 40}


def test_inputs_committed_later_are_known_by_what_is_in_them(project: Project) -> None:
    (project.root / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    (project.root / "src/new.py").write_text("new = 1\n", encoding="utf-8")
    made = run(project)
    assert made["dirty"]
    assert not git.is_committed(project.root, record.input_tree(project, made))
    (project.root / "notes.md").write_text("no input\n", encoding="utf-8")
    (project.root.parent / "elsewhere.txt").write_text("of another project\n", encoding="utf-8")
    commit_all(project.root.parent)
    assert git.is_committed(project.root, record.input_tree(project, made))
    assert git.is_committed(project.root, record.input_tree(project, older(made)))


@pytest.mark.parametrize("committed", [True, False])
def test_answer_is_the_same_after_a_clean_up_and_in_a_clone(
    committed: bool,
    project: Project,
    tmp_path: Path,
) -> None:
    (project.root / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    made = run(project)
    if not committed:
        (project.root / "params.yaml").write_text("params.yaml\n", encoding="utf-8")
    commit_all(project.root)
    changed = [] if committed else ["part/params.yaml"]
    assert git.changed_since(project.root, record.input_tree(project, made)) == changed

    sh(project.root, "reflog", "expire", "--expire=now", "--all")
    sh(project.root, "gc", "--quiet", "--prune=now", "--aggressive")
    gone = subprocess.run(["git", "cat-file", "-e", made["inputs"]], cwd=project.root)
    assert gone.returncode
    sh(tmp_path, "clone", "--quiet", "--no-local", str(project.root.parent), "clone")
    for checkout in (project, Project(tmp_path / "clone" / "part")):
        for kept in (made, older(made)):
            tree = record.input_tree(checkout, kept)
            assert git.is_committed(checkout.root, tree) is committed
            assert git.changed_since(checkout.root, tree) == changed


def test_commit_that_history_has_lost_matters_to_the_hash_of_no_run(
    project: Project,
    tmp_path: Path,
) -> None:
    (project.root / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    made = run(project)
    commit_all(project.root)
    squashed = tmp_path / "squashed"
    shutil.copytree(project.root, squashed / "part")
    sh(squashed, "init", "--quiet", ".")
    commit_all(squashed)
    lost = Project(squashed / "part")
    assert git.is_committed(lost.root, record.input_tree(lost, made))
    tree = record.input_tree(lost, older(made))
    assert not git.is_committed(lost.root, tree)  # nobody can tell


def test_inputs_that_are_deleted_or_ignored_are_no_obstacle(project: Project) -> None:
    (project.root / "dvc.yaml").unlink()
    (project.root / "requirements.txt").write_text("a\n", encoding="utf-8")
    (project.root / ".gitignore").write_text("requirements.txt\n", encoding="utf-8")
    made = run(project)
    assert made["dirty"]
    assert git.is_as_now(project.root, made["inputs"])
    commit_all(project.root)
    assert git.is_committed(project.root, made["inputs"])


def test_repository_of_somebody_else_is_told_in_gits_own_words(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for ask in (git.commit, git.snapshot, lambda root: git.git(root, "rev-parse", "--git-dir")):
        with pytest.raises(ProjectError, match=r"dubious ownership.*safe\.directory"):
            ask(project.root)


def test_setup_does_not_take_a_repository_of_somebody_else_for_none(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(ProjectError, match="dubious ownership"):
        prepare.main(project, [])
    assert not (project.root / ".dvc/config.local").exists()


def test_without_git_or_a_repository_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (git.commit(tmp_path), git.snapshot(tmp_path), git.uncommitted(tmp_path, "")) == (
        "",
        "",
        "",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (git.commit(tmp_path), git.snapshot(tmp_path)) == ("", "")
    assert not git.is_committed(tmp_path, "")


def test_repository_without_a_commit_has_no_inputs(tmp_path: Path) -> None:
    sh(tmp_path, "init", "--quiet", ".")
    assert (git.commit(tmp_path), git.snapshot(tmp_path)) == ("", "")


UNKNOWN = """
import getpass, os, pwd
from pathlib import Path
from unittest.mock import patch
for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME"):
    os.environ.pop(name, None)
with patch("pwd.getpwuid", side_effect=KeyError), patch("os.getuid", return_value=4711):
    from tabwright.project.environment import set_environment
    from tabwright.project.project import Project
    from tabwright.tracking import record
    project = Project(Path.cwd())
    set_environment(project)
    with patch.object(record, "git", return_value=None):
        print(record.user(project), getpass.getuser())
"""


def test_user_whom_the_system_does_not_know_has_a_number(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(LIBRARY)}
    said = subprocess.check_output([sys.executable, "-c", UNKNOWN], cwd=tmp_path, env=environment)
    assert said.split() == [b"4711", b"4711"]


def test_commands_of_make_give_a_user_to_tools_that_ask(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("name:\n\t@echo $$LOGNAME\n", encoding="utf-8")
    makefiles = ("-f", str(default_project() / "Makefile"), "-f", "Makefile")
    for given, said in (
        ({"LOGNAME": "ada"}, "ada"),
        ({}, subprocess.check_output(["id", "-un"], text=True).strip()),
    ):
        environment = {"PATH": os.environ["PATH"]} | given
        told = subprocess.check_output(
            ["make", "-s", *makefiles, "name"], cwd=tmp_path, env=environment, text=True
        )
        assert told.strip() == said
