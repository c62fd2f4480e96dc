"""What is always true of `make data`: no row is lost, and how a table is cut does not matter."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dataset_runner import ORDINARY, Dataset, DatasetRunner
from support.shop_table import lines, shop
from support.text_table import Dialect, write

ROWS = 90


@pytest.fixture(scope="module")
def whole(runner: DatasetRunner) -> Dataset:
    """What is made of the table in one plain file, read at once."""
    write(runner.clear(), lines(shop(ROWS, 1)), Dialect())
    return runner.dataset(runner.run("table.csv", "bought"))


# What may be wrong with a row -------------------------------------------------------------------


def with_word_for_number(row: list[str]) -> list[str]:
    return [*row[:2], "much", *row[3:]]


def with_unknown_colour(row: list[str]) -> list[str]:
    return [*row[:3], "mauve", *row[4:]]


def with_impossible_day(row: list[str]) -> list[str]:
    return [row[0], "31.02.2024", *row[2:]]


def without_colour(row: list[str]) -> list[str]:
    return [*row[:3], "", *row[4:]]


def with_a_cell_more(row: list[str]) -> list[str]:
    return [*row, "more"]


def with_a_cell_less(row: list[str]) -> list[str]:
    return row[:-1]


def without_target(row: list[str]) -> list[str]:
    return [*row[:-1], ""]


WRONG: list[Callable[[list[str]], list[str]]] = [
    with_word_for_number,
    with_impossible_day,
    with_a_cell_more,
]
NEW = [with_unknown_colour, without_colour]  # which a guess has not foreseen: such rows are kept
DOUBTFUL = [with_a_cell_less]  # may be taken for a row without a target


@given(
    seed=st.integers(0, 99),
    planted=st.dictionaries(
        st.integers(1, 60), st.sampled_from([*WRONG, *NEW, *DOUBTFUL, without_target]), max_size=15
    ),
    repeated=st.lists(st.integers(1, 60), max_size=4),
    duplicates=st.sampled_from(["keep", "reject"]),
    batch=st.sampled_from([7, 1000]),
)
@settings(ORDINARY, max_examples=40)
def test_no_row_is_lost(runner: DatasetRunner, seed, planted, repeated, duplicates, batch) -> None:
    rows, dialect = lines(shop(60, seed)), Dialect(";", "cp1252", "\r\n")
    raw = runner.clear()
    write(raw, rows, dialect)
    runner.set(raw=f"data/raw/{dialect.name}", target="bought", max_rejected=1.0)
    runner.set(duplicates=duplicates)
    assert runner.infer().worked
    for number, spoil in planted.items():
        rows[number] = spoil(rows[number])
    rows += [rows[number] for number in repeated]
    write(raw, rows, dialect)
    with runner.in_batches(batch):
        made = runner.dataset(runner.make_dataset())
    rejected = runner.table("rejected")["rejected_row"].nunique()
    assert len(made) + rejected == len(rows) - 1
    assert rejected >= sum(spoil in WRONG for spoil in planted.values())
    if not repeated:
        sound = [without_target, *NEW]
        assert rejected <= sum(spoil not in sound for spoil in planted.values())


# What does not matter ---------------------------------------------------------------------------


@given(order=st.permutations(list(shop(1, 0).columns)))
@settings(ORDINARY, max_examples=12)
def test_order_of_columns_does_not_matter(runner: DatasetRunner, whole: Dataset, order) -> None:
    write(runner.clear(), lines(shop(ROWS, 1)[order]), Dialect())
    runner.dataset(runner.run("table.csv", "bought")).assert_equals(whole)


@given(batch=st.integers(1, ROWS + 10))
@settings(ORDINARY, max_examples=12)
def test_size_of_batches_does_not_matter(runner: DatasetRunner, whole: Dataset, batch) -> None:
    write(runner.clear(), lines(shop(ROWS, 1)), Dialect())
    with runner.in_batches(batch):
        runner.dataset(runner.run("table.csv", "bought")).assert_equals(whole)


@given(
    cuts=st.lists(st.integers(1, ROWS - 1), min_size=1, max_size=4, unique=True).map(sorted),
    compression=st.sampled_from(["none", "gz", "zip", "zst"]),
)
@settings(ORDINARY, max_examples=12)
def test_number_of_files_does_not_matter(
    runner: DatasetRunner, whole: Dataset, cuts, compression
) -> None:
    names, *rows = lines(shop(ROWS, 1))
    folder, dialect = runner.clear() / "parts", Dialect(compression=compression)
    folder.mkdir()
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, ROWS], strict=True)):
        path = write(folder, [names, *rows[start:end]], dialect)
        path.rename(path.with_name(f"{number}-{path.name}"))
    runner.dataset(runner.run("parts", "bought")).assert_equals(whole)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_dialect_does_not_matter(runner: DatasetRunner, whole: Dataset, separator) -> None:
    table = shop(ROWS, 1)
    table["spent"] = table["spent"].str.replace(".", ",")
    dialect = Dialect(separator, "utf-16", "\r", decimal=",", compression="gz")
    write(runner.clear(), lines(table), dialect)
    runner.dataset(runner.run(dialect.name, "bought")).assert_equals(whole)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "table.parquet": lambda table, path: table.to_parquet(path, index=False),
    "table.json": lambda table, path: table.to_json(path, orient="records"),
    "table.jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    "table.xlsx": lambda table, path: table.to_excel(path, index=False),
    "table.jsonl.gz": lambda table, path: table.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_format_does_not_matter(runner: DatasetRunner, whole: Dataset, name) -> None:
    table = shop(ROWS, 1).replace("", None).astype({"spent": float})
    WRITERS[name](table, runner.clear() / name)
    runner.dataset(runner.run(name, "bought")).assert_equals(whole)


def test_parquet_in_parts_does_not_matter(runner: DatasetRunner, whole: Dataset) -> None:
    table = shop(ROWS, 1).replace("", None).astype({"spent": float})
    folder = runner.clear() / "parts"
    folder.mkdir()
    for number, start in enumerate(range(0, ROWS, 40)):
        part = table.iloc[start : start + 40]
        part.to_parquet(folder / f"part-{number}.parquet", index=False)
    runner.dataset(runner.run("parts", "bought")).assert_equals(whole)


def test_second_run_gives_the_same_bytes(runner: DatasetRunner) -> None:
    write(runner.clear(), lines(shop(ROWS, 1)), Dialect())
    runner.dataset(runner.run("table.csv", "bought"))
    assert not runner.make_dataset().changed


def test_more_rows_leave_the_test_rows_where_they_are(runner: DatasetRunner) -> None:
    table, raw = shop(ROWS, 1), runner.clear()
    write(raw, lines(table.head(ROWS - 20)), Dialect())
    before = runner.dataset(runner.run("table.csv", "bought"))
    write(raw, lines(table), Dialect())
    after = runner.dataset(runner.make_dataset())
    assert before.values("test", "visitor") <= after.values("test", "visitor")
    assert before.values("train", "visitor") <= after.values("train", "visitor")
