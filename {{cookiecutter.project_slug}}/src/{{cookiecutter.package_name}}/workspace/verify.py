"""Hash every file DVC keeps afresh, in the project and in the cache; name and mend the damaged.

DVC itself trusts what is in its cache: a damaged object there has to go before it can come back.
"""

import argparse
import shutil
from typing import NamedTuple

from ..config import ROOT
from ..errors import ProjectError, explained
from ..files import md5, remove
from .storage import dvc, fetch, hash_of, keep, objects, of_runs, recorded, stored

REPAIR = "`make verify REPAIR=1`"
OLDER = "gone, for it is not in the remote; the run stays on record"
RAW = "put it there again from where it came, then `make verify`"


class Kept(NamedTuple):
    """What DVC keeps: its path, or what it is of an older run; what to do when nobody has it."""

    name: str
    md5: str
    otherwise: str


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repair", action="store_true", help="mend what is damaged")
    repair = parser.parse_args(arguments).repair
    kept = kept_by_dvc()
    present = {entry.md5 for entry in kept}
    older = [Kept(name, known, OLDER) for known, name in of_runs().items() if known not in present]
    here = [entry for entry in kept if (ROOT / entry.name).exists()]
    changed = [entry for entry in here if not is_whole(entry)]
    in_cache = [entry for entry in (*kept, *older) if any(map(is_broken, objects(entry.md5)))]
    print(
        f"{len(here) - len(changed)} files and folders are as recorded, "
        f"{len(kept) - len(here)} are not here"
    )
    if repair:
        title = "not in the cache, nor in the remote:"
        said = [f"{entry.name}: {entry.otherwise}" for entry in mend(changed, in_cache)]
    else:
        title = "changed since it was recorded:"
        said = [f"{entry.name}, here: {REPAIR}" for entry in changed]
        said += [f"{entry.name}, in the cache: {REPAIR}" for entry in in_cache]
    if said:
        raise ProjectError("\n  ".join([title, *said]))


def kept_by_dvc() -> list[Kept]:
    """What is recorded of the project as it is today."""
    again = "`dvc repro --force {}` makes it again"
    return [
        Kept(
            name,
            out.hash_info.value,
            RAW if out.stage.is_data_source else again.format(out.stage.name),
        )
        for name, out in recorded(ROOT).items()
    ]


def is_whole(entry: Kept) -> bool:
    """Whether what is in the project is what was recorded."""
    return (ROOT / entry.name).exists() and hash_of(ROOT / entry.name) == entry.md5


def is_broken(known: str) -> bool:
    """Whether an object is in the cache, but damaged."""
    return stored(known).is_file() and md5(stored(known)) != known.removesuffix(".dir")


def mend(changed: list[Kept], in_cache: list[Kept]) -> list[Kept]:
    """Bring back the damaged of the project and of the cache; give those that nobody has."""
    damaged = dict.fromkeys([*changed, *in_cache])
    for entry in changed:
        set_aside(entry)
    for _ in range(2):  # a folder's list tells of more once it is whole
        needed = {known for entry in damaged for known in objects(entry.md5)}
        for known in filter(is_broken, needed):
            stored(known).unlink()
        for entry in filter(is_whole, damaged):
            keep(ROOT / entry.name)
        fetch(needed)
    lost = []
    for entry in damaged:
        whole = all(stored(known).exists() and not is_broken(known) for known in objects(entry.md5))
        if whole and (entry not in changed or dvc("checkout", "--force", entry.name)):
            print(f"{entry.name}: as it was recorded", flush=True)
        else:
            lost.append(entry)
    return lost


def set_aside(entry: Kept) -> None:
    """Make room for what is recorded, keeping raw data that is not; say what became of it."""
    path = aside = ROOT / entry.name
    said = "removed, as it can be made again"
    if entry.otherwise == RAW:
        while aside.exists():
            aside = aside.with_name(f"{aside.name}.damaged")
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, aside)  # not moved, as it may be a link into the cache
        said = f"what was there is now {aside.relative_to(ROOT).as_posix()}"
    print(f"{entry.name}: {said}", flush=True)
    remove(path)


if __name__ == "__main__":
    with explained():
        main()
