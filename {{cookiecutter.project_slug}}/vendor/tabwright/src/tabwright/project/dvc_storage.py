"""DVC's cache and remote by hash, for what any run needs: `make push`, `make pull`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from dvc.output import Output
from dvc.repo import Repo
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.transfer import transfer

from .errors import ProjectError, cli_errors, first_line
from .files import md5
from ..tracking.record import load_records, short
from .commands import DVC
from .lock_file import locked_stages


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["push", "pull"])
    if parser.parse_args(arguments).command == "pull":
        # By name: a bare `dvc pull` fails while a step of the pipeline has never run.
        sys.exit(not dvc("pull", *tracked_outputs(project.root), quiet=False))
    if not dvc("push", quiet=False):
        sys.exit(1)
    # What was never committed, or has changed since, is in no `dvc.lock` and `.dvc` file of today.
    here = [known for known in run_objects() if stored(known).exists()]
    send(here)
    print(f"{len(here)} files that repeat the runs of reports/runs are in the remote")


def dvc(*arguments: str, at: Path | None = None, quiet: bool = True) -> bool:
    """Run DVC in a folder, else in the project; tell whether it worked."""
    command = (*DVC, *arguments)
    done = subprocess.run(command, cwd=at or project.root, capture_output=quiet, check=False)
    return done.returncode == 0


def tracked_outputs(root: Path) -> dict[str, Output]:
    """What DVC keeps by `dvc.lock` and `.dvc` files, by its path; `cache: false` is git's to keep."""
    locked_stages(root)  # says in a sentence that the file is damaged
    outs = [out for out in Repo(str(root)).index.outs if out.hash_info and out.use_cache]
    return {Path(out.fs_path).relative_to(root).as_posix(): out for out in outs}


def run_objects() -> dict[str, str]:
    """What repeating the runs in reports/runs takes: a name by the hash, predictions and raw data."""
    found = {}
    for record in load_records():
        if predictions := record.get("evaluation", {}).get("predictions_md5"):
            found[predictions] = f"the test predictions of run {short(record)}"
        found |= {known: f"{path} of run {short(record)}" for path, known in record["data"].items()}
    return found


@lru_cache
def cache() -> LocalHashFileDB:
    """DVC's cache without its notes of former hashes, so that every file is read."""
    known = Repo(str(project.root)).cache.local
    return LocalHashFileDB(known.fs, known.path)


def stored(known: str) -> Path:
    """Where in the cache the object with a hash is, or would be."""
    return Path(cache().oid_to_path(known))


def objects(known: str) -> list[str]:
    """Hashes of a file, or of a folder's list and what that names, where the cache can tell."""
    try:
        listed = json.loads(stored(known).read_bytes()) if known.endswith(".dir") else []
    except (OSError, ValueError):
        listed = []
    return [known, *(file["md5"] for file in listed)]


def dvc_hash(path: Path) -> str:
    """The hash DVC knows a file or folder by."""
    _, _, found = build(cache(), str(path), cache().fs, "md5")
    return str(found.hash_info.value)


def add_to_cache(path: Path) -> None:
    """Put into the cache what it lacks of a file or folder."""
    staged, _, found = build(cache(), str(path), cache().fs, "md5")
    transfer(staged, cache(), {found.hash_info}, shallow=False)


def fetch(hashes: Iterable[str]) -> None:
    """Bring into the cache what only the remote has; say why it gives none."""
    missing = [known for known in hashes if not stored(known).exists()]
    if not missing:
        return
    try:
        Repo(str(project.root)).cloud.pull([HashInfo("md5", known) for known in missing])
    except Exception as error:  # noqa: BLE001, each kind of remote has errors of its own
        print(f"nothing from the remote: {first_line(error)}", file=sys.stderr)
    fetch(part for known in missing for part in objects(known)[1:])


def send(hashes: Iterable[str]) -> None:
    """Let the remote have what is in the cache."""
    wanted = {HashInfo("md5", part) for known in hashes for part in objects(known)}
    try:
        failed = Repo(str(project.root)).cloud.push(wanted).failed
    except Exception as error:
        raise ProjectError(f"the remote takes nothing: {first_line(error)}") from error
    if failed:
        raise ProjectError(f"{len(failed)} files did not arrive: `make push` sends them again.")


def find_object(known: str) -> Path | None:
    """The file with a hash, to be read; None where it is nowhere, or damaged."""
    fetch([known])
    return stored(known) if stored(known).exists() and md5(stored(known)) == known else None


if __name__ == "__main__":
    with cli_errors():
        main()
