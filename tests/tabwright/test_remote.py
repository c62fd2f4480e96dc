"""`make pull` says why files do not come: never pushed, not reachable, or damaged."""

import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from tabwright.project.commands import dvc
from tabwright.project.dvc_storage import DvcStorage
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.workspace import remote

WHO = ("-c", "user.name=Ada", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")


def git(folder: Path, *command: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *WHO, *command], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of Ada with a raw file under DVC, whose remote is a folder next to it."""
    root = tmp_path_factory.mktemp("ada") / "project"
    (root / "data").mkdir(parents=True)
    (root / "data/table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (root / "params.yaml").write_text("seed: 1\n", encoding="utf-8")
    git(root, "init", "--quiet", ".")
    for command in (
        "init --quiet",
        "config core.analytics false",
        "remote add --quiet --default storage ../remote",
        "add --quiet data/table.csv",
    ):
        dvc(root, *command.split())
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "data")
    return root


@pytest.fixture
def ada(whole: Path, tmp_path: Path) -> Project:
    """Her project, on her machine."""
    root = tmp_path / "ada" / "project"
    shutil.copytree(whole, root, symlinks=True)
    return Project(root)


@pytest.fixture
def clone(ada: Project, tmp_path: Path) -> Project:
    """A colleague's clone, on another machine as far as the folder of the remote goes."""
    root = tmp_path / "colleague" / "project"
    git(tmp_path, "clone", "--quiet", str(ada.root), str(root))
    return Project(root)


def test_folder_of_another_machine_is_told_with_its_owner_and_the_cure(
    ada: Project, clone: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    remote.push(ada, [])
    assert (
        f"{ada.root.parent / 'remote'} is a new folder of this machine" in capsys.readouterr().out
    )
    with pytest.raises(ProjectError) as told:
        remote.pull(clone, [])
    words = str(told.value)
    assert "not reachable" in words
    assert f"the folder {clone.root.parent / 'remote'}, which is not on this machine" in words
    assert "Ada set it in .dvc/config. Ask Ada for a first `make push` if you share it" in words
    cure = f"remote modify --local storage url {ada.root.parent / 'remote'}"
    assert cure.rpartition(" ")[0] in words
    dvc(clone.root, *cure.split())
    remote.pull(clone, [])
    assert (clone.root / "data/table.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"
    remote.push(ada, [])
    assert "new folder" not in capsys.readouterr().out


class Locked(type(Path())):  # type: ignore[misc]
    """A folder in another user's home; root, who may run this, is never refused."""

    def stat(self, **_: bool) -> NoReturn:
        raise PermissionError(13, "Permission denied", str(self))


def test_folder_that_one_may_not_read_is_told_with_its_owner(
    ada: Project, clone: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = Locked(ada.root.parent / "remote")
    monkeypatch.setattr(DvcStorage, "remote", locked)
    with pytest.raises(ProjectError, match=r"which you may not read; Ada set it .* the permission"):
        remote.pull(clone, [])
    remote.push(ada, [])  # that the folder is there is not known, DVC says what it meets


def test_what_was_never_pushed_is_told_with_who_can(ada: Project, clone: Project) -> None:
    (clone.root.parent / "remote").mkdir()  # it is reached, and empty
    with pytest.raises(ProjectError) as told:
        remote.pull(clone, [])
    words = str(told.value)
    assert "data/table.csv were never pushed to the DVC remote" in words
    assert "Ada, who committed data/table.csv.dvc, runs `make push`" in words
    assert "reach" not in words


def test_original_that_pushed_nothing_is_not_sent_elsewhere(ada: Project) -> None:
    shutil.rmtree(ada.root / ".dvc/cache")
    (ada.root / "data/table.csv").unlink()
    with pytest.raises(ProjectError, match="nothing was ever pushed from here"):
        remote.pull(ada, [])


def test_what_is_here_needs_no_remote(ada: Project) -> None:
    (ada.root / "data/table.csv").unlink()
    remote.pull(ada, [])
    assert (ada.root / "data/table.csv").exists()


def test_damaged_object_is_told_and_comes_with_the_next_push(ada: Project, clone: Project) -> None:
    remote.push(ada, [])
    dvc(
        clone.root, "remote", "modify", "--local", "storage", "url", str(ada.root.parent / "remote")
    )
    dvc(clone.root, "remote", "modify", "--local", "storage", "verify", "true")
    (stored,) = (path for path in (ada.root.parent / "remote").rglob("*") if path.is_file())
    stored.chmod(0o644)
    stored.write_bytes(b"?")
    with pytest.raises(ProjectError, match="or are damaged there: Ada"):
        remote.pull(clone, [])
    remote.push(ada, [])
    remote.pull(clone, [])
    assert (clone.root / "data/table.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"


def test_remote_without_its_plugin_or_without_a_name_is_a_sentence(clone: Project) -> None:
    dvc(clone.root, "remote", "modify", "--local", "storage", "url", "gs://bucket/folder")
    with pytest.raises(ProjectError, match="the DVC remote is not usable: "):
        remote.pull(clone, [])
    dvc(clone.root, "config", "--unset", "core.remote")
    with pytest.raises(ProjectError, match="this project has no DVC remote: "):
        remote.pull(clone, [])
