"""What git holds of the inputs of a run, committed or not."""

import os
from pathlib import Path

import pytest
from tabwright.project import git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    """A committed project; git is asked there."""
    inputs = ("src/a.py", "params.yaml", "dvc.yaml", "pyproject.toml", "requirements.txt")
    for name in (*inputs, "README.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    for name in ("data/.gitignore", "references/schema.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # of a hook that runs these tests
    commit(tmp_path, "init")
    return tmp_path


def commit(root: Path, *command: str) -> None:
    """Make a git repository, or a commit of all there is."""
    if command:
        assert git.git(root, *command) is not None
    who = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
    assert git.git(root, "add", "--all") is not None
    assert git.git(root, *who, "commit", "--no-verify", "--message", "all") is not None


def test_snapshot_has_what_is_not_committed_and_changes_nothing(repository: Path) -> None:
    assert git.uncommitted(repository, git.snapshot(repository)) == ""
    (repository / "src/new.py").write_text("new = 1\n", encoding="utf-8")
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    (repository / "notes.txt").write_text("no input of a run\n", encoding="utf-8")
    (repository / "README.md").write_text("no input either\n", encoding="utf-8")
    before = git.git(repository, "status", "--porcelain")
    tree = git.snapshot(repository)
    patch = git.uncommitted(repository, tree)
    assert "+new = 1" in patch
    assert "+seed: 2" in patch
    assert "notes" not in patch
    assert "README" not in patch
    assert git.git(repository, "status", "--porcelain") == before
    assert not git.is_committed(repository, tree)
    assert git.is_as_now(repository, tree)
    assert git.changed_since(repository, tree) == ["params.yaml", "src/new.py"]
    commit(repository)
    assert git.is_committed(repository, tree)
    (repository / "src/new.py").unlink()
    assert not git.is_as_now(repository, tree)
    commit(repository)
    assert not git.is_committed(repository, tree)


def test_patch_makes_the_inputs_again(repository: Path, tmp_path_factory) -> None:
    (repository / "src/a.py").write_bytes(b"caf\xe9 = 1\n")
    (repository / "src/image.png").write_bytes(bytes(range(256)))
    patch = tmp_path_factory.mktemp("patch") / "p.diff"
    patch.write_bytes(
        git.uncommitted(repository, git.snapshot(repository)).encode("utf-8", "surrogateescape")
    )
    git.git(repository, "stash", "--include-untracked")
    git.git(repository, "checkout", ".")
    assert not (repository / "src/image.png").exists()
    assert git.git(repository, "apply", str(patch)) is not None
    assert (repository / "src/a.py").read_bytes() == b"caf\xe9 = 1\n"
    assert (repository / "src/image.png").read_bytes() == bytes(range(256))


def test_without_git_nothing_is_committed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (git.commit(tmp_path), git.snapshot(tmp_path), git.uncommitted(tmp_path, "")) == (
        "",
        "",
        "",
    )
    assert not git.is_committed(tmp_path, "")
