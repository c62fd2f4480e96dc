"""Files in a folder or in an object store, such as s3://bucket/folder, which fsspec reaches."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ..project.errors import ProjectError, first_line
from ..project.files import md5
from .read import list_files


def is_address(place: str) -> bool:
    """Whether a place is in an object store."""
    return "://" in place


def list_names(folder: str) -> list[str]:
    """The files in a folder and in those below it, relative to it, but for names like `.a` and `_a`.

    Raises
    ------
    ProjectError
        When there is none.
    """
    if not is_address(folder):
        return [path.relative_to(folder).as_posix() for path in list_files(Path(folder))]
    found: list[PurePosixPath] = []
    with suppress(FileNotFoundError), _store(folder) as (store, root):
        found = [PurePosixPath(path).relative_to(root.rstrip("/")) for path in store.find(root)]
    names = sorted(path.as_posix() for path in found if path.name[:1] not in (".", "_", ""))
    if not names:
        raise ProjectError(f"{folder}: no file there. Name another folder.")
    return names


def content_hash(place: str) -> str:
    """What changes with the bytes of a file: its MD5, or what the store says; empty without a file."""
    try:
        if not is_address(place):
            return md5(Path(place))
        with _store(place) as (store, name):
            return str(store.checksum(name))
    except FileNotFoundError:
        return ""


@contextmanager
def fetched(place: str) -> Iterator[Path]:
    """A file to read: of a store it is a copy for the time of the block.

    Raises
    ------
    FileNotFoundError
        When the store does not have it.
    """
    if not is_address(place):
        yield Path(place)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, PurePosixPath(place).name)
        with _store(place) as (store, name):
            store.get_file(name, str(path))
        yield path


@contextmanager
def stored(place: str) -> Iterator[Path]:
    """A file to write: to a store it is sent, whole, when the block succeeds."""
    if not is_address(place):
        yield Path(place)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, PurePosixPath(place).name)
        yield path
        with _store(place) as (store, name):
            store.put_file(str(path), name)


@contextmanager
def _store(place: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address, and the path in it."""
    from fsspec.core import url_to_fs

    try:
        yield url_to_fs(place)
    except FileNotFoundError:
        raise
    except ImportError as error:
        raise ProjectError(
            f"{place}: {first_line(error)}: add that to the dependencies in pyproject.toml, then "
            "`make lock setup`."
        ) from error
    except Exception as error:  # of a library that is not known here
        raise ProjectError(
            f"{place}: {first_line(error)}. Correct the address, or its credentials in .env."
        ) from error
