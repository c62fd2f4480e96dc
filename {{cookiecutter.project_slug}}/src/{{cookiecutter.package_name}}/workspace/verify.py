"""Hash every file DVC keeps afresh, in the project and in the cache; name and mend the damaged.

DVC itself trusts what is in its cache: a damaged object there has to go before it can come back.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from ..config import ROOT
from ..errors import ProjectError, explained
from ..files import md5
from .lock_file import locked_stages
from .storage import of_runs, outs_of, pointers, stored

MEND = "make verify REPAIR=1"


@dataclass(frozen=True)
class Kept:
    """A file or folder that DVC keeps, and what is wrong with it.

    Attributes
    ----------
    stage
        Who makes it; nobody makes what has a `.dvc` file.
    here, whole
        Whether it is in the project, and as it is recorded.
    broken
        Hashes of its objects in the cache that are damaged.
    """

    path: Path
    md5: str
    stage: str = ""
    here: bool = True
    whole: bool = True
    broken: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The path from the project's folder."""
        return self.path.relative_to(ROOT).as_posix()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repair", action="store_true", help="mend what is damaged")
    repair = parser.parse_args(arguments).repair
    kept = [checked(entry) for entry in recorded(ROOT)]
    of_older = {known: name for known, name in of_runs().items() if broken_objects(known)}
    here = [entry for entry in kept if entry.here]
    print(
        f"{sum(entry.whole for entry in here)} files and folders are as recorded, "
        f"{len(kept) - len(here)} are not here"
    )
    damaged = [entry for entry in kept if entry.broken or (entry.here and not entry.whole)]
    for entry in damaged:
        of_older.pop(entry.md5, None)
    if not damaged and not of_older:
        return
    if repair:
        from .repair import mend

        mend(damaged, of_older)
        return
    said = [describe(entry) for entry in damaged]
    said += [f"{name}, in the cache: `{MEND}`" for name in of_older.values()]
    raise ProjectError("\n  ".join(["changed since it was recorded:", *said]))


def describe(entry: Kept) -> str:
    """Where it is damaged, and the command that mends it."""
    name = entry.name
    if not entry.broken:
        return f"{name}: `{MEND}`, or `mv {name} {name}.damaged` and `dvc checkout {name}`"
    where = "in the cache" if entry.whole or not entry.here else "here and in the cache"
    return f"{name}, {where}: `{MEND}`"


def recorded(root: Path) -> Iterator[Kept]:
    """All that DVC keeps by `dvc.lock` and by the `.dvc` files of data and models.

    What `dvc.yaml` marks with `cache: false` is git's to keep, and yours to edit.
    """
    made = dict(_outs(_read(root / "dvc.yaml")["stages"].values()))
    for name, stage in locked_stages(root).items():
        for out in stage.get("outs", []):
            if made.get(out["path"], {"cache": False}).get("cache", True):
                yield Kept(root / out["path"], out["md5"], name)
    for pointer in pointers(root):
        for path, known in outs_of(pointer):
            yield Kept(path, known)


def checked(entry: Kept) -> Kept:
    """The same entry with what is wrong with it."""
    here = entry.path.exists()
    whole = here and hash_of(entry.path) == entry.md5
    return replace(entry, here=here, whole=whole, broken=broken_objects(entry.md5))


def broken_objects(known: str) -> tuple[str, ...]:
    """Hashes of those objects of a file or folder that are in the cache, but damaged."""
    return tuple(
        name
        for name in (known, *(entry["md5"] for entry in listing(known)))
        if stored(name).is_file() and md5(stored(name)) != name.removesuffix(".dir")
    )


def listing(known: str) -> list[dict[str, str]]:
    """What the cache knows to be in a folder: `md5` and `relpath` of each file."""
    try:
        return json.loads(stored(known).read_bytes()) if known.endswith(".dir") else []
    except (OSError, ValueError):
        return []


def hash_of(path: Path) -> str:
    """The MD5 of a file; of a folder, that of DVC's list of it."""
    if path.is_file():
        return md5(path)
    return hashlib.md5(list_of(path)).hexdigest() + ".dir"


def list_of(folder: Path) -> bytes:
    """The list of a folder's files as DVC writes it."""
    files = [
        {"md5": md5(file), "relpath": file.relative_to(folder).as_posix()}
        for file in folder.rglob("*")
        if file.is_file()
    ]
    files.sort(key=lambda entry: entry["relpath"])
    return json.dumps(files, sort_keys=True).encode()


def _outs(stages: Iterable[dict]) -> Iterator[tuple[str, dict]]:
    """Each output in `dvc.yaml`, with its options."""
    for stage in stages:
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]:
            yield from [(out, {})] if isinstance(out, str) else out.items()


def _read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with explained():
        main()
