"""Broken inputs: each ends in a sentence that says what, where and what to do, and harms nothing.

A case is a function that leaves a broken table in `data/raw` and returns its name there. Its
words, patterns all, are what the sentence must hold; `either` marks input which a good reader may
well make sense of, so that it may work too.
"""

import gzip
import io
import json
import os
import random
import re
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.dataset_runner import SECONDS, DatasetRunner, StepResult, plain_user
from support.workbook import workbook

LINES, LENGTH = 25, 2500  # a message is read on one screen
ADVICE = re.compile(
    r"\b(add|ask|change|check|choose|close|convert|copy|correct|delete|did you mean|download|export"
    r"|fetch|fill|fix|give|install|keep|list|lower|make|mark|move|must|name|needs?|one of|put"
    r"|quote|raise|remove|rename|replace|save|see|set|split|start|take|tell|try|unpack|unzip|use|write)\b",
    re.IGNORECASE,
)
REJECTED = "data/interim/rejected.parquet"
ROWS = 40


@dataclass(frozen=True)
class Case:
    """How to break something, and what is to be said about it."""

    make: Callable[[Any], Any]
    words: tuple[str, ...]
    either: bool = False
    target: Any = "y"
    leaves: tuple[str, ...] = ()  # files that a refusal may leave, because its message names them
    permitted: bool = True  # to read what permissions forbid, as the superuser is
    params: dict[str, Any] = field(default_factory=dict)


FILES: list[Case] = []
CONTRACTS: list[Case] = []
PARAMETERS: list[Case] = []


def case(*words: str, of: list[Case] = FILES, **more: Any) -> Callable[[Callable], Callable]:
    """Put a function among the cases."""

    def register(make: Callable) -> Callable:
        of.append(Case(make, words, **more))
        return make

    return register


def every(cases: list[Case]) -> pytest.MarkDecorator:
    """Test each case under the name of its function."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.make.__name__)


def assert_explained(run: StepResult, case: Case) -> None:
    """Hold the end of a step to what the issue asks of it."""
    assert run.broke is None, f"{type(run.broke).__name__}: {run.broke}"
    if run.worked and case.either:
        return
    assert not run.worked, "it worked"
    assert run.message.startswith("error: ")
    assert "Traceback" not in run.message + run.output
    missing = [word for word in case.words if not re.search(word, run.message, re.IGNORECASE)]
    assert not missing, run.message
    assert ADVICE.search(run.message), f"nothing to do: {run.message}"
    assert len(run.message) <= LENGTH, run.message
    assert run.message.count("\n") < LINES, run.message
    assert run.changed <= set(case.leaves)
    assert run.seconds < SECONDS / 2


@every(FILES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    name = case.make(runner.clear())
    with nullcontext() if case.permitted else plain_user():
        run = runner.run(name, case.target, **case.params)
    assert_explained(run, case)


@every(CONTRACTS)
def test_broken_contract(runner: DatasetRunner, case: Case) -> None:
    runner.clear(whole(runner))
    text = runner.schema_file.read_text(encoding="utf-8")
    runner.schema_file.write_text(case.make(text), encoding="utf-8", errors="surrogateescape")
    assert_explained(runner.make_dataset(), case)


@every(PARAMETERS)
def test_broken_parameters(runner: DatasetRunner, case: Case) -> None:
    good(runner.clear())
    runner.set(raw="data/raw/table.csv", target="y", max_rejected=0.5)
    text = runner.params_file.read_text(encoding="utf-8")
    runner.params_file.write_text(case.make(text), encoding="utf-8")
    inferred = runner.infer()
    assert_explained(runner.make_dataset() if inferred.worked else inferred, case)


def test_there_are_enough() -> None:
    assert len(FILES) + len(CONTRACTS) + len(PARAMETERS) >= 70


# The good table -------------------------------------------------------------------------------


def frame(rows: int = ROWS) -> pd.DataFrame:
    """A column of each kind, and two which are the same in every row."""
    return pd.DataFrame(
        {
            "key": [f"k{n:04d}" for n in range(rows)],
            "size": [n * 7 % 11 + 0.5 for n in range(rows)],
            "colour": [("red", "blue", "green")[n % 3] for n in range(rows)],
            "seen": [f"2024-0{1 + n % 9}-{1 + n % 28:02d}" for n in range(rows)],
            "site": ["Bern"] * rows,
            "day": ["2024-05-01"] * rows,
            "y": ["yes" if n % 4 else "no" for n in range(rows)],
        }
    )


def csv(table: pd.DataFrame | None = None, **options: Any) -> bytes:
    """The bytes of a table, as most people write one."""
    table = frame() if table is None else table
    return table.to_csv(index=False, lineterminator="\n", **options).encode()


def put(raw: Path, name: str, content: bytes) -> str:
    """Write a file, and the folder it is in."""
    path = raw / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return name


def good(raw: Path) -> str:
    """Nothing is wrong with this one."""
    return put(raw, "table.csv", csv())


@cache
def whole(runner: DatasetRunner) -> Path:
    """The project when a dataset has been made of it."""
    run = runner.run(good(runner.clear()), "y")
    assert run.worked, run
    return runner.keep("whole")


# Files that are not what their name says --------------------------------------------------------


def parquet(table: pd.DataFrame | pa.Table | None = None) -> bytes:
    """The bytes of a Parquet file."""
    table = frame() if table is None else table
    file = io.BytesIO()
    pq.write_table(pa.table(table) if isinstance(table, pd.DataFrame) else table, file)
    return file.getvalue()


def zipped(**files: bytes) -> bytes:
    """The bytes of a zip file; `_` in a name stands for the dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


