"""Schemas that were edited wrongly: a case edits the text of `schema.yaml`."""

import re
from functools import partial

from support.broken import REJECTED, Case, add, assert_explained, every, whole
from support.dataset_runner import DatasetRunner

CASES: list[Case] = []
case = partial(add, CASES, "schema.yaml")


@every(CASES)
def test_broken_schema(runner: DatasetRunner, case: Case) -> None:
    runner.clear(whole(runner))
    text = runner.schema_file.read_text(encoding="utf-8")
    runner.schema_file.write_text(case.make(text), encoding="utf-8", errors="surrogateescape")
    assert_explained(runner.make_dataset(), case)


@case("YAML", "line")
def schema_not_yaml(text):
    return text.replace("columns:", "columns: [")


@case("target|columns|mapping|list")
def schema_a_list(text):
    return "- target: y\n- columns\n"


@case("empty|target|columns")
def schema_empty(text):
    return ""


@case("'size'", "nulable")
def schema_with_an_unknown_key(text):
    return text.replace("size: {", "size: {nulable: true, ")


@case("'size'", "'number'", "numeric")
def schema_with_an_unknown_type(text):
    return text.replace("type: numeric", "type: number")


@case("'size'", "twice", "line")
def schema_with_a_column_twice(text):
    return text + "  size: {type: numeric, role: ignore}\n"


@case("'nullable'", "twice", "size")
def schema_with_a_key_twice(text):
    return text.replace("size: {", "size: {nullable: true, ")


@case("columns", "without a dash")
def schema_with_a_list_of_columns(text):
    return re.sub("^  (.*: {)", r"- \1", text, flags=re.MULTILINE)


@case("'size'", "{type: numeric}")
def schema_with_a_word_for_a_column(text):
    return re.sub("size: {.*}", "size: numeric", text)


@case("'size'", "description", "word")
def schema_with_a_mapping_for_a_word(text):
    return text.replace("size: {", "size: {description: {metres: true}, ")


@case("UTF-8")
def schema_in_another_encoding(text):
    return text.replace("size: {", "size: {description: \udcfc, ")


@case("'size'", "type")
def schema_without_a_type(text):
    return text.replace("{type: numeric, ", "{")


@case("'z'", "column")
def schema_for_another_target(text):
    return text.replace("target: y\n", "target: z\n")


@case("'size'", "range", "lowest|first|low|revers")
def schema_with_a_range_reversed(text):
    return re.sub(r"range: \[(.*), (.*)\]", r"range: [\2, \1]", text)


@case("'size'", "range", "number|lowest")
def schema_with_a_range_of_words(text):
    return re.sub(r"range: \[.*\]", "range: [low, high]", text)


@case("'colour'", "categories", "list")
def schema_with_categories_in_a_word(text):
    return re.sub(r"categories: \[blue.*\]", "categories: blue green red", text)


@case("'size'", "nullable", "true|false")
def schema_with_a_doubtful_nullable(text):
    return re.sub(r"(size: {type: numeric, nullable: )\w+", r"\1perhaps", text)


@case("'seen'", "%Q|format")
def schema_with_an_impossible_date(text):
    return text.replace("'%Y-%m-%d'", "'%Q'")


@case("'elvish'|elvish", "encoding")
def schema_with_an_unknown_encoding(text):
    return re.sub("encoding: .*", "encoding: elvish", text)


@case("separator")
def schema_with_a_long_separator(text):
    return re.sub("separator: .*", "separator: '<->'", text)


@case("separator")
def schema_without_a_separator(text):
    return re.sub("separator: .*", "separator: ''", text)


@case("'weight'", "missing|not in|no column")
def schema_of_a_column_that_is_not_there(text):
    return text.replace("  size: {", "  weight: {")


@add(CASES, "max_rejected", "'size'", "40 of 40|all", leaves=(REJECTED,))
def schema_that_no_row_keeps(text):
    return re.sub(r"range: \[.*\]", "range: [100, 200], strict: true", text)
