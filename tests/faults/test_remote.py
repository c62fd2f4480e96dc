"""A remote that dies while data is sent to it."""

import shutil
import signal
from pathlib import Path

import pytest

from .bench import Bench
from .tally import some, trying
from .test_signals import PREDICTIONS

REMOTE = "faults-remote"


def objects(remote: Path) -> int:
    """How many files have arrived."""
    return sum(path.is_file() for path in remote.rglob("*"))


@pytest.mark.parametrize("after", some([50, 0], 2))
def test_remote_dies_during_push_and_the_next_push_finishes(
    after: int, bench: Bench, tmp_path: Path
) -> None:
    place = bench.place("done", tmp_path / "project")
    photos = place.path / "data/external/photos"
    photos.mkdir(parents=True)
    for number in range(500):  # so that it takes a while
        (photos / f"{number}.bin").write_bytes(str(number).encode() * 1000)
    place.done(".venv/bin/python -m dvc add --quiet data/external/photos")
    before = place.files()
    remote, lost = tmp_path / REMOTE, tmp_path / "lost"
    with trying("remote dies during push"):
        running = place.start("make push")
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
        place.done("make push")
        shutil.rmtree(place.path / ".dvc/cache")
        place.done("make clean")
        place.done("make pull verify")
        kept = {name: before[name] for name in before if not name.startswith(PREDICTIONS)}
        assert place.files() == kept


def test_cut_off_object_on_the_remote_is_refused(bench: Bench, tmp_path: Path) -> None:
    place = bench.place("done", tmp_path / "project")
    place.done("make push")
    md5 = bench.after["push"]["models/model.skops"]
    damaged = tmp_path / REMOTE / "files/md5" / md5[:2] / md5[2:]
    good = damaged.read_bytes()
    damaged.chmod(0o644)
    with trying("object cut off on the remote"):
        damaged.write_bytes(good[: len(good) // 2])
        shutil.rmtree(place.path / ".dvc/cache")
        place.done("make clean")
        place.told("make pull")
        damaged.write_bytes(good)
        place.done("make pull verify")
