"""Open a file as bytes, unpacking `.gz`, `.bz2`, `.zst`, `.lz4` and `.zip` by its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import pyarrow as pa

from ..project.errors import ProjectError

PACKED = (".gz", ".bz2", ".zst", ".lz4", ".zip")


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The unpacked bytes of a file, to read from start to end.

    Raises
    ------
    ProjectError
        When the file cannot be opened or unpacked.
    """
    try:
        if path.suffix == ".zip":
            with ZipFile(path) as archive, archive.open(_only_member(path, archive)) as file:
                yield file
        else:
            with pa.input_stream(str(path), compression="detect") as file:
                yield file
    except PermissionError as error:
        raise ProjectError(f"{path}: you may not read it. Change its permissions.") from error
    except (OSError, BadZipFile, EOFError, RuntimeError) as error:
        what = f"no whole {path.suffix} file" if path.suffix in PACKED else "cannot be read"
        raise ProjectError(
            f"{path}: {what}: {error}. Fetch it again, or rename it after what it is."
        ) from error


def file_kind(path: Path) -> str:
    """The suffix that tells what is in a file, below that of its packing: `.csv` of `a.csv.gz`."""
    return Path(path.stem).suffix.lower() if path.suffix in PACKED else path.suffix.lower()


def _only_member(path: Path, archive: ZipFile) -> str:
    members = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
    if len(members) != 1:
        raise ProjectError(
            f"{path}: the archive holds {len(members)} files, not one: unpack it into a folder and "
            "name that."
        )
    return members[0]
