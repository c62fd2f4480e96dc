"""Open a file as bytes or text: decompress by its suffix, detect its encoding."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
from charset_normalizer import from_bytes

from ..project.errors import ProjectError

COMPRESSED = (".gz", ".bz2", ".zst", ".lz4", ".zip")
SAMPLE = 1 << 20  # bytes
# Encodings that can be detected. Latin ones are read as Windows-1252, unless this would put symbols
# between letters, as in Polish.
NOT_LATIN = ["cp1251", "koi8_r", "cp1253", "cp949", "cp932", "euc_jis_2004", "gb18030", "big5"]
_POLISH = re.compile(rb"[A-Za-z][\xb3\xb9\xbf][a-z]")
MIXED = "mixed"  # UTF-8 with some cells in Windows-1252


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading its decompressed bytes, from start to end.

    Raises
    ------
    ProjectError
        When the file cannot be opened or decompressed.
    """
    try:
        if path.suffix == ".zip":
            with ZipFile(path) as archive, archive.open(_only_member(path, archive)) as file:
                yield file
        else:
            with pa.input_stream(str(path), compression="detect") as file:
                yield file
    except PermissionError as error:
        raise ProjectError(f"{path}: permission denied. Change its permissions.") from error
    except (OSError, BadZipFile, EOFError, RuntimeError) as error:
        packed = path.suffix in COMPRESSED
        what = f"not a {path.suffix} file, or damaged" if packed else "cannot be read"
        remedy = "Download it again, or correct its suffix."
        raise ProjectError(f"{path}: {what}: {error}. {remedy}") from error


def file_kind(path: Path) -> str:
    """The suffix of the format, without that of the compression: `.csv` for `a.csv.gz`."""
    return Path(path.stem).suffix.lower() if path.suffix in COMPRESSED else path.suffix.lower()


def _only_member(path: Path, archive: ZipFile) -> str:
    members = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
    if len(members) != 1:
        raise ProjectError(
            f"{path}: the archive contains {len(members)} files, not one. Unpack it into a folder "
            "and use that."
        )
    return members[0]


def find_encoding(path: Path) -> str:
    """UTF-16 by its byte order mark or zeros, UTF-8 if all bytes are valid, else the best match."""
    with open_bytes(path) as file:
        start = file.read(SAMPLE)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [start[parity::2].count(0) * 4 > len(start) for parity in (0, 1)]  # half of them
    if zeros[0] != zeros[1]:
        return "utf-16-be" if zeros[0] else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = b""
    try:
        with open_bytes(path) as file:
            while block := file.read(SAMPLE):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _not_utf8(block)
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def _not_utf8(data: bytes) -> str:
    """`mixed` when most non-ASCII characters are UTF-8, else the encoding that fits best."""
    text = data.decode("utf-8", errors="surrogateescape")
    beyond = [character for character in text if character > "\x7f"]
    strangers = sum("\udc80" <= character <= "\udcff" for character in beyond)
    if strangers <= len(beyond) / 2:
        return MIXED
    if len(beyond) >= 20:
        best = from_bytes(data, cp_isolation=[*NOT_LATIN, "cp1252"]).best()
        if best and best.encoding in NOT_LATIN:
            return best.encoding
    return "cp1250" if _POLISH.search(data) else "cp1252"


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file for reading its decompressed text, with its line endings unchanged."""
    how = ("utf-8", MIXED) if encoding == MIXED else (encoding, "strict")
    with open_bytes(path) as file, io.TextIOWrapper(file, *how, newline="") as text:
        yield text


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(MIXED, _as_windows_1252)
