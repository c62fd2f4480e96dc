"""Files that are not what their name says, hold too little or too much, or are no text."""

import gzip
import random
import sqlite3
from functools import partial

import pandas as pd
from support.broken import (
    REJECTED,
    Case,
    add,
    assert_explained,
    csv,
    every,
    frame,
    outcome,
    parquet,
    put,
    zipped,
)
from support.dataset_runner import DatasetRunner
from support.workbook import workbook

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    assert_explained(outcome(runner, case), case)


# Files that are not what their name says


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


# Files with little in them


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


# Files with too much in them


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


# Text in an encoding


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
