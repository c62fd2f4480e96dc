"""Numbers as people write them: marks, signs, minus, and what is no number."""

import datetime
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from support.read_table import read_table
from tabwright.dataset.infer import infer_from_file
from tabwright.dataset.observed import detect_source
from tabwright.io.read import read_batches
from tabwright.io.source import Source
from tabwright.project.errors import ProjectError
from tabwright.schema.ambiguities import find_ambiguities
from tabwright.schema.guess import infer_schema
from tabwright.schema.numbers import as_numbers
from tabwright.schema.rules import apply_contract

CLASSES = ["yes", "no"] * 14


def inferred(cells: list, tmp_path: Path, *, mark: str = ",", target: str = "y"):
    """Contract and typed cells of a text file with a column `x` of these cells."""
    path = tmp_path / "table.csv"
    rows = [f'"{cell}"{mark}{word}' for cell, word in zip(cells, CLASSES, strict=False)]
    path.write_text("\n".join([f"x{mark}y", *rows]), encoding="utf-8")
    params = SimpleNamespace(target=target, select="")
    schema = infer_from_file(path, params, 0)
    raw = read_table(path, schema.source)
    typed, problems = apply_contract(raw, schema)
    return schema, typed["x"].tolist() if "x" in typed else [], problems


def numbers(cells: list[str], *marks: str) -> list[float]:
    return as_numbers(pd.Series(cells, dtype="str"), *marks).tolist()


@pytest.mark.parametrize(
    ("cell", "marks"),
    [
        ("8,123.45", (",", ".")),
        ("30.25", (",", ".")),
        ("30.25", (",", "")),
        ("8.123", (",", "")),
        ("1,5", (".", ",")),
        ("1,5", (".", "")),
        ("0.75", (",", ".")),
        ("0,750", (".", ",")),
        ("1234,567", (".", ",")),
        ("12,34,56", (".", ",")),
        ("1,234,56", (".", ",")),
        ("1 23", (".", " ")),
        ("1.079", (",", " ")),
    ],
)
def test_number_that_contradicts_the_marks_is_not_read(cell, marks) -> None:
    assert np.isnan(numbers([cell], *marks)[0])


@pytest.mark.parametrize(
    ("cell", "marks", "value"),
    [
        ("8.123,45", (",", "."), 8123.45),
        ("-1.234.567", (",", "."), -1234567.0),
        ("1,5", (",", ""), 1.5),
        ("1 234,5", (",", " "), 1234.5),
        ("1\u00a0234,5", (",", " "), 1234.5),
        ("1\u202f234,5 €", (",", " "), 1234.5),
        ("1\u2009234", (".", " "), 1234.0),
        ("1’234.5", (".", "'"), 1234.5),
        ("\u22125", (".", ""), -5.0),
        ("\u2013\u00a05", (".", ""), -5.0),
        ("(1,234.50)", (".", ","), -1234.5),
        ("($5)", (".", ""), -5.0),
        ("1.5-", (".", ""), -1.5),
        ("-$5", (".", ""), -5.0),
        ("€-5", (".", ""), -5.0),
        ("₹ 5", (".", ""), 5.0),
        ("USD -1,234.5", (".", ","), -1234.5),
        ("(5 CHF)", (".", ""), -5.0),
        ("R$ 1.234,50", (",", "."), 1234.5),
        ("1 234,50 kr", (",", " "), 1234.5),
        ("-1’234,5", (",", "'"), -1234.5),
        ("00", (".", ""), 0.0),
        ("1e3", (".", ""), 1000.0),
    ],
)
def test_number_is_read(cell, marks, value) -> None:
    assert numbers([cell, "7"], *marks) == [value, 7.0]


@pytest.mark.parametrize(
    "cell", ["5$5", "EUR", "5 EURO", "-(5)", "-5-", "(-5)", "5 apples", "nan", "inf", "$", "-"]
)
def test_what_is_no_number_is_not_read(cell) -> None:
    assert np.isnan(numbers([cell])[0])


def test_sentence_names_the_marks_of_the_contract(tmp_path) -> None:
    german = [f"{n}.{n * 37:03d},50" for n in range(1, 27)]
    schema, _, problems = inferred([*german, "12,50"], tmp_path, mark=";")
    assert problems.empty
    raw = pd.DataFrame({"x": pd.Series(["8,123.45", "30.25", "many"], dtype="str")})
    _, problems = apply_contract(raw, schema, target=False)
    written = "a number with decimal ',' and thousands '.'"
    assert problems["rejected_rule"].tolist() == [written, written, "a number"]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_marks_are_those_of_text_files_alone(tmp_path, suffix) -> None:
    german = [f"{n}.{n * 37:03d},50" for n in range(1, 28)]
    schema, _, _ = inferred(german, tmp_path, mark=";")
    path = tmp_path / f"new{suffix}"
    if suffix == ".parquet":
        pd.DataFrame({"x": [Decimal("99.90"), Decimal("8123.45")]}).to_parquet(path)
    else:
        path.write_text('{"x": "99.90"}\n{"x": "8123.45"}\n', encoding="utf-8")
    source = detect_source(path, schema)
    raw = pd.concat(read_batches(path, source, known=schema.known_columns))
    typed, problems = apply_contract(raw, replace(schema, source=source), target=False)
    assert typed["x"].tolist() == [99.9, 8123.45]
    assert problems.empty
    text = tmp_path / "new.csv"
    text.write_text("x\n99.90\n", encoding="utf-8")
    assert detect_source(text, schema).decimal == ","


