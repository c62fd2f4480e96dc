"""Writes a table of text as CSV in any dialect, by itself: what is read must not be its own judge."""

import gzip
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

ENDINGS = {"none": "", "gz": ".gz", "zip": ".zip", "zst": ".zst"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    quote_all: bool = False
    decimal: str = "."
    compression: str = "none"
    header: bool = True

    @property
    def name(self) -> str:
        """A name such files have."""
        return ("table.tsv" if self.separator == "\t" else "table.csv") + ENDINGS[self.compression]


def write(folder: Path, rows: list[list[str]], dialect: Dialect) -> Path:
    """Write rows of text, the first of them the names of the columns."""
    lines = [
        dialect.separator.join(_quoted(cell, dialect) for cell in row)
        for row in (rows if dialect.header else rows[1:])
    ]
    text = "".join(line + dialect.line_end for line in lines)
    path = folder / dialect.name
    path.write_bytes(_compressed(text.encode(dialect.encoding), dialect.compression))
    return path


def _quoted(cell: str, dialect: Dialect) -> str:
    special = {dialect.separator, '"', "\n", "\r"}
    if dialect.quote_all or special & set(cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _compressed(content: bytes, compression: str) -> bytes:
    match compression:
        case "gz":
            return gzip.compress(content)
        case "zip":
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("table.csv", content)
            return file.getvalue()
        case "zst":
            return pa.compress(content, "zstd", asbytes=True)
        case _:
            return content
