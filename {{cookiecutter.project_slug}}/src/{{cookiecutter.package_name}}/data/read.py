"""Read a table of text cells or typed columns from a CSV or Parquet file."""

import codecs
import csv
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ProjectError
from .schema import Source

SEPARATORS = ",;\t|"
BATCH_ROWS = 100_000


def read_table(path: Path, source: Source | None = None) -> pd.DataFrame:
    """Read the whole file; CSV cells stay the text they are, Parquet columns keep their types.

    Parameters
    ----------
    path
        A CSV file with a header, or a file that ends in `.parquet`.
    source
        How the CSV file is written; detected when not given.

    Raises
    ------
    ProjectError
        When the file is missing, empty or cannot be parsed.
    """
    return pd.concat(read_batches(path, source), ignore_index=True)


def read_batches(path: Path, source: Source | None = None) -> Iterator[pd.DataFrame]:
    """Like `read_table`, in pieces of `BATCH_ROWS` rows; at least one, perhaps without rows."""
    if not path.is_file():
        raise ProjectError(f"{path}: no such file.")
    if path.stat().st_size == 0:
        raise ProjectError(f"{path}: the file is empty.")
    yield from _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path, source)


def sniff(path: Path) -> Source:
    """Tell how a CSV file is written from its bytes: encoding and separator."""
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            sample = file.read(100_000)
    except UnicodeError as error:
        raise ProjectError(f"{path}: not a text file, and not Parquet by its name.") from error
    return Source(separator=_separator(sample), encoding=encoding)


def _read_csv(path: Path, source: Source | None) -> Iterator[pd.DataFrame]:
    source = source or sniff(path)
    try:
        with (
            warnings.catch_warnings(action="error", category=pd.errors.ParserWarning),
            pd.read_csv(
                path,
                sep=source.separator,
                encoding=source.encoding,
                dtype=str,
                na_filter=False,
                skipinitialspace=True,
                index_col=False,
                chunksize=BATCH_ROWS,
            ) as batches,
        ):
            for batch in batches:
                yield batch.rename(columns=str.strip)
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path}: not {source.encoding} text ({error.reason} at byte {error.start}). Save it as "
            "UTF-8, or correct `source.encoding` in references/schema.yaml for the raw file."
        ) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        raise ProjectError(f"{path}: not a table: {error}".strip()) from error


def _read_parquet(path: Path) -> Iterator[pd.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            if not file.metadata.num_rows:
                yield file.schema_arrow.empty_table().to_pandas().rename(columns=str)
            for batch in file.iter_batches(BATCH_ROWS):
                yield batch.to_pandas().rename(columns=str)
    except pa.ArrowInvalid as error:
        raise ProjectError(f"{path}: not a Parquet file: {error}") from error


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, UTF-16 by its mark, else Windows-1252 (and so Latin-1)."""
    with path.open("rb") as file:
        mark = file.read(3)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if mark == codecs.BOM_UTF8 else "utf-8"


def _separator(sample: str) -> str:
    """The separator that cuts the most lines into the same number of cells, at least two."""

    def score(separator: str) -> tuple[float, int]:
        widths = [
            len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        ]
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(SEPARATORS, key=score)
