"""Cells that could be read in more than one way, and how to correct the choice."""

import re
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
from pandas.api import types

from ..io.open_file import MIXED
from .cells import without_missing
from .column import Column
from .dates import other_orders, parse_dates
from .numbers import EXACT, may_be_thousands, plain_sample
from .odd_cells import common_word, describe_non_dates, describe_non_numbers
from .schema import Schema

MIN_SHARE = 0.05  # share of the rows
LATE_YEAR = 2040  # rarely meant by two digits
FILE = "references/schema.yaml"
Ambiguity = tuple[str | None, str, str]  # column, finding, remedy


def find_ambiguities(raw: pd.DataFrame, typed: pd.DataFrame, schema: Schema) -> list[Ambiguity]:
    """Find ambiguities in number formats, then in each column.

    Parameters
    ----------
    raw
        Rows before typing.
    typed
        The same or other rows of the file, typed by the schema.
    """
    found: list[Ambiguity] = [*_in_letters(raw, schema), *_in_numbers(raw, schema)]
    for name, column in schema.columns.items():
        if name in raw and name in typed:
            own = _in_column(raw[name], typed[name], column, schema)
            found += [(name, message, remedy) for message, remedy in own]
    return found


def _in_letters(raw: pd.DataFrame, schema: Schema) -> Iterator[Ambiguity]:
    encoding = schema.source.encoding
    if encoding.startswith("utf") or encoding == MIXED:
        return
    texts = (str(cell) for name in raw for cell in (name, *raw[name]))
    if word := next(filter(None, map(re.compile(r"\S*[^\x00-\x7f]\S*").search, texts)), None):
        message = f"the encoding {encoding} is a guess; it makes a word {word[0][:40]!r}"
        yield None, message, f"if letters are wrong: source.encoding, such as cp1250, in {FILE}"


def _in_numbers(raw: pd.DataFrame, schema: Schema) -> Iterator[Ambiguity]:
    source = schema.source
    names = [n for n, column in schema.columns.items() if column.read_as == "numeric" and n in raw]
    samples = [plain_sample(raw[name]).to_pylist() for name in names]
    for mark, role in ((source.decimal, "decimal"), (source.thousands, "thousands")):
        marked = [cells for cells in samples if mark and any(mark in cell for cell in cells)]
        usual = mark == "." and source.separator in (",", None)
        if marked and not usual and all(may_be_thousands(pa.array(c), mark) for c in marked):
            cell = next(cell for cell in marked[0] if mark in cell)
            message = f"{cell!r} could be two numbers; {mark!r} is read as the {role} separator"
            yield None, message, f"if that is wrong: source.decimal and source.thousands in {FILE}"


def _in_column(
    cells: pd.Series, values: pd.Series, column: Column, schema: Schema
) -> Iterator[tuple[str, str]]:
    markers = [*schema.source.missing, *(column.missing or [])]
    present = without_missing(cells, markers).dropna()
    if column.read_as in ("category", "text") and types.is_string_dtype(cells):
        words = cells[cells.isin(schema.source.missing[1:])].value_counts()
        classes = cells.name == schema.target and words.sum() >= MIN_SHARE * len(cells)
        codes = len(words) and "NA" in words and present.str.fullmatch("[A-Z]{2}").all()
        if len(words) and (classes or codes):
            message = f"{words.sum()} of {len(cells)} cells are {words.index[0]!r}, read as empty"
            yield message, f"if that is a value: remove it from source.missing in {FILE}"
        odd = describe_non_numbers(present, schema.source) or describe_non_dates(present)
        if odd:
            remedy = "correct them in clean(), or add them to source.missing; then its type"
            yield f"{odd}; read as {column.role_or_type}", f"{remedy} in {FILE}"
        elif word := common_word(present):
            message = f"cells are numbers followed by {word!r}; read as {column.role_or_type}"
            yield message, "to read them as numbers: remove it in clean()"
    elif column.read_as == "datetime" and column.format:
        if others := other_orders(parse_dates(present, column.format), column.format):
            message = f"dates could be day first or month first; read as {column.format}"
            yield message, f"if that is wrong: format: '{others[0]}' in {FILE}"
        if "%y" in column.format and (last := values.dt.year.max()) >= LATE_YEAR:
            message = f"years of two digits are read as 1969 to 2068, here up to {last:.0f}"
            yield message, "if that is wrong: write all four digits in clean()"
    elif column.read_as == "numeric" and values.abs().max() > EXACT:
        message = "integers above 2^53 lose their last digits"
        yield message, f"if they are identifiers: role: identifier in {FILE}"
