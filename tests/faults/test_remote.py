"""A remote that dies while data is sent to it."""

import shutil
import signal
from pathlib import Path

import pytest
from support.faults import PREDICTIONS, ProjectStates
from support.summary import some, trying

REMOTE = "faults-remote"


def objects(remote: Path) -> int:
    """How many files have arrived."""
    return sum(path.is_file() for path in remote.rglob("*"))


@pytest.mark.parametrize("after", some([50, 0], 2))
def test_remote_dies_during_push_and_the_next_push_finishes(
    after: int, states: ProjectStates, tmp_path: Path
) -> None:
    project = states.copy("done", tmp_path / "project")
    photos = project.path / "data/external/photos"
    photos.mkdir(parents=True)
    for number in range(500):  # so that it takes a while
        (photos / f"{number}.bin").write_bytes(str(number).encode() * 1000)
    project.done(".venv/bin/python -m dvc add --quiet data/external/photos")
    before = project.files()
    remote, lost = tmp_path / REMOTE, tmp_path / "lost"
    with trying("remote dies during push"):
        running = project.start("make push")
        while objects(remote) < after:
            assert not running.ends_within(0.001), "the push was over before the remote died"
        running.stop(signal.SIGSTOP, whole_group=True)  # or it makes the folder again meanwhile
        if remote.exists():
            remote.rename(lost)
        remote.write_text("the disk is gone", encoding="utf-8")  # no folder can be made here
        running.stop(signal.SIGCONT, whole_group=True)
        said = running.end()
        assert said.code, "the push was over before the remote died"
        assert said.is_a_sentence(), said.text
        remote.unlink()
        if lost.exists():
            lost.rename(remote)
        project.done("make push")
        shutil.rmtree(project.path / ".dvc/cache")
        project.done("make clean")
        project.done("make pull verify")
        kept = {name: before[name] for name in before if not name.startswith(PREDICTIONS)}
        assert project.files() == kept


def test_cut_off_object_on_the_remote_is_refused(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("done", tmp_path / "project")
    project.done("make push")
    md5 = states.after["push"]["models/model.skops"]
    damaged = tmp_path / REMOTE / "files/md5" / md5[:2] / md5[2:]
    good = damaged.read_bytes()
    damaged.chmod(0o644)
    with trying("object cut off on the remote"):
        damaged.write_bytes(good[: len(good) // 2])
        shutil.rmtree(project.path / ".dvc/cache")
        project.done("make clean")
        project.told("make pull")
        damaged.write_bytes(good)
        project.done("make pull verify")