@case("table.csv", either=True)
def gzip_named_csv(raw):
    return put(raw, "table.csv", gzip.compress(csv()))


@case("table.csv", either=True)
def zip_named_csv(raw):
    return put(raw, "table.csv", zipped(table_csv=csv()))


@case("table.csv", either=True)
def parquet_named_csv(raw):
    return put(raw, "table.csv", parquet())


@case("table.csv", either=True)
def excel_named_csv(raw):
    return put(raw, "table.csv", workbook({"Sheet": frame().to_numpy().tolist()}))


@case("table.csv", r"\bno")
def picture_named_csv(raw):
    start = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x02\0\0\0"
    return put(raw, "table.csv", start + random.Random(1).randbytes(20_000))


@case("table.csv", r"\bno")
def noise_named_csv(raw):
    return put(raw, "table.csv", random.Random(2).randbytes(50_000))


@case("table.csv", r"\bno")
def database_named_csv(raw):
    with sqlite3.connect(raw / "table.csv") as database:
        frame().to_sql("birds", database)
    database.close()
    return "table.csv"


@case("table.csv", r"\bno")
def web_page_named_csv(raw):
    page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>\n<form>\n"
    return put(raw, "table.csv", (page + "<p>Please sign in.</p>\n" * 30).encode())


@case("table.parquet", r"\bno|magic", either=True)
def csv_named_parquet(raw):
    return put(raw, "table.parquet", csv())


@case("table.xlsx", r"\bno", either=True)
def csv_named_excel(raw):
    return put(raw, "table.xlsx", csv())


@case("table.csv.gz", r"\bno", either=True)
def csv_named_gzip(raw):
    return put(raw, "table.csv.gz", csv())


@case("table.csv.zip", r"\bno", either=True)
def csv_named_zip(raw):
    return put(raw, "table.csv.zip", csv())


@case("table.csv.zst", r"\bno|zst", either=True)
def csv_named_zstandard(raw):
    return put(raw, "table.csv.zst", csv())


@case("table.json", "JSON", either=True)
def csv_named_json(raw):
    return put(raw, "table.json", csv())


# Files with little in them --------------------------------------------------------------------


@case("table.csv", "empty")
def nothing(raw):
    return put(raw, "table.csv", b"")


