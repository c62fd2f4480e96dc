"""DVC's cache and remote by hash, also for files that no `dvc.lock` of today names."""

import json
import logging
import sys
from collections.abc import Iterable
from pathlib import Path

from dvc.output import Output
from dvc.repo import Repo
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.hash_info import HashInfo

from .commands import SHOWN_DVC
from .errors import ProjectError, first_line
from .files import md5
from .git import require_merged
from .lock_file import locked_stages


class DvcStorage:
    """The objects of a project, each named by the hash of its content.

    A folder is the object of a list, whose hash ends in `.dir`, and those of its files.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.repo = root, Repo(str(root))
        known = self.repo.cache.local
        # Without DVC's notes of former hashes, so that every file is read.
        self.cache = LocalHashFileDB(known.fs, known.path)

    def outputs(self) -> dict[str, Output]:
        """What is recorded in `dvc.lock` and `.dvc` files and not kept by git, by its path."""
        require_merged(self.root)  # DVC reads params.yaml with the steps
        locked_stages(self.root)  # says in a sentence that the file is damaged
        outs = [out for out in self.repo.index.outs if out.hash_info and out.use_cache]
        return {Path(out.fs_path).relative_to(self.root).as_posix(): out for out in outs}

    def path(self, known: str) -> Path:
        """Where the object with a hash is, or would be."""
        return Path(self.cache.oid_to_path(known))

    def objects(self, known: str) -> list[str]:
        """Hashes of a file, or of a folder's list and the files in it, if the list is readable."""
        try:
            listed = json.loads(self.path(known).read_bytes()) if known.endswith(".dir") else []
        except (OSError, ValueError):
            listed = []
        return [known, *(file["md5"] for file in listed)]

    def missing(self, known: str) -> list[str]:
        """Objects of a file or folder that the cache does not have."""
        return [part for part in self.objects(known) if not self.path(part).exists()]

    def damaged(self, known: str) -> list[Path]:
        """Objects of a file or folder in the cache that do not have the hash they are named by."""
        paths = {self.path(part): part.removesuffix(".dir") for part in self.objects(known)}
        return [path for path, part in paths.items() if path.is_file() and md5(path) != part]

    def hash(self, path: Path) -> str:
        """The hash DVC knows a file or folder by."""
        _, _, found = build(self.cache, str(path), self.cache.fs, "md5")
        return str(found.hash_info.value)

    def fetch(self, known: str) -> None:
        """Download what the cache does not have of a file or folder; print why that fails."""
        if not (missing := self.missing(known)):
            return
        try:
            self.repo.cloud.pull([HashInfo("md5", part) for part in missing])
        except Exception as error:  # noqa: BLE001, each kind of remote has errors of its own
            print(f"nothing from the remote: {first_line(error)}", file=sys.stderr)
        if known in missing and known not in self.missing(known):  # a list: now its files
            self.fetch(known)

    @property
    def remote(self) -> Path | str:
        """Where the default remote is: a folder, or an address.

        Raises
        ------
        ProjectError
            When there is none, or the plugin of its kind is not installed.
        """
        config, name = self.repo.config, self.repo.config["core"].get("remote")
        if not name:
            add = f"`{SHOWN_DVC} remote add --default storage <address>` adds one"
            raise ProjectError(f"this project has no DVC remote: {add}.")
        try:
            remote = self.repo.cloud.get_remote()
        except Exception as error:
            raise ProjectError(f"the DVC remote is not usable: {first_line(error)}.") from error
        folder = remote.fs.protocol == "local"
        return Path(remote.path) if folder else str(config["remote"][name]["url"])

    def in_remote(self, hashes: Iterable[str]) -> list[str]:
        """Those of some objects that the remote has; errors are those of the kind of remote."""
        try:
            return list(self.repo.cloud.get_remote_odb().oids_exist(list(hashes)))
        except FileNotFoundError:
            return []

    def pull(self, names: Iterable[str]) -> int:
        """Download outputs that the cache does not have, put them in place; the number of files.

        Errors are those of DVC and of the kind of remote.
        """
        for logger in ("dvc", "dvc_data"):  # what is missing is told by its name
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        # By name: DVC otherwise fails while a step of the pipeline has never run.
        paths = [str(self.root / name) for name in names]
        return int(self.repo.pull(paths)["stats"]["fetched"])

    def send(self, hashes: Iterable[str]) -> None:
        """Upload files and folders that are in the cache."""
        wanted = {HashInfo("md5", part) for known in hashes for part in self.objects(known)}
        try:
            failed = self.repo.cloud.push(wanted).failed
        except Exception as error:
            raise ProjectError(f"the remote takes nothing: {first_line(error)}") from error
        if failed:
            raise ProjectError(f"{len(failed)} files did not arrive: `make push` sends them again.")

    def find(self, known: str) -> Path | None:
        """The file with a hash, to be read; None where it is nowhere, or damaged."""
        self.fetch(known)
        return None if self.missing(known) or self.damaged(known) else self.path(known)
