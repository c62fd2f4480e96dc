"""What git is asked about the inputs of a run, in this clone, in others, and where it refuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tabwright.project.errors import ProjectError


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
def git() -> ModuleType:
    """The module that asks git."""
    return module("tracking.git")


@pytest.fixture
def record() -> ModuleType:
    """The module that keeps runs."""
    return module("tracking.record")


@pytest.fixture
def repository(
    tmp_path: Path, git: ModuleType, record: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A committed project that is a part of a larger repository."""
    project = tmp_path / "repository" / "part"
    for name in INPUTS:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    sh(project.parent, "init", "--quiet", ".")
    commit_all(project)
    look_at(project, git, record, monkeypatch)
    return project


def look_at(
    project: Path, git: ModuleType, record: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the modules take a folder for the project."""
    monkeypatch.setattr(git, "ROOT", project)
    monkeypatch.setattr(record, "RUNS", project / "reports" / "runs")


def run(git: ModuleType, record: ModuleType, name: str = "run") -> dict:
    """The record of a run from what is there now, with its file of what is not committed."""
    inputs = git.snapshot()
    patch = git.uncommitted(inputs)
    made = {"run": name, "commit": git.commit(), "dirty": bool(patch), "inputs": inputs}
    record.save_record(made, patch)
    return made


def older(made: dict, project: Path) -> dict:
    """The record of the same run by an older version: the tree of all files, as git had it."""
    return {name: value for name, value in made.items() if name != "inputs"} | {"tree": "0" * 40}


def test_inputs_committed_later_are_known_by_what_is_in_them(
    repository: Path, git: ModuleType, record: ModuleType
) -> None:
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    (repository / "src/new.py").write_text("new = 1\n", encoding="utf-8")
    made = run(git, record)
    assert made["dirty"]
    assert not git.is_committed(record.inputs_of(made))
    (repository / "notes.md").write_text("no input\n", encoding="utf-8")
    (repository.parent / "elsewhere.txt").write_text("of another project\n", encoding="utf-8")
    commit_all(repository.parent)
    assert git.is_committed(record.inputs_of(made))
    assert git.is_committed(record.inputs_of(older(made, repository)))


@pytest.mark.parametrize("committed", [True, False])
def test_answer_is_the_same_after_a_clean_up_and_in_a_clone(
    committed: bool,
    repository: Path,
    git: ModuleType,
    record: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    made = run(git, record)
    if not committed:
        (repository / "params.yaml").write_text("params.yaml\n", encoding="utf-8")
    commit_all(repository)
    changed = [] if committed else ["part/params.yaml"]
    assert git.changed_since(record.inputs_of(made)) == changed

    sh(repository, "reflog", "expire", "--expire=now", "--all")
    sh(repository, "gc", "--quiet", "--prune=now", "--aggressive")
    gone = subprocess.run(["git", "cat-file", "-e", made["inputs"]], cwd=repository)
    assert gone.returncode
    sh(tmp_path, "clone", "--quiet", "--no-local", str(repository.parent), "clone")
    for project in (repository, tmp_path / "clone" / "part"):
        look_at(project, git, record, monkeypatch)
        for kept in (made, older(made, project)):
            assert git.is_committed(record.inputs_of(kept)) is committed
            assert git.changed_since(record.inputs_of(kept)) == changed


def test_commit_that_history_has_lost_matters_to_the_hash_of_no_run(
    repository: Path,
    git: ModuleType,
    record: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    made = run(git, record)
    commit_all(repository)
    squashed = tmp_path / "squashed"
    shutil.copytree(repository, squashed / "part")
    sh(squashed, "init", "--quiet", ".")
    commit_all(squashed)
    look_at(squashed / "part", git, record, monkeypatch)
    assert git.is_committed(record.inputs_of(made))
    assert not git.is_committed(record.inputs_of(older(made, squashed)))  # nobody can tell


def test_inputs_that_are_deleted_or_ignored_are_no_obstacle(
    repository: Path, git: ModuleType, record: ModuleType
) -> None:
    (repository / "dvc.yaml").unlink()
    (repository / "requirements.txt").write_text("a\n", encoding="utf-8")
    (repository / ".gitignore").write_text("requirements.txt\n", encoding="utf-8")
    made = run(git, record)
    assert made["dirty"]
    assert git.is_as_now(made["inputs"])
    commit_all(repository)
    assert git.is_committed(made["inputs"])


def test_repository_of_somebody_else_is_told_in_gits_own_words(
    repository: Path, git: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused = ProjectError
    for ask in (git.commit, git.snapshot, lambda: git.git("rev-parse", "--git-dir")):
        with pytest.raises(refused, match=r"dubious ownership.*safe\.directory"):
            ask()


def test_setup_does_not_take_a_repository_of_somebody_else_for_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = module("workspace.prepare")
    monkeypatch.setattr(prepare, "LOCAL_CONFIG", repository / ".dvc/config.local")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(ProjectError, match="dubious ownership"):
        prepare.main()
    assert not (repository / ".dvc/config.local").exists()


def test_without_git_or_a_repository_nothing_is_known(
    tmp_path: Path, git: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (git.commit(), git.snapshot(), git.uncommitted("")) == ("", "", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (git.commit(), git.snapshot()) == ("", "")
    assert not git.is_committed("")


def test_repository_without_a_commit_has_no_inputs(
    tmp_path: Path, git: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sh(tmp_path, "init", "--quiet", ".")
    monkeypatch.setattr(git, "ROOT", tmp_path)
    assert (git.commit(), git.snapshot()) == ("", "")


UNKNOWN = """
import getpass, os, pwd
from unittest.mock import patch
for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME"):
    os.environ.pop(name, None)
with patch("pwd.getpwuid", side_effect=KeyError), patch("os.getuid", return_value=4711):
    from {package}.tracking import record
    import {package}.visualization
    with patch.object(record, "git", return_value=None):
        print(record.user(), getpass.getuser())
"""


def test_user_whom_the_system_does_not_know_has_a_number() -> None:
    config = module("config")
    script = UNKNOWN.format(package=config.__name__.partition(".")[0])
    said = subprocess.check_output([sys.executable, "-c", script], cwd=config.ROOT / "src")
    assert said.split() == [b"4711", b"4711"]


def test_commands_of_make_give_a_user_to_tools_that_ask(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("name:\n\t@echo $$LOGNAME\n", encoding="utf-8")
    makefiles = ("-f", str(module("config").ROOT / "Makefile"), "-f", "Makefile")
    for given, said in (
        ({"LOGNAME": "ada"}, "ada"),
        ({}, subprocess.check_output(["id", "-un"], text=True).strip()),
    ):
        environment = {"PATH": os.environ["PATH"]} | given
        told = subprocess.check_output(
            ["make", "-s", *makefiles, "name"], cwd=tmp_path, env=environment, text=True
        )
        assert told.strip() == said
