"""Folders which hold no table, and things that are no files."""

import gzip
import os
import threading
from functools import partial

from support.broken import (
    CUT,
    Case,
    add,
    assert_explained,
    csv,
    every,
    frame,
    good,
    outcome,
    parquet,
    put,
)
from support.dataset_runner import SECONDS, DatasetRunner

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    assert_explained(outcome(runner, case), case)


@case("no_such.csv", "no such|not there|missing|not found|does not exist")
def no_such_file(raw):
    return "no_such.csv"


@case("table.csv", "folder|directory|empty")
def folder_named_csv(raw):
    (raw / "table.csv").mkdir()
    return "table.csv"


@case("parts", "empty|no (file|table)")
def empty_folder(raw):
    (raw / "parts").mkdir()
    return "parts"


@case("parts", "empty|no (file|table)")
def folder_of_hidden_files(raw):
    put(raw, "parts/.DS_Store", b"\0\0\0\1Bud1")
    return "parts"


@case("parts", "b.csv", "column|'size'")
def folder_of_different_columns(raw):
    put(raw, "parts/a.csv", csv())
    put(raw, "parts/b.csv", csv(frame().drop(columns="size")))
    return "parts"


@case("parts", "csv|parquet|format|kind")
def folder_of_different_formats(raw):
    put(raw, "parts/a.csv", csv())
    put(raw, "parts/b.parquet", parquet())
    return "parts"


@case("b.csv.gz", CUT)
def folder_with_a_damaged_part(raw):
    put(raw, "parts/a.csv.gz", gzip.compress(csv()))
    put(raw, "parts/b.csv.gz", gzip.compress(csv(frame(3000)))[:2000])
    return "parts"


if os.name != "nt":  # which has neither these permissions nor these files

    @case("table.csv", "permission|allowed|not be read|cannot be read|denied", permitted=False)
    def no_permission(raw):
        name = good(raw)
        (raw / name).chmod(0)
        return name

    @case("table.csv", "link|loop|no such|not there|not found")
    def links_in_a_circle(raw):
        (raw / "table.csv").symlink_to(raw / "other.csv")
        (raw / "other.csv").symlink_to(raw / "table.csv")
        return "table.csv"

    @case("parts", "link|loop|no (file|table|such)|empty")
    def folder_that_links_to_itself(raw):
        (raw / "parts").mkdir()
        (raw / "parts" / "again").symlink_to(raw / "parts")
        return "parts"

    @case("table.csv", "link|no such|not there|missing|not found|does not exist")
    def link_to_nowhere(raw):
        (raw / "table.csv").symlink_to(raw / "gone.csv")
        return "table.csv"

    @case("table.csv", "file")
    def pipe(raw):
        def answer() -> None:  # whoever waits for a writer gets one, too late
            if path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

        path = raw / "table.csv"
        os.mkfifo(path)
        waker = threading.Timer(SECONDS / 2, answer)
        waker.daemon = True
        waker.start()
        return path.name

    @case("table.csv", "file|empty")
    def device(raw):
        (raw / "table.csv").symlink_to("/dev/zero")
        return "table.csv"
