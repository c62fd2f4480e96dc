"""Bring back damaged files of the project and of DVC's cache: `make verify REPAIR=1`."""

import hashlib
import shutil
from pathlib import Path

from ..config import ROOT
from ..errors import ProjectError
from ..files import replacing
from .clean import remove
from .storage import dvc, only, stored
from .verify import Kept, broken_objects, hash_of, list_of, listing


def mend(damaged: list[Kept], of_older: dict[str, str]) -> None:
    """Bring back what can be: of the project, and objects that only older runs need.

    Parameters
    ----------
    of_older
        Names by hash.

    Raises
    ------
    ProjectError
        When something is in neither the cache nor the remote; it says how to make it again.
    """
    lost = []
    for entry in damaged:
        while broken := broken_objects(entry.md5):  # a folder's list tells of more once it is whole
            for known in broken:
                renew(known, entry)
        if entry.here and not entry.whole:
            print(f"{entry.name}: {set_aside(entry)}", flush=True)
        if brought_back(entry):
            print(f"{entry.name}: as it was recorded", flush=True)
        else:
            lost.append(how_to_make(entry))
    for known, name in of_older.items():
        for name_of_object in broken_objects(known):
            drop(name_of_object)
        with only([known]) as folder:
            if dvc("fetch", at=folder) and not broken_objects(known) and stored(known).is_file():
                print(f"{name}: from the remote", flush=True)
            else:
                lost.append(f"{name}: gone, for it is not in the remote; the run stays on record")
    if lost:
        raise ProjectError("\n  ".join(["not in the cache, nor in the remote:", *lost]))


def renew(known: str, entry: Kept) -> None:
    """Replace a damaged object of the cache by the project's own copy, if that is whole."""
    drop(known)
    if known == entry.md5:
        copy = list_of(entry.path) if entry.path.is_dir() else read(entry.path)
    else:
        names = [file["relpath"] for file in listing(entry.md5) if file["md5"] == known]
        copy = read(entry.path / names[0])
    if hashlib.md5(copy).hexdigest() == known.removesuffix(".dir"):
        with replacing(stored(known)) as partial:
            partial.write_bytes(copy)
            partial.chmod(0o444)  # as DVC has them


def drop(known: str) -> None:
    """Delete an object of the cache: DVC takes it to be whole as long as it is there."""
    stored(known).unlink()


def read(path: Path) -> bytes:
    """The content of a file; nothing where there is none."""
    return path.read_bytes() if path.is_file() else b""


def set_aside(entry: Kept) -> str:
    """Make room for what is recorded, keeping raw data that is not; say what became of it."""
    if entry.stage:
        remove(entry.path)
        return "removed, as it can be made again"
    aside = free_name(entry.path)
    if entry.path.is_symlink():  # into the cache
        shutil.copyfile(entry.path, aside)
        entry.path.unlink()
    else:
        entry.path.rename(aside)
    return f"what was there is now {aside.relative_to(ROOT).as_posix()}"


def free_name(path: Path) -> Path:
    """Its name and `.damaged`, with a number where that is taken."""
    names = [f"{path.name}.damaged", *(f"{path.name}.damaged{n}" for n in range(2, 1000))]
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


def brought_back(entry: Kept) -> bool:
    """Take it from the cache, or else from the remote; tell whether it is whole in both places."""
    for command in ("checkout", "pull"):
        dvc(command, "--force", entry.name)
        if entry.path.exists() and hash_of(entry.path) == entry.md5 and stored(entry.md5).is_file():
            return not broken_objects(entry.md5)
    return False


def how_to_make(entry: Kept) -> str:
    """What to do when nobody has it any more."""
    if entry.stage:
        return f"{entry.name}: `dvc repro --force {entry.stage}` makes it again"
    return f"{entry.name}: put it there again from where it came, then `make verify`"
