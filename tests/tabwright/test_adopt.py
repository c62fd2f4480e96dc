"""A project is copied into an existing repository, of which nothing is overwritten."""

import re
import subprocess
from pathlib import Path

import pytest
from tabwright.workspace.adopt import adopt

NEW = {
    ".gitignore": "new",
    "LICENSE": "the same",
    "data/raw/.gitignore": "/table.csv\n",
    "data/raw/table.csv": "a,b\n",
    "docs/work.md": "new",
    "models/champion.json": "[]",
    "params.yaml": "seed: 42",
    "src/shop/__init__.py": "",
}
THEIRS = {
    ".gitignore": "models/\n",
    "LICENSE": "the same",
    "data/raw/table.csv": "a,b\n",
    "docs": "a file where a folder would be",
    "params.yaml": "theirs",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder of files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A generated project."""
    return write(tmp_path / "new", NEW)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with work of its own."""
    made = write(tmp_path / "theirs", THEIRS)
    git(tmp_path, "init", "-q", "theirs")
    git(made, "add", "--all")
    git(made, "commit", "-qm", "first")
    return made


def test_nothing_of_theirs_changes_and_what_collides_is_named(
    project: Path, repository: Path
) -> None:
    said = adopt(project, repository)
    assert {name: (repository / name).read_text("utf-8") for name in THEIRS} == THEIRS
    assert git(repository, "diff") == ""
    assert (repository / "src/shop/__init__.py").is_file()
    collides = re.findall(r"^  (\S+): (.*)$", said, re.MULTILINE)
    assert dict(collides) == {
        ".gitignore": "add its lines to yours: (echo; cat ../new/.gitignore) >> .gitignore",
        "docs/work.md": "git diff --no-index docs/work.md ../new/docs/work.md",
        "params.yaml": "git diff --no-index params.yaml ../new/params.yaml",
    }
    assert said.startswith("3 files copied, 2 are the same already")


def test_what_git_would_not_keep_or_must_not_keep_is_named(project: Path, repository: Path) -> None:
    said = adopt(project, repository)
    assert "by a rule of yours, and would not keep them:\n  models/champion.json\n" in said
    assert said.endswith("git rm --cached data/raw/table.csv")


def test_targets_that_would_replace_new_ones_are_named(project: Path, repository: Path) -> None:
    write(
        project,
        {"Makefile": ".PHONY: data train\nPYTHON := python\ndata: ; x\ntrain: data\n\ty: z\n"},
    )
    write(repository, {"Makefile": ".PHONY: eda\nPYTHON := python\ntrain eda:  # all\n\tdata: x\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "make")
    said = adopt(project, repository)
    assert "\nin own.mk rename what would replace a new target: train\n" in said


def test_a_linked_folder_is_not_written_into(
    project: Path, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (repository / "src").symlink_to(tmp_path / "disk")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "link")
    assert "  src/shop/__init__.py: " in adopt(project, repository)
    assert not [*(tmp_path / "disk").iterdir()]


def test_a_second_time_copies_nothing(project: Path, repository: Path) -> None:
    adopt(project, repository)
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "second")
    assert adopt(project, repository).startswith("0 files copied, 5 are the same already")


def test_uncommitted_work_no_repository_and_a_project_in_use_are_refused(
    project: Path, repository: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="not the top folder of a Git repository"):
        adopt(project, repository / "data")
    (repository / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="uncommitted changes"):
        adopt(project, repository)
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "notes")
    (project / ".venv").mkdir()
    with pytest.raises(ValueError, match="venv=false"):
        adopt(project, repository)
    assert not (repository / "models").exists()
