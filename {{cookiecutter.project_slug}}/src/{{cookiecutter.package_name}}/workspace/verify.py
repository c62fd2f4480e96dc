"""Hash every file DVC knows afresh, trusting no cache, and name those that are damaged."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from ..config import ROOT
from ..errors import ProjectError, explained
from ..files import md5
from .lock_file import locked_stages


def main() -> None:
    known = list(recorded(ROOT))
    here = [(path, expected) for path, expected in known if path.exists()]
    damaged = [path for path, expected in here if hash_of(path) != expected]
    names = [str(path.relative_to(ROOT)) for path in damaged]
    print(
        f"{len(here) - len(damaged)} files and folders are as recorded, "
        f"{len(known) - len(here)} are not here"
    )
    if damaged:
        raise ProjectError(
            f"changed since they were recorded: {', '.join(names)}. Keep a copy of what you need, "
            "then bring back what was recorded from the cache,\n"
            f"  dvc checkout --force {' '.join(names)}\n"
            "and verify again. Should the cache be damaged too, what has been pushed comes from the "
            "remote with `dvc pull --force`, and what the pipeline makes with `dvc repro --force`."
        )


def recorded(root: Path) -> Iterator[tuple[Path, str]]:
    """Every path DVC keeps by `dvc.lock` and the `.dvc` files below data/, with its MD5 hash.

    What `dvc.yaml` marks with `cache: false` is git's to keep, and yours to edit.
    """
    stages = _read(root / "dvc.yaml")["stages"].values()
    outs = [out for stage in stages for out in stage.get("outs", [])]
    for stage in locked_stages(root).values():
        for out in stage.get("outs", []):
            if out["path"] in outs or {out["path"]: {"persist": True}} in outs:
                yield root / out["path"], out["md5"]
    for pointer in sorted((root / "data").rglob("*.dvc")):
        for out in _read(pointer)["outs"]:
            yield pointer.parent / out["path"], out["md5"]


def hash_of(path: Path) -> str:
    """The MD5 of a file; of a folder, that of DVC's listing of it."""
    if path.is_file():
        return md5(path)
    listing = [
        {"md5": md5(file), "relpath": file.relative_to(path).as_posix()}
        for file in path.rglob("*")
        if file.is_file()
    ]
    text = json.dumps(sorted(listing, key=lambda entry: entry["relpath"]), sort_keys=True)
    return hashlib.md5(text.encode()).hexdigest() + ".dir"


def _read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with explained():
        main()
