"""Damaged files are found in the project and in DVC's cache, and come back."""

import os
import shutil
from pathlib import Path

import pytest
from tabwright.project.commands import dvc
from tabwright.project.dvc_storage import DvcStorage
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5
from tabwright.project.project import Project
from tabwright.tracking.record import save_record
from tabwright.workspace import verify

PIPELINE = """
stages:
  draw: {cmd: "true", outs: [{figures: {persist: true}}]}
  learn: {cmd: "true", outs: [models/model.bin]}
"""
CONTENT = {
    "data/raw/table.csv": "a,b\n1,2\n",
    "figures/a.png": "picture",
    "figures/b.png": "another",
    "models/model.bin": "weights",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw file, a folder and a model, all in DVC's cache and none in its remote."""
    root = tmp_path_factory.mktemp("whole")
    for name, text in CONTENT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    for command in (
        "init --quiet --no-scm",
        "config core.analytics false",
        "config cache.type copy",
        "remote add --quiet --default storage remote",
        "add --quiet data/raw/table.csv",
        "commit --quiet --force",
    ):
        dvc(root, *command.split())
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, as the project."""
    root = tmp_path / "project"
    shutil.copytree(whole, root)
    return root


def spoil(path: Path) -> None:
    """Change a byte and nothing else, as a bad disk does: DVC looks at size and time."""
    known = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    path.chmod(known.st_mode)
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def recorded(root: Path, name: str) -> str:
    """The hash of a file or folder of the project."""
    return DvcStorage(root).outputs()[name].hash_info.value


def stored(root: Path, known: str) -> Path:
    """The object with a hash."""
    return DvcStorage(root).path(known)


def test_nothing_is_wrong_at_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verify.main(Project(root), [])
    assert capsys.readouterr().out.startswith("3 files and folders are as recorded, 0 are not")


def test_what_the_cache_has_comes_back_and_raw_data_is_kept(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data/raw/table.csv", "figures/b.png", "models/model.bin"):
        spoil(root / name)
    with pytest.raises(ProjectError, match=r"table.csv, here: `make verify REPAIR=1`"):
        verify.main(Project(root), [])
    verify.main(Project(root), ["--repair"])
    for name, text in CONTENT.items():
        assert (root / name).read_text(encoding="utf-8") == text
    assert (root / "data/raw/table.csv.damaged").read_text(encoding="utf-8") == "?,b\n1,2\n"
    assert [path.name for path in (root / "models").iterdir()] == ["model.bin"]
    assert "what was there is now data/raw/table.csv.damaged" in capsys.readouterr().out
    verify.main(Project(root), [])


def test_the_cache_is_mended_from_the_project(root: Path) -> None:
    spoil(stored(root, recorded(root, "figures")))
    spoil(stored(root, md5(root / "figures/a.png")))
    spoil(stored(root, recorded(root, "models/model.bin")))
    with pytest.raises(ProjectError, match=r"model.bin, in the cache"):
        verify.main(Project(root), [])
    verify.main(Project(root), ["--repair"])
    verify.main(Project(root), [])
    assert "up to date" in dvc(root, "status")


def test_the_remote_has_it_or_tells_which_step_makes_it(root: Path) -> None:
    dvc(root, "push", "figures", "data/raw/table.csv")
    for name in ("figures/b.png", "models/model.bin", "data/raw/table.csv"):
        spoil(stored(root, md5(root / name)))
        spoil(root / name)
    with pytest.raises(ProjectError, match=r"model.bin, in the cache"):
        verify.main(Project(root), [])
    with pytest.raises(ProjectError) as lost:
        verify.main(Project(root), ["--repair"])
    assert "models/model.bin: `dvc repro --force learn` makes it again" in str(lost.value)
    assert "figures" not in str(lost.value)
    assert (root / "figures/b.png").read_text(encoding="utf-8") == "another"
    assert (root / "data/raw/table.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"
    assert (root / "data/raw/table.csv.damaged").exists()
    assert not stored(root, recorded(root, "models/model.bin")).exists()


def test_what_only_an_older_run_needs_comes_from_the_remote(root: Path) -> None:
    raw = root / "data/raw/table.csv"
    old = md5(raw)
    dvc(root, "push")
    record = {
        "run": "older-run",
        "started": "2024-05-01T12:00:00Z",
        "data": {"data/raw/table.csv": old},
    }
    save_record(Project(root), record)
    raw.write_text("a,b\n3,4\n", encoding="utf-8")
    dvc(root, "add", "data/raw/table.csv")
    spoil(stored(root, old))
    with pytest.raises(ProjectError, match=r"table.csv of run mild-bear-34, in the cache"):
        verify.main(Project(root), [])
    verify.main(Project(root), ["--repair"])
    assert md5(stored(root, old)) == old
