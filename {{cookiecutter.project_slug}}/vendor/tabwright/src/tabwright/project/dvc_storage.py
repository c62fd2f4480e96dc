"""DVC's cache and remote by hash, also for files that no `dvc.lock` of today names."""

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from dvc.output import Output
from dvc.repo import Repo
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.transfer import transfer

from .commands import DVC
from .errors import ProjectError, first_line
from .files import md5
from .lock_file import locked_stages


def dvc(root: Path, *arguments: str, quiet: bool = True) -> bool:
    """Run DVC in a project; tell whether it worked."""
    done = subprocess.run((*DVC, *arguments), cwd=root, capture_output=quiet, check=False)
    return done.returncode == 0


def tracked_outputs(root: Path) -> dict[str, Output]:
    """What DVC keeps by `dvc.lock` and `.dvc` files, by its path; `cache: false` is git's to keep."""
    locked_stages(root)  # says in a sentence that the file is damaged
    outs = [out for out in Repo(str(root)).index.outs if out.hash_info and out.use_cache]
    return {Path(out.fs_path).relative_to(root).as_posix(): out for out in outs}


class DvcStorage:
    """The cache of a project, whose objects are named by the hash of what is in them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def cache(self) -> LocalHashFileDB:
        """DVC's cache without its notes of former hashes, so that every file is read."""
        known = Repo(str(self.root)).cache.local
        return LocalHashFileDB(known.fs, known.path)

    def path(self, known: str) -> Path:
        """Where the object with a hash is, or would be."""
        return Path(self.cache.oid_to_path(known))

    def objects(self, known: str) -> list[str]:
        """Hashes of a file, or of a folder's list and what that names, where the cache can tell."""
        try:
            listed = json.loads(self.path(known).read_bytes()) if known.endswith(".dir") else []
        except (OSError, ValueError):
            listed = []
        return [known, *(file["md5"] for file in listed)]

    def hash(self, path: Path) -> str:
        """The hash DVC knows a file or folder by."""
        _, _, found = build(self.cache, str(path), self.cache.fs, "md5")
        return str(found.hash_info.value)

    def add(self, path: Path) -> None:
        """Put into the cache what it lacks of a file or folder."""
        staged, _, found = build(self.cache, str(path), self.cache.fs, "md5")
        transfer(staged, self.cache, {found.hash_info}, shallow=False)

    def fetch(self, hashes: Iterable[str]) -> None:
        """Bring into the cache what only the remote has; say why it gives none."""
        missing = [known for known in hashes if not self.path(known).exists()]
        if not missing:
            return
        try:
            Repo(str(self.root)).cloud.pull([HashInfo("md5", known) for known in missing])
        except Exception as error:  # noqa: BLE001, each kind of remote has errors of its own
            print(f"nothing from the remote: {first_line(error)}", file=sys.stderr)
        self.fetch(part for known in missing for part in self.objects(known)[1:])

    def send(self, hashes: Iterable[str]) -> None:
        """Let the remote have what is in the cache."""
        wanted = {HashInfo("md5", part) for known in hashes for part in self.objects(known)}
        try:
            failed = Repo(str(self.root)).cloud.push(wanted).failed
        except Exception as error:
            raise ProjectError(f"the remote takes nothing: {first_line(error)}") from error
        if failed:
            raise ProjectError(f"{len(failed)} files did not arrive: `make push` sends them again.")

    def find(self, known: str) -> Path | None:
        """The file with a hash, to be read; None where it is nowhere, or damaged."""
        self.fetch([known])
        path = self.path(known)
        return path if path.exists() and md5(path) == known else None
