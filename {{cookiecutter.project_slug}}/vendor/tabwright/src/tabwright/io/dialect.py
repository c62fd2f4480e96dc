"""Detect the dialect of delimited text: encoding, delimiter, quotes, header."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..project.errors import ProjectError
from .header import BLANKS, layout, usual_width
from .open_file import SAMPLE, find_encoding, open_text
from .source import Source

SEPARATORS = ("\t", ";", "|", ",", " ")  # the comma after those that are rare in cells
NO_TEXT = "neither text nor a format known by its suffix. Save it as CSV, or correct its suffix."
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
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
    source = Source(encoding=encoding)
    source.separator, source.quote, source.escape = _guess_delimiter(text)
    if source.quote and f"{source.separator} {source.quote}" in text:
        as_written = records(io.StringIO(text, newline=""), source, skip_blanks=False)
        if _usual(as_written)[0] < _usual(_cells(text, source))[0]:
            source.separator += " "  # a quote after a space is one
    source.skip_rows, source.header, source.skip_rows_after_header = layout(
        parse(text, source), names
    )
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


def _guess_delimiter(text: str) -> tuple[str, str, str]:
    """The delimiter, quote and escape with which most lines have the same number of cells."""
    quotes = [('"', "")]
    if '\\"' in text:
        quotes.append(('"', "\\"))
    singles = len(_SINGLE_QUOTED.findall(text))
    if singles:  # apostrophes are quotes if each line has some, or if they enclose delimiters
        everywhere = singles >= len(text.splitlines()) - 1
        quotes.insert(0 if everywhere else len(quotes), ("'", ""))
    if singles or '"' in text:
        quotes.append(("", ""))  # quotes as part of the text
    best: tuple[float, tuple[str, str, str]] = (0.0, (",", *quotes[0]))
    decimal_commas = len(_DECIMAL_COMMA.findall(text)) > 0.9 * text.count(",")
    before = 0.0  # evenness of a delimiter that is rare in cells
    for separator in SEPARATORS:
        if separator in text:
            tries = [(*_evenness(text, separator, *quote), quote) for quote in quotes]
            # An apostrophe that is never closed swallows lines.
            tries = [one for one in tries if one[-1][0] != "'" or one[2] >= tries[-1][2]]
            even, _, _, width, quote = max(tries, key=lambda tried: tried[:3])
            if separator == "," and decimal_commas and even <= before:
                continue
            before = max(before, even if width > 1 else 0.0)
            # Words of a sentence are not cells, unless every line has the same number.
            weight = 1.0 if separator != " " else 0.6 * (even == 1)
            score = weight * even**3 * (1 - 1 / width)
            best = max(best, (score, (separator, *quote)), key=lambda found: found[0])
    return best[1]


def _evenness(text: str, separator: str, quote: str, escape: str) -> tuple[float, bool, int, int]:
    """Share of lines with the usual width, whether quotes are valid, their number, that width."""
    source = Source(separator=separator, quote=quote, escape=escape)
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