@pytest.mark.parametrize(
    ("mark", "first"), [("\t", "700"), ("|", "700"), (";", "700"), ("\t", "1,079"), ("|", "1,079")]
)
def test_commas_before_three_digits_are_thousands(tmp_path, capsys, mark, first) -> None:
    cells = [first, *[f"{n},{n * 37:03d}" for n in range(1, 27)]]
    schema, values, _ = inferred(cells, tmp_path, mark=mark)
    assert (schema.source.decimal, schema.source.thousands) == (".", ",")
    assert values[-1] == 26962.0
    assert "',' is read as the thousands separator" in capsys.readouterr().out


@pytest.mark.parametrize(
    "odd", [["1500"], ["0,125"], ["1,5"]], ids=["above 999 without", "zero before", "one digit"]
)
def test_commas_that_cannot_be_thousands_are_decimal(tmp_path, odd) -> None:
    cells = [*[f"{n},{n * 37:03d}" for n in range(1, 24)], *odd * 4]
    schema, values, _ = inferred(cells, tmp_path, mark=";")
    assert schema.source.decimal == ","
    assert values[0] == 1.037


def test_marks_do_not_depend_on_the_order_of_rows(tmp_path) -> None:
    cells = [*[f"{n}" for n in range(600, 620)], *[f"{n},{n * 37:03d}" for n in range(1, 9)]]
    for seed in range(6):
        order = np.random.default_rng(seed).permutation(cells).tolist()
        schema, values, _ = inferred(order, tmp_path, mark="\t")
        assert schema.source.thousands == ","
        assert max(values) == 8296.0


def test_one_double_zero_is_a_number_and_codes_are_not(tmp_path) -> None:
    minutes = [str(n) for n in range(1, 28)]
    schema, values, _ = inferred([*minutes, "00"], tmp_path)
    assert schema.columns["x"].type == "numeric"
    assert values[-1] == 0.0
    for codes in ([*minutes[:-2], "007", "012"], [f"{n:02d}" for n in range(9, 36)]):
        schema, _, _ = inferred(codes, tmp_path)
        assert schema.columns["x"].type != "numeric"


def test_per_cent_and_share_mean_the_same(tmp_path) -> None:
    mixed = [f"{n}%" if n % 2 else f"{n / 100:.2f}" for n in range(1, 28)]
    schema, values, problems = inferred(mixed, tmp_path)
    assert schema.columns["x"].unit == "%"
    assert values == [n / 100 for n in range(1, 28)]
    assert problems.empty
    raw = pd.DataFrame({"x": pd.Series(["27", "27%"], dtype="str")})
    typed, problems = apply_contract(raw, schema, target=False)
    assert typed["x"].tolist()[1] == 0.27
    assert problems["rejected_rule"].tolist() == ["a number with decimal '.', in %"]


def test_per_cent_sign_is_not_read_where_the_contract_has_none(tmp_path) -> None:
    schema, _, _ = inferred([str(n * n) for n in range(3, 30)], tmp_path)
    raw = pd.DataFrame({"x": pd.Series(["27%"], dtype="str")})
    _, problems = apply_contract(raw, schema, target=False)
    assert problems["rejected_value"].tolist() == ["27%"]


def test_one_per_cent_sign_among_numbers_is_one_odd_cell(tmp_path) -> None:
    cells = ["5%", *[str(n * n) for n in range(3, 30)]]
    schema, _, problems = inferred(cells, tmp_path)
    assert (schema.columns["x"].type, schema.columns["x"].unit) == ("numeric", None)
    assert problems["rejected_value"].tolist() == ["5%"]


@pytest.mark.parametrize("cells", [["1e999", "5"], [None, None], ["1e999", "x"]])
def test_no_cells_and_huge_ones_are_no_numbers(cells) -> None:
    for dtype in ("str", object):
        found = as_numbers(pd.Series(cells, dtype=dtype))
        assert found.isna().tolist()[0]


def test_two_currencies_are_no_one_number(tmp_path, capsys) -> None:
    cells = [f"{'$¥'[n % 2]}{n * 37}" for n in range(28)]
    schema, _, _ = inferred(cells, tmp_path)
    assert schema.columns["x"].type != "numeric"
    assert (
        "14 of 28 cells are numbers with decimal '.', in $, but not '¥37'"
        in capsys.readouterr().out
    )
    schema, values, _ = inferred([f"${n * 37}" for n in range(28)], tmp_path)
    assert schema.columns["x"].unit == "$"
    assert values[2] == 74.0


