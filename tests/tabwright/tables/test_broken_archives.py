"""Compressed files which are cut off, damaged or locked, or hold no table."""

import gzip
import io
import random
from functools import partial

import pyarrow as pa
from support.broken import CUT, Case, add, assert_explained, csv, every, frame, outcome, put, zipped
from support.dataset_runner import DatasetRunner

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    assert_explained(outcome(runner, case), case)


@case("table.csv.gz", CUT)
def gzip_cut_off(raw):
    content = gzip.compress(csv(frame(3000)))
    return put(raw, "table.csv.gz", content[: len(content) // 2])


@case("table.csv.gz", CUT + "|crc")
def gzip_damaged(raw):
    content = bytearray(gzip.compress(csv()))
    content[-6] ^= 0xFF
    return put(raw, "table.csv.gz", bytes(content))


@case("table.csv.zst", CUT)
def zstandard_cut_off(raw):
    file = io.BytesIO()
    with pa.CompressedOutputStream(pa.PythonFile(file, "w"), "zstd") as stream:
        stream.write(csv(frame(3000)))
        stream.flush()
        content = file.getvalue()
    return put(raw, "table.csv.zst", content[: len(content) // 2])


@case("table.csv.zip", CUT + "|zip")
def zip_cut_off(raw):
    content = zipped(table_csv=csv(frame(3000)))
    return put(raw, "table.csv.zip", content[: len(content) // 2])


@case("table.zip", "password|encrypted")
def zip_with_a_password(raw):
    content = bytearray(zipped(table_csv=csv()))
    content[6] |= 1  # says so, before the file and in the directory at the end
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return put(raw, "table.zip", bytes(content))


@case("table.zip", "2|two|several|one|more than|a.csv")
def zip_of_two_files(raw):
    return put(raw, "table.zip", zipped(a_csv=csv(), b_csv=csv()))


@case("table.zip", "empty|no file|0 files|nothing")
def zip_of_nothing(raw):
    return put(raw, "table.zip", zipped())


@case("table.zip", r"\bno|csv")
def zip_of_a_picture(raw):
    picture = b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(5000)
    return put(raw, "table.zip", zipped(photo_png=picture))
