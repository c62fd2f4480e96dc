"""Targets that teach nothing."""

from functools import partial

from support.broken import ROWS, Case, add, assert_explained, csv, every, frame, good, outcome, put
from support.dataset_runner import DatasetRunner

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_table(runner: DatasetRunner, case: Case) -> None:
    assert_explained(outcome(runner, case), case)


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
