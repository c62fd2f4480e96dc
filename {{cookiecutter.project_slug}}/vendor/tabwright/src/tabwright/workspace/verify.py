"""Rehash every file that DVC keeps, in the project and in the cache; name and restore the damaged.

DVC itself trusts its cache: a damaged object has to be deleted before it can be restored.
"""

import shutil
from pathlib import Path

from dvc.output import Output

from ..project.commands import Arguments, command_parser, dvc
from ..project.dvc_storage import DvcStorage
from ..project.errors import ProjectError
from ..project.files import remove
from ..project.project import Project
from .remote import run_objects


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("verify", __doc__)
    parser.add_argument("--repair", action="store_true", help="restore what is damaged")
    repair = parser.parse_args(arguments).repair
    root, storage = project.root, DvcStorage(project.root)
    outputs = storage.outputs()
    hashes = {name: str(out.hash_info.value) for name, out in outputs.items()}
    here = [name for name in outputs if (root / name).exists()]
    changed = [name for name in here if storage.hash(root / name) != hashes[name]]
    # Older runs need more of the cache.
    current = set(hashes.values())
    hashes |= {name: known for known, name in run_objects(project).items() if known not in current}
    in_cache = [name for name, known in hashes.items() if storage.damaged(known)]
    print(
        f"{len(here) - len(changed)} files and folders are as recorded, "
        f"{len(outputs) - len(here)} are not here"
    )
    if repair:
        for name in changed:
            set_aside(root, name, outputs[name])
        damaged = dict.fromkeys([*changed, *in_cache])
        lost = [name for name in damaged if not restore(storage, hashes[name], outputs.get(name))]
        for name in (name for name in damaged if name not in lost):
            if name in changed:
                dvc(root, "checkout", "--force", name)
            print(f"{name}: as it was recorded", flush=True)
        title = "not in the cache, nor in the remote:"
        problems = [f"{name}: {remedy(outputs.get(name))}" for name in lost]
    else:
        title = "changed since it was recorded:"
        problems = [f"{name}, here: `make verify REPAIR=1`" for name in changed]
        problems += [f"{name}, in the cache: `make verify REPAIR=1`" for name in in_cache]
    if problems:
        raise ProjectError("\n  ".join([title, *problems]))


def set_aside(root: Path, name: str, output: Output) -> None:
    """Remove a changed file or folder; of what no step makes, keep a copy."""
    path = copy = root / name
    what = "removed, as it can be made again"
    if output.stage.is_data_source:
        while copy.exists():
            copy = copy.with_name(f"{copy.name}.damaged")
        # Not moved, as it may be a link into the cache.
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, copy)
        what = f"what was there is now {copy.relative_to(root).as_posix()}"
    print(f"{name}: {what}", flush=True)
    remove(path)


def restore(storage: DvcStorage, known: str, output: Output | None) -> bool:
    """Replace damaged objects by those of the project or of the remote; tell whether all are there."""
    for _ in range(2):  # the list of a folder names its files once it is restored
        for path in storage.damaged(known):
            path.unlink()
        if output and output.exists:
            output.commit(relink=False)
        storage.fetch(known)
    return not storage.missing(known)


def remedy(output: Output | None) -> str:
    """What to do about a file that is neither in the cache nor in the remote."""
    if output is None:
        return "gone, for it is not in the remote; the run stays on record"
    if output.stage.is_data_source:
        return "put it there again from where it came, then `make verify`"
    return f"`dvc repro --force {output.stage.name}` makes it again"
