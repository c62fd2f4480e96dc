"""Hash every file DVC keeps afresh, in the project and in the cache; name and mend the damaged.

DVC itself trusts what is in its cache: a damaged object there has to go before it can come back.
"""

import argparse
import shutil
from typing import NamedTuple

from ..project.errors import ProjectError, cli_errors
from ..project.files import md5, remove
from ..project.dvc_storage import dvc, fetch, dvc_hash, add_to_cache, objects, run_objects, tracked_outputs, stored

REPAIR = "`make verify REPAIR=1`"
OLDER = "gone, for it is not in the remote; the run stays on record"
RAW = "put it there again from where it came, then `make verify`"


class Tracked(NamedTuple):
    """What DVC keeps: its path, or what it is of an older run; what to do when nobody has it."""

    name: str
    md5: str
    otherwise: str


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repair", action="store_true", help="mend what is damaged")
    repair = parser.parse_args(arguments).repair
    tracked = tracked_files()
    present = {entry.md5 for entry in tracked}
    older = [Tracked(name, known, OLDER) for known, name in run_objects().items() if known not in present]
    here = [entry for entry in tracked if (project.root / entry.name).exists()]
    changed = [entry for entry in here if not is_whole(entry)]
    in_cache = [entry for entry in (*tracked, *older) if any(map(is_broken, objects(entry.md5)))]
    print(
        f"{len(here) - len(changed)} files and folders are as recorded, "
        f"{len(tracked) - len(here)} are not here"
    )
    if repair:
        title = "not in the cache, nor in the remote:"
        said = [f"{entry.name}: {entry.otherwise}" for entry in repair_files(changed, in_cache)]
    else:
        title = "changed since it was recorded:"
        said = [f"{entry.name}, here: {REPAIR}" for entry in changed]
        said += [f"{entry.name}, in the cache: {REPAIR}" for entry in in_cache]
    if said:
        raise ProjectError("\n  ".join([title, *said]))


def tracked_files() -> list[Tracked]:
    """What is recorded of the project as it is today."""
    again = "`dvc repro --force {}` makes it again"
    return [
        Tracked(
            name,
            out.hash_info.value,
            RAW if out.stage.is_data_source else again.format(out.stage.name),
        )
        for name, out in tracked_outputs(project.root).items()
    ]


def is_whole(entry: Tracked) -> bool:
    """Whether what is in the project is what was recorded."""
    return (project.root / entry.name).exists() and dvc_hash(project.root / entry.name) == entry.md5


def is_broken(known: str) -> bool:
    """Whether an object is in the cache, but damaged."""
    return stored(known).is_file() and md5(stored(known)) != known.removesuffix(".dir")


def repair_files(changed: list[Tracked], in_cache: list[Tracked]) -> list[Tracked]:
    """Bring back the damaged of the project and of the cache; give those that nobody has."""
    damaged = dict.fromkeys([*changed, *in_cache])
    for entry in changed:
        set_aside(entry)
    for _ in range(2):  # a folder's list tells of more once it is whole
        needed = {known for entry in damaged for known in objects(entry.md5)}
        for known in filter(is_broken, needed):
            stored(known).unlink()
        for entry in filter(is_whole, damaged):
            add_to_cache(project.root / entry.name)
        fetch(needed)
    lost = []
    for entry in damaged:
        whole = all(stored(known).exists() and not is_broken(known) for known in objects(entry.md5))
        if whole and (entry not in changed or dvc("checkout", "--force", entry.name)):
            print(f"{entry.name}: as it was recorded", flush=True)
        else:
            lost.append(entry)
    return lost


def set_aside(entry: Tracked) -> None:
    """Make room for what is recorded, keeping raw data that is not; say what became of it."""
    path = aside = project.root / entry.name
    said = "removed, as it can be made again"
    if entry.otherwise == RAW:
        while aside.exists():
            aside = aside.with_name(f"{aside.name}.damaged")
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, aside)  # not moved, as it may be a link into the cache
        said = f"what was there is now {aside.relative_to(project.root).as_posix()}"
    print(f"{entry.name}: {said}", flush=True)
    remove(path)


if __name__ == "__main__":
    with cli_errors():
        main()
