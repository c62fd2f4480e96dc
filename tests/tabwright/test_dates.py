"""Dates as people write them: the format that most cells fit, whatever their order."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tabwright.io.source import Source
from tabwright.schema.ambiguities import find_ambiguities
from tabwright.schema.column import Column
from tabwright.schema.dates import as_dates, guess_format, show_dates
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema

DAYS = pd.date_range("2021-01-03 04:05:06.123", periods=28, freq="16D")
FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d/%m/%y %H:%M",
    "%d-%b-%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d.%m.%y",
    "%d.%m.%Y %H:%M:%S",
    "%b-%y",
    "%b %Y",
    "%m/%Y",
    "%m/%d/%Y %I:%M %p",
    "%Y-%m-%d %H:%M:%S,%f",
    "%Y:%m:%d %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S +0000",
    "%a, %d %b %Y %H:%M:%S +0000",
    "%Y年%m月%d日",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %I %M %S %p",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%m/%d/%y, %I:%M\u202f%p",
    "%y-%m-%d",
    "%d.%m.%Y um %H:%M",
]


def guessed(cells: list[str]):
    table = pd.DataFrame(
        {"x": pd.Series(cells, dtype="str"), "y": (["yes", "no"] * len(cells))[: len(cells)]}
    )
    table.index += 1
    schema = infer_schema(table, "y", Source())
    typed, problems = apply_contract(table, schema)
    return schema, typed, problems


@pytest.mark.parametrize("form", FORMATS)
def test_format_is_told_from_the_cells(form: str) -> None:
    schema, typed, problems = guessed([day.strftime(form) for day in DAYS])
    assert schema.columns["x"].type == "datetime"
    assert problems.empty
    code = form.replace("+0000", "%z").replace("Z", "%z") if "%z" not in form else form
    expected = pd.to_datetime([day.strftime(form) for day in DAYS], format=code, utc=True)
    assert typed["x"].tolist() == expected.tz_localize(None).tolist()


def test_time_alone() -> None:
    schema, typed, _ = guessed([f"{1 + n % 12}:{n:02d} {'AP'[n % 2]}M" for n in range(28)])
    assert schema.columns["x"].format == "%I:%M %p"
    assert typed["x"].dt.hour.tolist()[1] == 14


def test_one_cell_beyond_twelve_tells_the_order() -> None:
    cells = [f"{day:%d/%m/%Y}" for day in pd.date_range("2021-01-01", periods=27, freq="MS")]
    schema, _, problems = guessed([*cells, "28/06/2022"])
    assert schema.columns["x"].format == "%d/%m/%Y"
    assert problems.empty


@given(st.permutations(["TBD", *[f"{n % 28 + 1:02d}/{n % 12 + 1:02d}/2023" for n in range(27)]]))
@settings(derandomize=True, max_examples=25, deadline=None, database=None)
def test_order_of_rows_does_not_matter(cells) -> None:
    schema, _, problems = guessed(cells)
    assert schema.columns["x"].format == "%d/%m/%Y"
    assert problems["rejected_value"].tolist() == ["TBD"]


@pytest.mark.parametrize(
    "none",
    [
        "-",
        "--",
        "\u2013",
        "Null",
        "0001-01-01",
        "0000-00-00",
        "00/00/0000",
        "UNKNOWN",
        "9999-12-31",
    ],
)
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y"])
def test_what_stands_for_no_date_is_an_empty_cell(none: str, form: str) -> None:
    cells = [none if n % 3 == 1 else f"{day.strftime(form)}" for n, day in enumerate(DAYS)]
    schema, typed, problems = guessed(cells)
    assert schema.columns["x"].type == "datetime"
    assert schema.source.missing == ["", none]
    assert typed["x"].isna().sum() == 9
    assert problems.empty


def test_word_among_other_words_is_kept() -> None:
    table = pd.DataFrame(
        {"x": ["-", *DAYS[1:].strftime("%Y-%m-%d")], "w": ["-", "a"] * 14, "y": ["p", "q"] * 14}
    )
    schema = infer_schema(table, "y", Source())
    assert schema.source.missing == [""]


def test_iso_dates_with_and_without_a_time() -> None:
    cells = [
        f"{day:%Y-%m-%d}" if n % 2 else f"{day:%Y-%m-%d %H:%M:%S}" for n, day in enumerate(DAYS)
    ]
    schema, _, problems = guessed(cells)
    assert schema.columns["x"].format == "ISO8601"
    assert problems.empty


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([f"{n % 12 + 1:02d}/{n % 7 + 1:02d}/2023" for n in range(28)], True),
        ([f"{n % 12 + 1:02d}/{n % 28 + 1:02d}/2023" for n in range(28)], False),
        ([f"{n % 12 + 1:02d}.{n % 7 + 1:02d}.2023" for n in range(28)], False),
        ([f"2023-{n % 12 + 1:02d}-{n % 7 + 1:02d}" for n in range(28)], False),
        ([f"{n % 12 + 1}-{n % 7 + 1}-23" for n in range(28)], True),
    ],
)
def test_order_that_cannot_be_told_is_said(cells: list[str], said: bool) -> None:
    schema, typed, _ = guessed(cells)
    raw = pd.DataFrame({"x": cells})
    found = find_ambiguities(raw, typed, schema)
    assert [("day first or month first" in message) for _, message, _ in found] == [True] * said


def test_text_in_new_rows_is_not_read_by_its_first_cell() -> None:
    dates = as_dates
    assert dates(pd.Series(["13/01/2021", "2021-02-03"], dtype="str"), None).notna().tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "cell",
    [
        *("abc", "1.2.3.4", "12", "A-12-B", "3 of 4", "10/20/30/40", "May"),
        *("2021 Q1", "Q1/2021", "2021-H1", "1. Quartal 2021", "week 3 2021", "FY2021-03"),
    ],
)
def test_what_is_no_date(cell: str) -> None:
    assert guess_format(pd.Series([cell] * 5, dtype="str")) is None


def test_days_of_a_camera_are_dates() -> None:
    schema, typed, problems = guessed([f"{day:%Y:%m:%d}" for day in DAYS])
    assert schema.columns["x"].format == "%Y:%m:%d"
    assert typed["x"].tolist() == DAYS.normalize().tolist()
    assert problems.empty


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M"])
def test_end_of_a_day_is_the_next(form: str) -> None:
    midnight = form.replace("%H", "24").replace("%M", "00").replace("%S", "00")
    cells = [day.strftime(midnight if n % 3 else form) for n, day in enumerate(DAYS)]
    schema, typed, problems = guessed(cells)
    assert schema.columns["x"].type == "datetime"
    assert problems.empty
    assert typed["x"][2] == DAYS[1].normalize() + pd.Timedelta(days=1)


def test_dates_of_programs_are_read_among_those_of_people() -> None:
    cells = [f"{day:%Y-%m-%d}" if n % 2 else f"{day:%d.%m.%Y}" for n, day in enumerate(DAYS)]
    schema, typed, problems = guessed(cells)
    assert schema.columns["x"].format == "%d.%m.%Y"
    assert typed["x"].tolist() == DAYS.normalize().tolist()
    assert problems.empty
    assert as_dates(pd.Series(["2021-13-02"]), "%Y-%d-%m").tolist() == [pd.Timestamp("2021-02-13")]
    assert as_dates(pd.Series(["2021-02-13"]), "%Y-%d-%m").isna().all()


def test_order_is_told_by_the_cells_of_one_format() -> None:
    cells = ["2021-01-25", *[f"{n % 12 + 1:02d}/{n % 7 + 1:02d}/2023" for n in range(27)]]
    schema, typed, _ = guessed(cells)
    ((_, message, _),) = find_ambiguities(pd.DataFrame({"x": cells}), typed, schema)
    assert "day first or month first" in message


@pytest.mark.parametrize(("delimiter", "form"), [(",", "%m/%d/%Y"), (";", "%d/%m/%Y")])
def test_day_comes_first_where_semicolons_part_cells(delimiter: str, form: str) -> None:
    cells = [f"{n % 12 + 1:02d}/{n % 7 + 1:02d}/2023" for n in range(28)]
    table = pd.DataFrame({"x": cells, "y": ["yes", "no"] * 14})
    assert infer_schema(table, "y", Source(delimiter)).columns["x"].format == form


def test_days_as_numbers_of_which_one_was_missing() -> None:
    cells = [f"{day:%Y%m%d}.0" if n % 3 else "" for n, day in enumerate(DAYS)]
    table = pd.DataFrame({"day": cells, "y": ["yes", "no"] * 14})
    schema = infer_schema(table, "y", Source())
    typed, problems = apply_contract(table, schema)
    assert typed["day"][1] == DAYS[1].normalize()
    assert problems.empty


def test_years_of_two_digits_that_may_be_of_the_century_before_are_said() -> None:
    for first, said in ((1935, True), (1985, False)):
        cells = [f"{n % 28 + 1:02d}.05.{(first + 2 * n) % 100:02d}" for n in range(28)]
        schema, typed, _ = guessed(cells)
        found = find_ambiguities(pd.DataFrame({"x": cells}), typed, schema)
        assert ["years of two digits" in message for _, message, _ in found] == [True] * said


def test_dates_of_two_formats_are_said() -> None:
    cells = [f"{day:%d.%m.%Y}" if n % 3 else f"{day:%m/%d/%Y}" for n, day in enumerate(DAYS)]
    schema, typed, _ = guessed(cells)
    found = find_ambiguities(pd.DataFrame({"x": cells}), typed, schema)
    assert "18 of 28 cells are dates written like %d.%m.%Y, but not '01/03/2021'" in found[0][1]
    cells = [str(n * 97 + 500) for n in range(28)]
    columns = {
        "x": Column("text", role="identifier"),
        "y": Column("category", categories=["yes", "no"]),
    }
    schema = Schema("y", "classification", columns)
    assert find_ambiguities(pd.DataFrame({"x": cells}), pd.DataFrame({"x": cells}), schema) == []


def test_dates_are_shown_as_they_were_written_where_that_loses_nothing() -> None:
    days = pd.Series([DAYS[0].normalize(), pd.NaT, DAYS[1].normalize()])
    assert show_dates(days, "%d.%m.%Y").fillna("").tolist() == ["03.01.2021", "", "19.01.2021"]
    for form in (None, "ISO8601"):
        assert show_dates(days, form).fillna("").tolist() == ["2021-01-03", "", "2021-01-19"]
    later = days + pd.Timedelta(hours=4)
    assert show_dates(later, "%d.%m.%Y").iloc[0] == "2021-01-03 04:00:00"
    assert show_dates(later, "%d.%m.%Y %H:%M").iloc[0] == "03.01.2021 04:00"
    shown = show_dates(pd.concat([days, later, DAYS[:1].to_series()]), "%d.%m.%Y").dropna()
    assert shown.iloc[[0, 2, 4]].tolist() == [
        "03.01.2021",
        "2021-01-03 04:00:00",
        "2021-01-03 04:05:06.123000",
    ]
