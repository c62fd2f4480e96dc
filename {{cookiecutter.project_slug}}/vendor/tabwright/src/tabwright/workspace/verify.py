"""Rehash every file that DVC keeps, in the project and in the cache; name and restore the damaged.

DVC itself trusts what is in its cache: a damaged object there has to go before it can come back.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from ..project.commands import Arguments, command_parser
from ..project.dvc_storage import DvcStorage, dvc, tracked_outputs
from ..project.errors import ProjectError
from ..project.files import md5, remove
from ..project.project import Project
from .remote import run_objects

REPAIR = "`make verify REPAIR=1`"
OLDER = "gone, for it is not in the remote; the run stays on record"
RAW = "put it there again from where it came, then `make verify`"


class Tracked(NamedTuple):
    """What DVC keeps: its path, or what it is of an older run; what to do when nobody has it."""

    name: str
    md5: str
    otherwise: str


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("verify", __doc__)
    parser.add_argument("--repair", action="store_true", help="restore what is damaged")
    repair = parser.parse_args(arguments).repair
    storage, tracked = DvcStorage(project.root), tracked_files(project)
    present = {entry.md5 for entry in tracked}
    runs = run_objects(project).items()
    older = [Tracked(name, known, OLDER) for known, name in runs if known not in present]
    here = [entry for entry in tracked if (project.root / entry.name).exists()]
    changed = [entry for entry in here if not is_whole(storage, entry)]
    every = (*tracked, *older)
    in_cache = [entry for entry in every if broken_objects(storage, entry)]
    print(
        f"{len(here) - len(changed)} files and folders are as recorded, "
        f"{len(tracked) - len(here)} are not here"
    )
    if repair:
        title = "not in the cache, nor in the remote:"
        said = [
            f"{entry.name}: {entry.otherwise}" for entry in repair_files(storage, changed, in_cache)
        ]
    else:
        title = "changed since it was recorded:"
        said = [f"{entry.name}, here: {REPAIR}" for entry in changed]
        said += [f"{entry.name}, in the cache: {REPAIR}" for entry in in_cache]
    if said:
        raise ProjectError("\n  ".join([title, *said]))


def tracked_files(project: Project) -> list[Tracked]:
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


def is_whole(storage: DvcStorage, entry: Tracked) -> bool:
    """Whether what is in the project is what was recorded."""
    path = storage.root / entry.name
    return path.exists() and storage.hash(path) == entry.md5


def broken_objects(storage: DvcStorage, entry: Tracked) -> list[Path]:
    """The objects of a file or folder that are in the cache, but damaged."""
    paths = {storage.path(known): known for known in storage.objects(entry.md5)}
    return [
        path
        for path, known in paths.items()
        if path.is_file() and md5(path) != known.removesuffix(".dir")
    ]


def is_stored(storage: DvcStorage, entry: Tracked) -> bool:
    """Whether the cache has all objects of a file or folder, whole."""
    there = all(storage.path(known).exists() for known in storage.objects(entry.md5))
    return there and not broken_objects(storage, entry)


def repair_files(
    storage: DvcStorage, changed: list[Tracked], in_cache: list[Tracked]
) -> list[Tracked]:
    """Bring back the damaged of the project and of the cache; give those that nobody has."""
    damaged = dict.fromkeys([*changed, *in_cache])
    for entry in changed:
        set_aside(storage.root, entry)
    for _ in range(2):  # a folder's list tells of more once it is whole
        needed = {known for entry in damaged for known in storage.objects(entry.md5)}
        for entry in damaged:
            for path in broken_objects(storage, entry):
                path.unlink()
        for entry in damaged:
            if is_whole(storage, entry):
                storage.add(storage.root / entry.name)
        storage.fetch(needed)
    lost = []
    for entry in damaged:
        checkout = (storage.root, "checkout", "--force", entry.name)
        if is_stored(storage, entry) and (entry not in changed or dvc(*checkout)):
            print(f"{entry.name}: as it was recorded", flush=True)
        else:
            lost.append(entry)
    return lost


def set_aside(root: Path, entry: Tracked) -> None:
    """Make room for what is recorded, keeping raw data that is not; say what became of it."""
    path = aside = root / entry.name
    said = "removed, as it can be made again"
    if entry.otherwise == RAW:
        while aside.exists():
            aside = aside.with_name(f"{aside.name}.damaged")
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, aside)  # not moved, as it may be a link into the cache
        said = f"what was there is now {aside.relative_to(root).as_posix()}"
    print(f"{entry.name}: {said}", flush=True)
    remove(path)
