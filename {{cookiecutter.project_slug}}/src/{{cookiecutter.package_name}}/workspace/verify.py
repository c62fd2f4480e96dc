"""Hash every file DVC keeps afresh, in the project and in the cache; name and mend the damaged.

DVC itself trusts what is in its cache: a damaged object there has to go before it can come back.
"""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..config import ROOT
from ..errors import ProjectError, explained
from ..files import md5, remove
from .storage import dvc, fetch, hash_of, keep, objects, of_runs, recorded, stored


@dataclass(frozen=True)
class Kept:
    """A file or folder that DVC keeps.

    Attributes
    ----------
    name
        Its path from the project's folder, or what it is of an older run.
    otherwise
        What to do when nobody has it any more.
    raw
        Whether no step makes it.
    """

    name: str
    md5: str
    otherwise: str
    raw: bool = False

    @property
    def path(self) -> Path:
        """Where it belongs."""
        return ROOT / self.name


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repair", action="store_true", help="mend what is damaged")
    repair = parser.parse_args(arguments).repair
    kept = kept_by_dvc()
    present = {entry.md5 for entry in kept}
    older = [
        Kept(name, known, "gone, for it is not in the remote; the run stays on record")
        for known, name in of_runs().items()
        if known not in present
    ]
    here = [entry for entry in kept if entry.path.exists()]
    changed = [entry for entry in here if hash_of(entry.path) != entry.md5]
    in_cache = [entry for entry in (*kept, *older) if any(map(is_broken, objects(entry.md5)))]
    print(
        f"{len(here) - len(changed)} files and folders are as recorded, "
        f"{len(kept) - len(here)} are not here"
    )
    if repair:
        lost = mend(changed, in_cache)
        said = [f"{entry.name}: {entry.otherwise}" for entry in lost]
        title = "not in the cache, nor in the remote:"
    else:
        said = [f"{entry.name}, here: `make verify REPAIR=1`" for entry in changed]
        said += [f"{entry.name}, in the cache: `make verify REPAIR=1`" for entry in in_cache]
        title = "changed since it was recorded:"
    if said:
        raise ProjectError("\n  ".join([title, *said]))


def kept_by_dvc() -> list[Kept]:
    """What is recorded of the project as it is today."""
    found = []
    for name, out in recorded(ROOT).items():
        otherwise = "put it there again from where it came, then `make verify`"
        if not (raw := out.stage.is_data_source):
            otherwise = f"`dvc repro --force {out.stage.name}` makes it again"
        found.append(Kept(name, out.hash_info.value, otherwise, raw))
    return found


def is_broken(known: str) -> bool:
    """Whether an object is in the cache, but damaged."""
    return stored(known).is_file() and md5(stored(known)) != known.removesuffix(".dir")


def mend(changed: list[Kept], in_cache: list[Kept]) -> list[Kept]:
    """Bring back the damaged of the project and of the cache; give those that nobody has."""
    damaged = dict.fromkeys([*changed, *in_cache])
    for entry in changed:
        print(f"{entry.name}: {set_aside(entry)}", flush=True)
    for _ in range(2):  # a folder's list tells of more once it is whole
        needed = {known for entry in damaged for known in objects(entry.md5)}
        for known in filter(is_broken, needed):
            stored(known).unlink()
        for entry in damaged:
            if entry.path.exists() and hash_of(entry.path) == entry.md5:
                keep(entry.path)
        fetch(needed)
    lost = []
    for entry in damaged:
        whole = all(stored(known).exists() and not is_broken(known) for known in objects(entry.md5))
        if whole and (entry not in changed or dvc("checkout", "--force", entry.name)):
            print(f"{entry.name}: as it was recorded", flush=True)
        else:
            lost.append(entry)
    return lost


def set_aside(entry: Kept) -> str:
    """Make room for what is recorded, keeping raw data that is not; say what became of it."""
    said = "removed, as it can be made again"
    if entry.raw:
        aside = entry.path
        while aside.exists():
            aside = aside.with_name(f"{aside.name}.damaged")
        copy = shutil.copytree if entry.path.is_dir() else shutil.copyfile
        copy(entry.path, aside)  # not moved, as it may be a link into the cache
        said = f"what was there is now {aside.relative_to(ROOT).as_posix()}"
    remove(entry.path)
    return said


if __name__ == "__main__":
    with explained():
        main()
