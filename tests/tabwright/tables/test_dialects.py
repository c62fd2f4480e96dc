"""A table of text written in any dialect is read back as it was, without being told how."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.dataset_runner import ORDINARY, DatasetRunner
from support.read_table import read_table
from support.text_table import Dialect, write
from tabwright.io.dialect import sniff
from tabwright.io.read import read_batches

NAMES = ["age", "Größe (cm)", "Straße", "über 18?", "price, net", "n°", "last_seen", "Ort", "año"]
WIDE_NAMES = [*NAMES, "名前", "цена", "🚲 trips"]
WORDS = ["alpha", "naïve", "Zürich", "O'Neill", "007", "x;y", "a, b", "left|right", "50 %", "Señor"]
MARKS = ['the "best" one', "two\nlines", "tab\there", '"', "1,5", "-", "#1", "a,b;c"]
WIDE_WORDS = ["東京", "Київ", "🚲", "ﬁne", "Ελλάδα", "e\u0301"]


def columns(rows: int, wide: bool, decimal: str) -> dict[str, st.SearchStrategy[list[str]]]:
    """Strategies for the cells of a column, by what it holds."""
    word = st.sampled_from([*WORDS, *MARKS, *(WIDE_WORDS if wide else [])])
    text = st.lists(word, min_size=1, max_size=4).map(" ".join)
    number = st.decimals(-9999, 9999, places=2).map(lambda value: str(value).replace(".", decimal))
    cells = {
        "text": text,
        "number": number,
        "whole": st.integers(0, 500).map(str),
        "code": st.integers(0, 99_999).map("{:05d}".format),
        "date": st.dates().map(str),
        "switch": st.sampled_from(["yes", "no"]),
    }
    some = {kind: st.one_of(st.just(""), *[cell] * 4) for kind, cell in cells.items()}
    some |= {"number": number, "whole": cells["whole"]}
    return {kind: st.lists(cell, min_size=rows, max_size=rows) for kind, cell in some.items()}


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    """A way to write a table; a decimal comma goes with another separator, or within quotes."""
    separator, quote_all = draw(st.sampled_from(",;\t|")), draw(st.booleans())
    return Dialect(
        separator,
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        quote_all,
        draw(st.sampled_from(".," if separator != "," or quote_all else ".")),
        draw(st.sampled_from(["none", "gz", "zip", "zst"])),
        draw(st.sampled_from([True, True, False])),
    )


@st.composite
def tables(draw: st.DrawFn, dialect: Dialect) -> list[list[str]]:
    """Names and rows of text: some columns of numbers, the rest of any kind."""
    rows, wide = draw(st.integers(5, 30)), dialect.encoding != "cp1252"
    names = draw(
        st.lists(
            st.sampled_from(WIDE_NAMES if wide else NAMES), min_size=3, max_size=6, unique=True
        )
    )
    kinds = columns(rows, wide, dialect.decimal)
    # Without a number in it, nobody could say whether the first row holds names.
    chosen = ["number", "whole", *(draw(st.sampled_from(sorted(kinds))) for _ in names[2:])]
    cells = [draw(kinds[kind]) for kind in draw(st.permutations(chosen))]
    return [names, *map(list, zip(*cells, strict=True))]


@given(st.data())
@settings(ORDINARY, max_examples=250)
def test_table_is_read_back_as_it_was_written(runner: DatasetRunner, data: st.DataObject) -> None:
    dialect = data.draw(dialects(), label="dialect")
    names, *rows = data.draw(tables(dialect), label="table")
    path = write(runner.clear(), [names, *rows], dialect)
    event(f"{dialect.encoding} {dialect.compression}")
    found = read_table(path, sniff(path))
    assert found.fillna("").astype(str).to_numpy().tolist() == rows
    if dialect.header:
        assert list(found.columns) == names
    else:
        assert len(set(found.columns)) == len(names)


@given(st.data())
@settings(ORDINARY, max_examples=100)
def test_detection_once_is_enough(runner: DatasetRunner, data: st.DataObject) -> None:
    dialect = data.draw(dialects(), label="dialect")
    path = write(runner.clear(), data.draw(tables(dialect), label="table"), dialect)
    with runner.in_batches(data.draw(st.integers(1, 40), label="rows")):
        pieces = pd.concat(read_batches(path, sniff(path)))
    pd.testing.assert_frame_equal(
        pieces.reset_index(drop=True), read_table(path).reset_index(drop=True)
    )


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["a;b;c", *["1,25;-3,50;4,75"] * 60], ";"),
        (["1,25;-3,50;4,75"] * 60, ";"),
        (["Größe, cm;Gewicht, kg", *["1.001,25;3,50"] * 60], ";"),
        (["a\tb", *['"1,25"\t"3,50"'] * 60], "\t"),
        (["a,b,c", *["1,2;3,4"] * 60], ","),
        (["a,b,c", *["1,x;y,4"] * 60], ","),
    ],
)
def test_commas_in_all_numbers_do_not_separate_them(
    lines: list[str], separator: str, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert sniff(path).separator == separator
