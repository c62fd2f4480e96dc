"""Detect the dialect of delimited text: encoding, delimiter, quotes, header."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..project.errors import ProjectError
from .header import BLANKS, ROWS_ABOVE, has_names, layout, usual_width
from .open_file import SAMPLE, find_encoding, open_text
from .source import Source

SEPARATORS = ("\t", ";", "|", ",", " ")  # the comma after those that are rare in cells
NO_TEXT = "neither text nor a format known by its suffix. Save it as CSV, or correct its suffix."
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SINGLE_QUOTED = re.compile(r"(?:^|(?<=[,;\t|\r]))'[^'\n]*'(?=[,;\t|\r]|$)", re.MULTILINE)

MAX_CELL = 8 << 20  # bytes; a longer cell has a quote that is never closed

csv.field_size_limit(MAX_CELL)


def sniff(path: Path, names: Collection[str] = ()) -> Source:
    """Detect the dialect from the first megabyte of a file.

    Parameters
    ----------
    names
        Known columns, see `layout`.

    Raises
    ------
    ProjectError
        When the file is not text.
    """
    encoding = find_encoding(path)
    try:
        with open_text(path, encoding) as file:
            text = file.read(SAMPLE)
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: {NO_TEXT}") from error
    control = len(_CONTROL.findall(text)) if "\0" in text else 0
    if control > max(1, len(text) / 1000):  # fewer are typos
        raise ProjectError(f"{path}: {NO_TEXT}")
    if len(text) == SAMPLE:  # the last line may be incomplete
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise ProjectError(f"{path}: this is a web page, not a table. Download the table itself.")
    source = _guess_delimiter(text, names)
    source.encoding = encoding
    if source.quote and f"{source.separator} {source.quote}" in text:
        as_written = records(io.StringIO(text, newline=""), source, skip_blanks=False)
        if _usual(as_written)[0] < _usual(_cells(text, source))[0]:
            source.separator = f"{source.delimiter} "  # a quote after a space is one
    rows = parse(text, source)
    source.skip_rows, source.header, source.skip_rows_after_header = layout(rows, names)
    return source


def parse(text: str, source: Source, most: int | None = None) -> list[list[str]]:
    """Split each line of `text` into stripped cells; an empty line has none."""
    return [[cell.strip(BLANKS) for cell in row] for row in islice(_cells(text, source), most)]


def records(
    lines: Iterable[str], source: Source, *, strict: bool = False, skip_blanks: bool = True
) -> Iterator[list[str]]:
    """Split lines into cells; runs of spaces between aligned columns count as one."""
    if source.delimiter == " ":
        lines = (re.sub(r"^ | (?=[\r\n]*$)", "", re.sub(r"[ \t]+", " ", line)) for line in lines)
    options = _csv_options(source) | {"escapechar": source.escape or None, "strict": strict}
    return csv.reader(lines, skipinitialspace=skip_blanks and source.delimiter != " ", **options)


def join_cells(cells: list[str], source: Source) -> str:
    """A line that `records` splits into these cells."""
    line = io.StringIO()
    csv.writer(line, escapechar="\\", **_csv_options(source)).writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def _csv_options(source: Source) -> dict[str, Any]:
    quoting = csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE
    return {"delimiter": source.delimiter, "quotechar": source.quote or None, "quoting": quoting}


def _cells(text: str, source: Source, *, strict: bool = False) -> Iterator[list[str]]:
    return records(io.StringIO(text, newline=""), source, strict=strict)


class _Try(NamedTuple):
    """How well a delimiter divides a text, and the number of lines with the usual width."""

    score: float
    lines: int
    source: Source


def _guess_delimiter(text: str, names: Collection[str]) -> Source:
    """The delimiter, quote and escape with which most lines have the same number of cells.

    A comma is none within the numbers of another delimiter that divides as many lines evenly.
    """
    quotes = [Source()]
    if '\\"' in text:
        quotes.append(Source(escape="\\"))
    singles = len(_SINGLE_QUOTED.findall(text))
    if singles:  # apostrophes are quotes if each line has some, or if they enclose delimiters
        everywhere = singles >= len(text.splitlines()) - 1
        quotes.insert(0 if everywhere else len(quotes), Source(quote="'"))
    if singles or '"' in text:
        quotes.append(Source(quote=""))  # quotes as part of the text
    found = {one: _try(text, one, quotes, names) for one in SEPARATORS if one in text}
    comma = found.pop(",", _Try(0.0, 0, quotes[0]))
    for separator, other in found.items():
        equal = other.lines == comma.lines and separator != " "
        if other.score and comma.score and (equal or other.lines > comma.lines):
            edge = f"[^{re.escape(separator)}\r\n]"
            number = '"?[-+]?\\d[\\d.,\'\u2019 \u00a0\u202f]*"?'
            rest = re.sub(f"(?<!{edge}){number}(?!{edge})", "", text)
            comma = min(comma, _try(rest, ",", quotes, names), key=lambda one: one[:2])
    return max([*found.values(), comma], key=lambda one: one.score).source


def _try(text: str, separator: str, quotes: list[Source], names: Collection[str]) -> _Try:
    sources = [replace(quoted, separator=separator) for quoted in quotes]
    tries = [(*_evenness(text, source), source) for source in sources]
    # An apostrophe that is never closed swallows lines.
    tries = [one for one in tries if one[-1].quote != "'" or one[2] >= tries[-1][2]]
    even, _, lines, width, source = max(tries, key=lambda tried: tried[:3])
    # Words of a sentence are not cells, unless every line has the same number.
    weight = 1.0 if separator != " " else 0.6 * (even == 1)
    known = has_names(parse(text, source, most=ROWS_ABOVE), names)
    return _Try(weight * even**3 * (1 - 1 / width) * (1 + known), lines, source)


def _evenness(text: str, source: Source) -> tuple[float, bool, int, int]:
    """Share of lines with the usual width, whether quotes are valid, their number, that width."""
    share, usual, width = _usual(_cells(text, source))
    try:
        well_quoted = bool(list(_cells(text, source, strict=True)))
    except csv.Error:
        well_quoted = False
    return round(share, 3), well_quoted, usual, max(width, 1)


def _usual(lines: Iterable[list[str]]) -> tuple[float, int, int]:
    """Share and number of the lines with the most frequent number of cells, and that number."""
    rows = [row for row in lines if row]
    width = usual_width(rows)
    usual = sum(len(row) == width for row in rows)
    return usual / max(len(rows), 1), usual, width
