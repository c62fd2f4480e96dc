"""DVC's cache and remote by hash, for files of any run in whatever folder they are needed."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from configobj import ConfigObj  # as DVC reads its settings
from dvc.config import Config

from ..config import ROOT
from ..files import md5 as file_md5
from ..tracking.record import load_records, short


def dvc(*arguments: str, at: Path | None = None, quiet: bool = True) -> bool:
    """Run DVC in a folder, else in the project; tell whether it worked."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=at or ROOT, capture_output=quiet, check=False)
    return done.returncode == 0


def pointers(root: Path, *parts: str) -> list[Path]:
    """The `.dvc` files below some folders: of data and of models unless others are named."""
    folders = [root / part for part in parts or ("data", "models")]
    return sorted(path for folder in folders for path in folder.rglob("*.dvc"))


def outs_of(pointer: Path) -> list[tuple[Path, str]]:
    """What a `.dvc` file stands for, each with its hash."""
    outs = yaml.safe_load(pointer.read_text(encoding="utf-8"))["outs"]
    return [(pointer.parent / out["path"], out["md5"]) for out in outs]


@lru_cache
def cache() -> Path:
    """The folder of DVC's objects."""
    folder = Config(str(ROOT / ".dvc"))["cache"].get("dir") or ROOT / ".dvc" / "cache"
    return Path(folder) / "files" / "md5"


def stored(md5: str) -> Path:
    """Where in the cache the object with a hash is, or would be."""
    return cache() / md5[:2] / md5[2:]


def of_runs() -> dict[str, str]:
    """What repeating the runs in reports/runs takes: a name by the hash, predictions and raw data."""
    found = {}
    for record in load_records():
        if predictions := record.get("evaluation", {}).get("predictions_md5"):
            found[predictions] = f"the test predictions of run {short(record)}"
        found |= {md5: f"{path} of run {short(record)}" for path, md5 in record["data"].items()}
    return found


def share(folder: Path, **core: bool) -> None:
    """Give another DVC folder this project's cache, remote and credentials."""
    ours = Config(str(ROOT / ".dvc"))
    known = {"remote": ours["core"]["remote"]} if "remote" in ours["core"] else {}
    theirs = {
        "core": core | known,
        "cache": ours["cache"] | {"dir": str(cache().parents[1])},
        **{f'remote "{name}"': options for name, options in ours["remote"].items()},
    }
    local = folder / ".dvc" / "config.local"
    local.parent.mkdir(parents=True, exist_ok=True)
    local.touch(mode=0o600)  # it may hold passwords
    with local.open("wb") as file:  # DVC itself would refuse letters beyond ASCII
        ConfigObj(theirs, encoding="utf-8").write(file)


@contextmanager
def only(hashes: Iterable[str]) -> Iterator[Path]:
    """A folder whose DVC knows these hashes alone, each as a file of that name, until the block ends."""
    scratch = ROOT / ".dvc" / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix="storage-") as name:
        folder = Path(name)
        share(folder, no_scm=True)
        for md5 in hashes:
            out = {"md5": md5, "hash": "md5", "path": md5}
            (folder / f"{md5}.dvc").write_text(yaml.safe_dump({"outs": [out]}), encoding="utf-8")
        yield folder


@contextmanager
def restored(known: str | None) -> Iterator[Path | None]:
    """The file with a hash, until the block ends; None where it is nowhere, or damaged."""
    with only([known] if known else []) as folder:
        there = known and (dvc("checkout", at=folder) or dvc("pull", at=folder))
        yield folder / known if there and known and file_md5(folder / known) == known else None
