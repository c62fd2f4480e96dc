"""Tell which lines of a text file are header, which are above and below it, and which are rows."""

import re
from collections import Counter
from itertools import pairwise

ROWS_ABOVE = 50  # a header further down is none
NUMBER = re.compile(r"[$€£¥]?[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?[$€£¥%]?")


def rows_above(rows: list[list[str]], width: int) -> int:
    """Titles, comments and empty lines above the table.

    A line with one cell less than usual is a header: that of row names, or the last, is missing.
    """
    for number, row in enumerate(rows[:ROWS_ABOVE]):
        title = len(row) < max(width - 1, min(width, 2)) and sum(map(bool, row)) <= 2
        if any(row) and not title and not _is_comment(row):
            return number
    return 0


def _is_comment(row: list[str]) -> bool:
    return row[0].startswith(("#", "sep=")) and not any(row[1:])


def has_header(table: list[list[str]]) -> bool:
    """Whether the first line is unlike those below: words over numbers, words that do not recur.

    A line with a number is none, unless it counts or holds years.
    """
    if len(table) < 2:
        return True
    first, body = table[0], table[1:]
    columns = list(zip(*(row for row in body if len(row) == len(first)), strict=False))
    votes = words = 0
    for name, column in zip(first, columns, strict=False):
        if _is_number(column) and NUMBER.fullmatch(name) and not re.fullmatch("(19|20)..", name):
            return _counts(first)
        if _is_number(column):
            words += bool(name) and not NUMBER.fullmatch(name)
        elif name and name in column and len(set(column)) <= len(column) / 2:
            votes -= 1
    # Files put together one below the other hold their header again and again.
    return words + votes >= 0 or (words > 0 and first in body)


def rows_below(body: list[list[str]]) -> int:
    """Comments, units or a second line of names under the header."""
    comments = 0
    while comments < len(body) and _is_comment(body[comments]):
        comments += 1
    body = body[comments:]
    if len(body) < 3:
        return comments
    first, rest = body[0], body[1:]
    columns = list(zip(*(row for row in rest if len(row) == len(first)), strict=False))
    unlike = [
        bool(name) and name not in column and not NUMBER.fullmatch(name) and _is_number(column)
        for name, column in zip(first, columns, strict=False)
    ]
    numbers = sum(map(_is_number, columns))
    units = sum(unlike) > (numbers / 2 if numbers > 1 else sum(map(bool, first)) - 1)
    new = Counter(
        name for name, column in zip(first, columns, strict=False) if name and name not in column
    )
    word, times = max(new.items(), key=lambda item: item[1], default=("", 0))
    second_names = times > 2 and times == first.count(word) and times >= len(first) / 3
    return comments + bool(units or second_names)


def _is_number(column: tuple[str, ...]) -> bool:
    """Whether most cells are numbers."""
    cells = [cell for cell in column if cell]
    return sum(bool(NUMBER.fullmatch(cell)) for cell in cells) > 0.7 * len(cells)


def _counts(names: list[str]) -> bool:
    """Whether names are 0, 1, 2, ... or, after some words, years in a row."""
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    if len(numbers) < 3 or any(b - a != 1 for a, b in pairwise(numbers)):
        return False
    return len(numbers) == len(names) or numbers[0] >= 1900
