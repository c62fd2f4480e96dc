"""Parameters that were edited wrongly: a case edits the text of `params.yaml`."""

import re
from functools import partial

from support.broken import Case, add, assert_explained, every, good
from support.dataset_runner import DatasetRunner

CASES: list[Case] = []
case = partial(add, CASES)


@every(CASES)
def test_broken_parameters(runner: DatasetRunner, case: Case) -> None:
    good(runner.clear())
    runner.set(raw="data/raw/table.csv", target="y", max_rejected=0.5)
    text = runner.params_file.read_text(encoding="utf-8")
    runner.params_file.write_text(case.make(text), encoding="utf-8")
    inferred = runner.infer()
    assert_explained(runner.make_dataset() if inferred.worked else inferred, case)


def setting(text: str, **values: str) -> str:
    """Give parameters of `data` other values, as YAML."""
    for name, value in values.items():
        text, count = re.subn(rf"^  {name}: .*$", f"  {name}: {value}", text, flags=re.MULTILINE)
        assert count == 1
    return text


@case("params.yaml", "YAML", "line")
def parameters_not_yaml(text):
    return text.replace("data:", "data: [")


@case("params.yaml", "data", "missing")
def parameters_empty(text):
    return ""


@case("params.yaml", "train", "missing")
def parameters_without_a_section(text):
    return text[: text.index("\ntrain:")]


@case("params.yaml", "test_size")
def parameters_with_two_times_all_to_test_on(text):
    return setting(text, test_size="2")


@case("params.yaml", "test_size")
def parameters_with_a_word_for_a_number(text):
    return setting(text, test_size="some")


@case("params.yaml", "test_?size")
def parameters_misspelt(text):
    return text.replace("test_size", "testsize")


@case("params.yaml", "split", "random", "chronological", "group")
def parameters_with_an_unknown_split(text):
    return setting(text, split="fair")


@case("split_by", "column")
def parameters_to_split_by_nothing(text):
    return setting(text, split="group", split_by="''")


@case("split_by", "'place'", "column")
def parameters_to_split_by_no_column(text):
    return setting(text, split="group", split_by="place")


@case("split_by", "'colour'", "date")
def parameters_to_split_by_colour_in_time(text):
    return setting(text, split="chronological", split_by="colour")


@case("split_by|split", "'day'", "same|equal|one|all|every")
def parameters_to_split_by_one_day(text):
    return setting(text, split="chronological", split_by="day")


@case("split_by|split", "'site'", "same|one|all|every")
def parameters_to_split_by_one_group(text):
    return setting(text, split="group", split_by="site")


@case("elsewhere.csv", "no such|not there|missing|not found|does not exist")
def parameters_of_a_table_that_is_not_there(text):
    return setting(text, raw="../elsewhere.csv")


@case("raw")
def parameters_of_no_table(text):
    return setting(text, raw="''")


@case("raw", "42|text|path")
def parameters_of_a_number_for_a_table(text):
    return setting(text, raw="42")


@case("target")
def parameters_of_no_target(text):
    return setting(text, target="")


@case("seed", "params.yaml")
def parameters_with_a_seed_below_zero(text):
    return re.sub("^seed: .*$", "seed: -1", text, flags=re.MULTILINE)


@case("ftp", "http|scheme|address")
def parameters_of_an_address_of_no_known_kind(text):
    return setting(text, raw="gopher+ftp://127.0.0.1/table.csv")


@case("127.0.0.1", "reach|connect|refused|answer|fetch")
def parameters_of_a_dead_address(text):
    return setting(text, raw="http://127.0.0.1:1/table.csv")