@pytest.mark.parametrize("decimal", [".", ","])
def test_limits_among_numbers_are_named(tmp_path, capsys, decimal) -> None:
    cells = [f"<0{decimal}5" if n % 6 == 0 else f"{n}{decimal}{n % 10}" for n in range(28)]
    schema, _, _ = inferred(cells, tmp_path, mark=";")
    said = capsys.readouterr().out
    assert "23 of 28 cells are numbers" in said
    assert f"'<0{decimal}5' (row 1, 7, 13)" in said
    assert f"read as {schema.columns['x'].type}; correct them in clean()" in said


def test_odd_cells_of_a_target_are_named_with_their_rows(tmp_path) -> None:
    prices = [str(100 + 37 * n) for n in range(28)]
    prices[3] = prices[9] = "sold"
    with pytest.raises(ProjectError, match=r"26 of 28 cells are numbers.*'sold' \(row 4, 10\)"):
        inferred(prices, tmp_path, target="x")


@pytest.mark.parametrize(
    ("form", "said"), [("{}.5 kg", True), ("{}km²", True), ("B{}", False), ("{}{}", False)]
)
def test_unit_behind_each_number_is_said(tmp_path, capsys, form, said) -> None:
    inferred([form.format(n, "xyz"[n % 3]) for n in range(28)], tmp_path)
    assert ("numbers followed by" in capsys.readouterr().out) == said


def test_word_with_a_currency_in_it_gives_no_unit(tmp_path) -> None:
    cells = ["okra", *[str(n * n) for n in range(3, 30)]]
    assert inferred(cells, tmp_path)[0].columns["x"].unit is None


@pytest.mark.parametrize("name", ["post_id", "tweet"])
def test_long_whole_numbers_are_names(name) -> None:
    exact = pd.DataFrame({name: [1582218195625930000 + 37 * n for n in range(28)], "y": CLASSES})
    for table in (exact, exact.astype("str")):
        assert infer_schema(table, "y", Source()).columns[name].role == "identifier"


def test_numbers_that_lose_digits_are_said() -> None:
    table = pd.DataFrame({"user": [str(1582218195625930000 + 37 * (n % 9)) for n in range(28)]})
    table["y"] = CLASSES
    schema = infer_schema(table, "y", Source())
    typed, _ = apply_contract(table, schema)
    ((column, message, _),) = find_ambiguities(table, typed, schema)
    assert column == "user"
    assert "2^53" in message


def test_durations_are_hours(tmp_path) -> None:
    waits = [datetime.timedelta(minutes=37 * n % 200) for n in range(28)]
    pd.DataFrame({"wait": waits, "y": CLASSES}).to_parquet(tmp_path / "raw.parquet")
    raw = read_table(tmp_path / "raw.parquet")
    source = Source(separator=None)
    schema = infer_schema(raw, "y", source)
    assert schema.columns["wait"].type == "numeric"
    typed, problems = apply_contract(raw, schema)
    assert problems.empty
    assert typed["wait"].iloc[1] == pytest.approx(37 / 60)


def test_word_for_an_empty_cell_that_may_be_a_class_is_said(tmp_path, capsys) -> None:
    cells = [["NA", "Attached", "Detached"][n % 3] for n in range(28)]
    inferred(cells, tmp_path, target="x")
    said = capsys.readouterr().out
    assert "column 'x': 10 of 28 cells are 'NA', read as empty" in said
    assert "source.missing" in said
    inferred([["NA", "DE", "AT", "FR"][n % 4] for n in range(28)], tmp_path)
    assert "column 'x': 7 of 28 cells are 'NA', read as empty" in capsys.readouterr().out


def test_groups_of_two_digits_before_three_are_thousands() -> None:
    cells = ["12,34,567", "1,23,45,678.5", "-9,87,654", "1,234", "12,34", "1,2,345", "12,345,67"]
    read = numbers(cells, ".", ",")
    assert read[:4] == [1234567.0, 12345678.5, -987654.0, 1234.0]
    assert np.isnan(read[4:]).all()


def test_amounts_of_lakhs_are_guessed(tmp_path) -> None:
    cells = [f"{n + 10},{n % 90 + 10},{n * 37 % 900 + 100}" for n in range(28)]
    schema, values, problems = inferred(cells, tmp_path)
    assert schema.columns["x"].type == "numeric"
    assert values[0] == 1010100.0
    assert problems.empty


@pytest.mark.parametrize(("form", "kind"), [("{}E{}", "category"), ("{}.5E{}", "numeric")])
def test_digits_around_an_e_are_codes(tmp_path, form, kind) -> None:
    cells = [form.format(n % 7 + 1, n % 3) for n in range(28)]
    assert inferred(cells, tmp_path)[0].columns["x"].type == kind
