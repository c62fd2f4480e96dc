"""Write a file or folder whole or not at all; temporary files and their leftovers."""

import hashlib
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from .errors import ProjectError

HOST = re.sub(r"\W", "_", socket.gethostname())
A_DAY = 24 * 60 * 60  # seconds


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name next to `path`; rename it to `path` when the block succeeds.

    The temporary name keeps the suffix, which some writers need. Leftovers of killed processes are
    removed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{path.parent}: {error.strerror}. Name another folder.") from error
    if not os.access(path.parent, os.W_OK):
        raise ProjectError(f"{path.parent} is not writable. Change its permissions.")
    partial = path.with_name(f".{path.stem}.{temporary_name()}.partial{path.suffix}")
    before = partial.with_name(f"{partial.name}.before")
    for left in path.parent.glob(f".{escape(path.stem)}.*.partial{path.suffix}*"):
        if is_stale(left, left.name.removeprefix(f".{path.stem}.").partition(".partial")[0]):
            remove(left)
    try:
        yield partial
        if path.is_dir():  # a folder cannot replace another in one step
            path.rename(before)
        partial.replace(path)
    finally:
        remove(partial)
        remove(before)


def remove(path: Path) -> None:
    """Delete a file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def temporary_name() -> str:
    """A name that nobody else has, here or on another machine that shares the disk."""
    return f"{os.getpid()}-{uuid4().hex[:8]}-{HOST}"


def is_stale(path: Path, name: str) -> bool:
    """Whether the process that gave a path a `temporary_name` has ended."""
    found = re.fullmatch(r"(\d+)-\w{8}-(\w*)", name)
    if found and found[2] == HOST:
        return is_gone(int(found[1]))
    # Of another machine, whose processes are not known here: abandoned after a day.
    with suppress(FileNotFoundError):  # somebody else has removed it
        return bool(found) and path.stat().st_mtime < time.time() - A_DAY
    return False


def is_gone(process: int, started: str = "") -> bool:
    """Whether a process of this machine has ended; its number may be another's by now."""
    import psutil

    try:
        found = psutil.Process(process)
        other = bool(started) and str(found.create_time()) != started
        return other or found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, with its line ends as they are."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def md5(path: Path) -> str:
    """The hash DVC knows a file by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