@case("table.csv", "empty|no (table|column|row|name)")
def blanks(raw):
    return put(raw, "table.csv", b" " * 500)


@case("table.csv", "empty|no (table|column|row|name)")
def blank_lines(raw):
    return put(raw, "table.csv", b"\r\n" * 300)


@case("table.csv", "empty|no (table|column|row|name)")
def byte_order_mark(raw):
    return put(raw, "table.csv", b"\xef\xbb\xbf")


@case("table.csv|'y'", "no (row|value)|empty|0 rows|only")
def header_only(raw):
    return put(raw, "table.csv", csv(frame(0)))


@case("table.csv|'y'", "row|value|one|1")
def one_row(raw):
    return put(raw, "table.csv", csv(frame(1)))


@case("'y'", "column")
def one_column(raw):
    return put(raw, "table.csv", csv(frame()[["y"]]))


@case("table.csv.gz", "empty|no (table|column|row|name)")
def gzip_of_nothing(raw):
    return put(raw, "table.csv.gz", gzip.compress(b""))


# Files with too much in them --------------------------------------------------------------------


@case("column", either=True)
def three_thousand_columns(raw):
    wide = {f"c{n}": [n % 7, n % 5] * 10 for n in range(3_000)}
    return put(raw, "table.csv", csv(pd.DataFrame({**wide, "y": ["a", "b"] * 10})))


@case("'target'", "column", target="target")
def target_missing_among_three_thousand_columns(raw):
    return three_thousand_columns(raw)


@case("table.csv", either=True)
def field_of_50_megabytes(raw):
    table = frame().assign(note="short")
    table.loc[3, "note"] = "x" * 50_000_000
    return put(raw, "table.csv", csv(table))


@case("table.csv", "quote", "row|line", either=True)
def quote_without_end(raw):
    return put(raw, "table.csv", csv().replace(b",green,", b',"green,', 1))


@case("table.csv", "quote", "row|line", either=True)
def quote_without_end_in_the_last_row(raw):
    return put(raw, "table.csv", csv()[:-1].rpartition(b",")[0] + b',"yes')


@case("table.csv", "row|line", "cells|names|columns")
def more_cells_than_names(raw):
    header, *lines = csv().splitlines()
    return put(raw, "table.csv", b"\n".join([header, *[line + b",1,2,3" for line in lines]]))


@case(r"max_rejected", "row|line", "cells|names|columns", leaves=(REJECTED,))
def too_many_ragged_rows(raw):
    header, *lines = csv().splitlines()
    ragged = [line + b",1" if n % 7 == 0 else line for n, line in enumerate(lines)]
    return put(raw, "table.csv", b"\n".join([header, *ragged]))


@case("table.csv|'size'", either=True)
def nul_bytes(raw):
    return put(raw, "table.csv", csv().replace(b"0.5", b"0\0.5"))


# Text in an encoding --------------------------------------------------------------------------


@case("table.csv", either=True)
def utf_16_without_mark(raw):
    return put(raw, "table.csv", csv().decode().encode("utf-16-le"))


@case("table.csv", "utf-16|text|byte")
def utf_16_cut_within_a_character(raw):
    return put(raw, "table.csv", csv().decode().encode("utf-16")[:-1])


@case("table.csv", "utf-16|text|byte")
def utf_16_with_half_a_pair(raw):
    content = csv().decode().replace("green", "gr\U0001f600n").encode("utf-16")
    return put(raw, "table.csv", content.replace(b"\x3d\xd8\x00\xde", b"\x3d\xd8x\0", 1))


# Compressed files -------------------------------------------------------------------------------

CUT = "truncated|cut|incomplete|damaged|end|whole|broken"


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


# Folders and things that are no files -----------------------------------------------------------


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


# Parquet, JSON and Excel ------------------------------------------------------------------------


