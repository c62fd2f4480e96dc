"""Find the header of a table, the lines above it, and those below it that are not rows."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, count, islice, pairwise
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from ..project.errors import ProjectError
from .source import KnownColumns, Source

# Whitespace that is stripped from cells: ASCII, no-break and zero-width.
BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u2007\u202f\u200b\ufeff"
TOP_ROWS = 1000  # used to count the columns
ROWS_ABOVE = 50  # a header is not searched further down
NUMBER = re.compile(r"[$€£¥]?[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?[$€£¥%]?")

NO_VALUE = re.compile(r"n\W?[ak]\W?|nan|nil|none|null|missing|unknown|[-.?*#]+", re.IGNORECASE)
WORDS = re.compile(r"\s|^\W")  # common in footnotes, rare in names


class Top(NamedTuple):
    """The lines above the first row of a table."""

    columns: list[str]
    lines: list[list[str]]  # cells of the header and the lines to skip below it
    length: int  # number of these lines, including empty ones between them


def layout(rows: list[list[str]], names: Collection[str] = ()) -> tuple[int, bool, int]:
    """The number of lines above the header, whether there is one, and of non-rows below it.

    Parameters
    ----------
    rows
        The cells of the first lines; an empty line has no cells.
    names
        Known columns: the line that contains them is the header.
    """
    named = _header_line(names, rows[:ROWS_ABOVE])
    above = rows_above(rows, usual_width(rows)) if named is None else named
    table = [row for row in rows[above:] if any(row)]
    header = named is not None or has_header(table)
    return above, header, rows_below(table[1:]) if header else 0


def usual_width(rows: list[list[str]]) -> int:
    """The most frequent number of cells."""
    widths = Counter(len(row) for row in rows if row)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def rows_above(rows: list[list[str]], width: int) -> int:
    """The number of titles, comments and empty lines above the table.

    A line with one cell less than usual is a header without a name for the first or last column.
    """
    for number, row in enumerate(rows[:ROWS_ABOVE]):
        title = len(row) < max(width - 1, min(width, 2)) and sum(map(bool, row)) <= 2
        if any(row) and not title and not _is_comment(row):
            return number
    return 0


def _is_comment(row: list[str]) -> bool:
    return row[0].startswith(("#", "sep=")) and not any(row[1:])


def has_header(table: list[list[str]]) -> bool:
    """Whether the first line is a header: names above numbers, or names that do not recur below.

    A line with a number is not a header, unless it is a sequence such as 0, 1, 2 or years.
    """
    if len(table) < 2:
        return True
    first, body = table[0], table[1:]
    votes = words = 0
    for name, column, number in _columns(first, body):
        if number and NUMBER.fullmatch(name) and not re.fullmatch("(19|20)..", name):
            return _counts(first)
        if number:
            words += bool(name) and not NUMBER.fullmatch(name)
        elif name and name in column and len(set(column)) <= len(column) / 2:
            votes -= 1
    # Concatenated files repeat their header.
    return words + votes >= 0 or (words > 0 and first in body)


def rows_below(body: list[list[str]]) -> int:
    """The number of lines below the header with comments, units or a second set of names."""
    comments = 0
    while comments < len(body) and _is_comment(body[comments]):
        comments += 1
    body = body[comments:]
    if len(body) < 3:
        return comments
    first = body[0]
    over = _columns(first, [row for row in body if row != first])
    words = [(n, number) for n, c, number in over if n and n not in c and not NUMBER.fullmatch(n)]
    unlike = [name for name, number in words if number]
    numbers = sum(number for *_, number in over)
    units = len(unlike) > (numbers / 2 if numbers > 1 else sum(map(bool, first)) - 1)
    word, times = max(Counter(n for n, _ in words).items(), key=lambda it: it[1], default=("", 0))
    second_names = times > 2 and times == first.count(word) and times >= len(first) / 3
    # A row has values that recur, or missing-value markers in place of numbers.
    row = any(name and name in column for name, column, _ in over) or all(
        NO_VALUE.fullmatch(name) for name in (unlike if units else [word])
    )
    return comments + bool((units or second_names) and not row)


def count_footnotes(rows: Sequence[Sequence[str]]) -> int:
    """The number of lines at the end with only one non-empty cell, of several words."""
    for number, row in enumerate(reversed(rows)):
        cells = [cell for cell in row if cell]
        if len(row) < 3 or len(cells) > 1 or not all(map(WORDS.search, cells)):
            return number
    return 0  # all lines: the table itself is like this


def _header_line(names: Collection[str], rows: list[list[str]]) -> int | None:
    """The line with the most known names, unless several lines have as many."""
    hits = [len(set(names).intersection(row)) for row in rows]
    most = max(hits, default=0)
    lines = [row for row, found in zip(rows, hits, strict=True) if found == most]
    if not most or most < len(names) / 2 or any(line != lines[0] for line in lines):
        return None
    return hits.index(most)


def has_names(rows: Iterable[list[str]], names: Collection[str]) -> bool:
    """Whether one of the first lines has one of the names."""
    return any(not set(names).isdisjoint(row) for row in islice(rows, ROWS_ABOVE))


def _columns(first: list[str], body: list[list[str]]) -> list[tuple[str, tuple[str, ...], bool]]:
    """Each cell of the first line, the cells below it, and whether most of these are numbers."""
    columns = []
    below = zip(*(row for row in body if len(row) == len(first)), strict=True)
    for name, column in zip(first, below, strict=False):
        cells = [cell for cell in column if cell]
        number = sum(bool(NUMBER.fullmatch(cell)) for cell in cells) > 0.7 * len(cells)
        columns.append((name, column, number))
    return columns


def _counts(names: list[str]) -> bool:
    """Whether names are 0, 1, 2, ... or, after some words, consecutive years."""
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    if len(numbers) < 3 or any(b - a != 1 for a, b in pairwise(numbers)):
        return False
    return len(numbers) == len(names) or numbers[0] >= 1900


def find_top(path: Path, lines: list[list[str]], source: Source, known: KnownColumns | None) -> Top:
    """The header of a table, from its first lines without `skip_rows`."""
    filled = [number for number, row in enumerate(lines) if any(row)]
    if not filled:
        raise ProjectError(
            f"{path}: the file is empty except for whitespace. Replace it by a table."
        )
    rows = [lines[number] for number in filled]
    below = source.header + source.skip_rows_after_header
    body = rows[below:]
    width = usual_width(body) or len(rows[0])
    found = rows[0].copy() if source.header else _names_in(known, width)
    while len(found) > width and not found[-1]:
        found.pop()
    if source.header and len(found) < width - 1:
        raise ProjectError(
            f"{path}: most rows have {width} cells, but the header only {len(found)} names. Add "
            "the others."
        )
    if source.header and len(found) == width - 1 and any(row[-1] for row in body):
        whole = all(cell.lstrip("-").isdecimal() for cell in chain(*body))
        if width == 2 and source.separator == "," and whole:
            raise ProjectError(
                f"{path}: the header has one name, and {','.join(body[0])} may be one number or two. "
                "Write numbers with a point, or add a name for the first column."
            )
        found.insert(0, "")  # the column of row names often has no name
    found += [""] * (width - len(found))
    length = filled[min(below, len(filled)) - 1] + 1 if below else 0
    return Top(unique_names(found), [found, *rows[1:below]] if source.header else [], length)


def _names_in(known: KnownColumns | None, width: int) -> list[str]:
    names = list(known.names) if known else []
    if known and len(names) == width + 1:
        names.remove(known.target)
    return names if len(names) == width else []


def unique_names(names: list[str]) -> list[str]:
    """Complete missing names to `column_<position>`, and make repeated ones unique.

    Names of the same look are the same: letters and their accents are composed.
    """
    taken: dict[str, None] = {}
    for position, given in enumerate(names):
        name = normalize("NFC", given) or f"column_{position}"
        tries = chain([name], (f"{name}.{number}" for number in count(1)))
        taken[next(one for one in tries if one not in taken)] = None
    return list(taken)