@case("table.parquet", "'place'", "nested|struct|list|kind|type")
def parquet_with_nested_columns(raw):
    place = pa.array([{"x": n, "tags": ["a", "b"]} for n in range(ROWS)])
    return put(raw, "table.parquet", parquet(pa.table(frame()).append_column("place", place)))


@case("table.parquet", CUT + "|not a Parquet")
def parquet_cut_off(raw):
    content = parquet()
    return put(raw, "table.parquet", content[: len(content) // 2])


@case("table.parquet", CUT + "|not a Parquet|page|read")
def parquet_damaged_within(raw):
    content = bytearray(parquet(frame(3000)))
    content[100:4000] = bytes(3900)
    return put(raw, "table.parquet", bytes(content))


@case("table.parquet|'y'", "no (row|value)|empty|only")
def parquet_without_rows(raw):
    return put(raw, "table.parquet", parquet(frame(0)))


@case("table.parquet", "no column|'y'|empty")
def parquet_without_columns(raw):
    return put(raw, "table.parquet", parquet(pa.table({})))


@case("parts", "b.parquet", "column|'size'")
def parquet_parts_of_different_columns(raw):
    put(raw, "parts/a.parquet", parquet())
    put(raw, "parts/b.parquet", parquet(frame().drop(columns="size")))
    return "parts"


@case("table.json", "table|rows|list|records")
def json_number(raw):
    return put(raw, "table.json", b"42")


@case("table.json", "table|rows|list|records")
def json_list_of_numbers(raw):
    return put(raw, "table.json", b"[1, 2, 3]")


@case("table.json", "table|rows|records|empty")
def json_empty_list(raw):
    return put(raw, "table.json", b"[]")


@case("table.json", "table|nested|'place'|cell")
def json_of_nested_objects(raw):
    rows = [{**row, "place": {"x": [1, {"deep": 2}]}} for row in frame().to_dict("records")]
    return put(raw, "table.json", json.dumps(rows).encode())


@case("table.json", "JSON", CUT + "|line|character|column")
def json_cut_off(raw):
    return put(raw, "table.json", frame().to_json(orient="records").encode()[:-100])


@case("table.jsonl", "line|row", "7|JSON")
def json_lines_with_a_broken_one(raw):
    lines = frame().to_json(orient="records", lines=True).splitlines()
    lines[6] = lines[6][:-5]
    return put(raw, "table.jsonl", "\n".join(lines).encode())


@case("table.jsonl", "line|row|object|table")
def json_lines_of_numbers(raw):
    return put(raw, "table.jsonl", b"1\n2\n3\n" * 10)


@case("table.xlsx", "empty|no (row|table|column|cell)|'y'")
def excel_with_an_empty_sheet(raw):
    return put(raw, "table.xlsx", workbook({"Sheet1": []}))


@case("table.xlsx", "Prices", "Sheet1", params={"select": "Prices"})
def excel_without_that_sheet(raw):
    rows = [list(frame().columns), *frame().to_numpy().tolist()]
    return put(raw, "table.xlsx", workbook({"Sheet1": rows}))


@case("table.xlsx", CUT + "|not|Excel")
def excel_cut_off(raw):
    content = workbook({"Sheet1": [list(frame().columns), *frame().to_numpy().tolist()]})
    return put(raw, "table.xlsx", content[: len(content) // 2])


@case("table.xlsx", r"\bno|Excel")
def other_zip_named_excel(raw):
    return put(raw, "table.xlsx", zipped(table_csv=csv()))


# Targets that teach nothing ---------------------------------------------------------------------


@case("'Y'", "column", "y", target="Y")
def target_in_other_letters(raw):
    return good(raw)


@case("'sise'", "size", target="sise")
def target_misspelt(raw):
    return good(raw)


@case("99", "column", target="99")
def target_position_out_of_range(raw):
    return put(raw, "table.csv", csv(header=False))


@case("'y'", "twice|2|two|several|more than|duplicate|same name")
def target_named_twice(raw):
    return put(raw, "table.csv", csv().replace(b"colour", b"y", 1))


@case("'y'", "no value|empty|missing")
def target_missing_in_every_row(raw):
    return put(raw, "table.csv", csv(frame().assign(y="")))


@case("'y'", "'yes'", "every|all|only|same|one")
def target_of_one_class(raw):
    return put(raw, "table.csv", csv(frame().assign(y="yes")))


@case("'y'", "3.5", "every|all|only|same|one")
def target_of_one_number(raw):
    return put(raw, "table.csv", csv(frame().assign(y=3.5)))


@case("'y'", "class|different|once|each|identifier")
def target_different_in_every_row(raw):
    return put(raw, "table.csv", csv(frame().assign(y=[f"class {n}" for n in range(ROWS)])))


@case("'y'", r"\b9\b", r"\b10\b|ten")
def nine_rows_with_a_target(raw):
    table = frame()
    table.loc[9:, "y"] = ""
    return put(raw, "table.csv", csv(table))


@case("'y'", "column|feature", "identifier|role|ignore")
def nothing_but_identifiers_to_learn_from(raw):
    return put(raw, "table.csv", csv(frame()[["key", "y"]]))


# Contracts --------------------------------------------------------------------------------------


def contract(*words: str, **more: Any) -> Callable[[Callable], Callable]:
    """Register a case that edits the text of the contract."""
    return case("schema.yaml", *words, of=CONTRACTS, **more)


@contract("YAML", "line")
def contract_not_yaml(text):
    return text.replace("columns:", "columns: [")


@contract("target|columns|mapping|list")
def contract_a_list(text):
    return "- target: y\n- columns\n"


@contract("empty|target|columns")
def contract_empty(text):
    return ""


@contract("'size'", "nulable")
def contract_with_an_unknown_key(text):
    return text.replace("size: {", "size: {nulable: true, ")


@contract("'size'", "'number'", "numeric")
def contract_with_an_unknown_type(text):
    return text.replace("type: numeric", "type: number")


@contract("'size'", "twice", "line")
def contract_with_a_column_twice(text):
    return text + "  size: {type: numeric, role: ignore}\n"


@contract("'nullable'", "twice", "size")
def contract_with_a_key_twice(text):
    return text.replace("size: {", "size: {nullable: true, ")


@contract("columns", "without a dash")
def contract_with_a_list_of_columns(text):
    return re.sub("^  (.*: {)", r"- \1", text, flags=re.MULTILINE)


@contract("'size'", "{type: numeric}")
def contract_with_a_word_for_a_column(text):
    return re.sub("size: {.*}", "size: numeric", text)


@contract("'size'", "description", "word")
def contract_with_a_mapping_for_a_word(text):
    return text.replace("size: {", "size: {description: {metres: true}, ")


@contract("UTF-8")
def contract_in_another_encoding(text):
    return text.replace("size: {", "size: {description: \udcfc, ")


@contract("'size'", "type")
def contract_without_a_type(text):
    return text.replace("{type: numeric, ", "{")


@contract("'z'", "column")
def contract_for_another_target(text):
    return text.replace("target: y\n", "target: z\n")


@contract("'size'", "range", "lowest|first|low|revers")
def contract_with_a_range_reversed(text):
    return re.sub(r"range: \[(.*), (.*)\]", r"range: [\2, \1]", text)


@contract("'size'", "range", "number|lowest")
def contract_with_a_range_of_words(text):
    return re.sub(r"range: \[.*\]", "range: [low, high]", text)


@contract("'colour'", "categories", "list")
def contract_with_categories_in_a_word(text):
    return re.sub(r"categories: \[blue.*\]", "categories: blue green red", text)


@contract("'size'", "nullable", "true|false")
def contract_with_a_doubtful_nullable(text):
    return re.sub(r"(size: {type: numeric, nullable: )\w+", r"\1perhaps", text)


@contract("'seen'", "%Q|format")
def contract_with_an_impossible_date(text):
    return text.replace("'%Y-%m-%d'", "'%Q'")


@contract("'elvish'|elvish", "encoding")
def contract_with_an_unknown_encoding(text):
    return re.sub("encoding: .*", "encoding: elvish", text)


@contract("separator")
def contract_with_a_long_separator(text):
    return re.sub("separator: .*", "separator: '<->'", text)


@contract("separator")
def contract_without_a_separator(text):
    return re.sub("separator: .*", "separator: ''", text)


@contract("'weight'", "missing|not in|no column")
def contract_of_a_column_that_is_not_there(text):
    return text.replace("  size: {", "  weight: {")


@case("max_rejected", "'size'", "40 of 40|all", of=CONTRACTS, leaves=(REJECTED,))
def contract_that_no_row_keeps(text):
    return re.sub(r"range: \[.*\]", "range: [100, 200], strict: true", text)


# Parameters -------------------------------------------------------------------------------------


def parameters(*words: str, **more: Any) -> Callable[[Callable], Callable]:
    """Register a case that edits the text of the parameters."""
    return case(*words, of=PARAMETERS, **more)


def setting(text: str, **values: str) -> str:
    """Give parameters of `data` other values, as YAML."""
    for name, value in values.items():
        text, count = re.subn(rf"^  {name}: .*$", f"  {name}: {value}", text, flags=re.MULTILINE)
        assert count == 1
    return text


@parameters("params.yaml", "YAML", "line")
def parameters_not_yaml(text):
    return text.replace("data:", "data: [")


@parameters("params.yaml", "data", "missing")
def parameters_empty(text):
    return ""


@parameters("params.yaml", "train", "missing")
def parameters_without_a_section(text):
    return text[: text.index("\ntrain:")]


@parameters("params.yaml", "test_size")
def parameters_with_two_times_all_to_test_on(text):
    return setting(text, test_size="2")


@parameters("params.yaml", "test_size")
def parameters_with_a_word_for_a_number(text):
    return setting(text, test_size="some")


@parameters("params.yaml", "test_?size")
def parameters_misspelt(text):
    return text.replace("test_size", "testsize")


@parameters("params.yaml", "split", "random", "chronological", "group")
def parameters_with_an_unknown_split(text):
    return setting(text, split="fair")


@parameters("split_by", "column")
def parameters_to_split_by_nothing(text):
    return setting(text, split="group", split_by="''")


@parameters("split_by", "'place'", "column")
def parameters_to_split_by_no_column(text):
    return setting(text, split="group", split_by="place")


@parameters("split_by", "'colour'", "date")
def parameters_to_split_by_colour_in_time(text):
    return setting(text, split="chronological", split_by="colour")


@parameters("split_by|split", "'day'", "same|equal|one|all|every")
def parameters_to_split_by_one_day(text):
    return setting(text, split="chronological", split_by="day")


@parameters("split_by|split", "'site'", "same|one|all|every")
def parameters_to_split_by_one_group(text):
    return setting(text, split="group", split_by="site")


@parameters("elsewhere.csv", "no such|not there|missing|not found|does not exist")
def parameters_of_a_table_that_is_not_there(text):
    return setting(text, raw="../elsewhere.csv")


@parameters("raw")
def parameters_of_no_table(text):
    return setting(text, raw="''")


@parameters("raw", "42|text|path")
def parameters_of_a_number_for_a_table(text):
    return setting(text, raw="42")


@parameters("target")
def parameters_of_no_target(text):
    return setting(text, target="")


@parameters("seed", "params.yaml")
def parameters_with_a_seed_below_zero(text):
    return re.sub("^seed: .*$", "seed: -1", text, flags=re.MULTILINE)


@parameters("ftp", "http|scheme|address")
def parameters_of_an_address_of_no_known_kind(text):
    return setting(text, raw="gopher+ftp://127.0.0.1/table.csv")


@parameters("127.0.0.1", "reach|connect|refused|answer|fetch")
def parameters_of_a_dead_address(text):
    return setting(text, raw="http://127.0.0.1:1/table.csv")
