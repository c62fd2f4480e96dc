"""Tell how a text file of cells is written: encoding, separator, quotes, header."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

from charset_normalizer import from_bytes

from ...errors import ProjectError
from ..contract.schema import Source
from .archive import open_bytes

SEPARATORS = ("\t", ";", "|", ",", " ")  # the comma after those that rarely stand in a cell
SAMPLE = 1 << 20  # bytes
ROWS_ABOVE = 50  # a header further down is none
# Encodings that can be told from the bytes. Latin ones look alike: they are read as Windows-1252.
NOT_LATIN = ["cp1251", "koi8_r", "cp1253", "cp949", "cp932", "euc_jis_2004", "gb18030", "big5"]
NO_TEXT = (
    "no text, and of no kind that its name tells. Save it as CSV, or name it after what it is."
)
MIXED = "mixed"  # UTF-8 with cells of Windows-1252 among it
_SINGLE_QUOTED = re.compile(r"(^|[,;\t|])'[^'\n]*'([,;\t|]|$)", re.MULTILINE)
NUMBER = re.compile(r"[$€£¥]?[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?[$€£¥%]?")

csv.field_size_limit(1 << 30)


def sniff(path: Path) -> Source:
    """Tell from the first megabyte of a file how its cells are written.

    Raises
    ------
    ProjectError
        When the file holds no text.
    """
    encoding = _encoding(path)
    with open_bytes(path) as file:
        data = file.read(SAMPLE)
    try:
        text = decode(data, encoding)
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: {NO_TEXT}") from error
    if "\0" in text:
        raise ProjectError(f"{path}: {NO_TEXT}")
    if len(data) == SAMPLE:  # the last line may be cut
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise ProjectError(f"{path}: a web page, no table. Download the table itself.")
    source = Source(encoding=encoding)
    source.separator, source.quote, source.escape = _cut(text)
    if source.quote and f"{source.separator} {source.quote}" in text:
        literal = [row for row in _reader(text, source, skip_blanks=False) if row]
        if _share_of_usual(literal) < _share_of_usual(parse(text, source)):
            source.separator += " "  # Arrow knows no quotes behind a blank
    rows = parse(text, source)
    width = usual_width(rows)
    source.skip_rows = _rows_above(rows, width)
    table = [row for row in rows[source.skip_rows :] if row]
    source.header = _has_header(table)
    source.skip_rows_after_header = _rows_below(table[1:]) if source.header else 0
    return source


def parse(text: str, source: Source, most: int | None = None) -> list[list[str]]:
    """Cells of each line of `text`, without the blanks around them; an empty line has none."""
    return [[cell.strip() for cell in row] for row in islice(_reader(text, source), most)]


def single_blanks(text: str) -> str:
    """Text whose cells are parted by one blank, from columns that are aligned with several."""
    return re.sub(r"(?m)^ | $", "", re.sub(r"[ \t]+", " ", text))


def usual_width(rows: list[list[str]]) -> int:
    """The number of cells most lines have."""
    widths = Counter(len(row) for row in rows if row)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def decode(data: bytes, encoding: str) -> str:
    """Text of bytes that may end within a character."""
    name, errors = codec_of(encoding)
    return codecs.getincrementaldecoder(name)(errors).decode(data)


def codec_of(encoding: str) -> tuple[str, str]:
    """Python's name of an encoding, and of what to do with bytes that are not in it."""
    return ("utf-8", MIXED) if encoding == MIXED else (encoding, "strict")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(MIXED, _as_windows_1252)


def count_quotes(path: Path, source: Source) -> int:
    """The number of quotes in a UTF-8 file; where each that is opened is closed, it is even."""
    mark = source.quote.encode()
    quotes = 0
    with open_bytes(path) as file:
        while mark and (block := file.read(SAMPLE)):
            quotes += block.count(mark)
    return quotes


def ends_in_quotes(path: Path, source: Source) -> bool:
    """Whether the last line of a UTF-8 file opens a quote and does not close it."""
    end = b""
    with open_bytes(path) as file:
        while block := file.read(SAMPLE):
            end = (end + block)[-SAMPLE:]
    last = end.decode(errors="replace").rstrip().splitlines()[-1]
    try:
        return not list(_reader(last, source, strict=True))
    except csv.Error:
        return True


def _encoding(path: Path) -> str:
    """UTF-16 by its mark or its zeros, UTF-8 where the whole file is, else what the bytes fit."""
    with open_bytes(path) as file:
        start = file.read(SAMPLE)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [start[parity::2].count(0) * 4 > len(start) for parity in (0, 1)]  # half of them
    if zeros[0] != zeros[1]:
        return "utf-16-be" if zeros[0] else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = b""
    try:
        with open_bytes(path) as file:
            while block := file.read(SAMPLE):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _not_utf8(block)
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def _not_utf8(data: bytes) -> str:
    """Mixed when most characters beyond ASCII are UTF-8, else the alphabet the bytes fit."""
    text = data.decode("utf-8", errors="surrogateescape")
    beyond = [character for character in text if character > "\x7f"]
    strangers = sum("\udc80" <= character <= "\udcff" for character in beyond)
    if strangers <= len(beyond) / 2:
        return MIXED
    if len(beyond) >= 20:
        best = from_bytes(data, cp_isolation=[*NOT_LATIN, "cp1252"]).best()
        if best and best.encoding in NOT_LATIN:
            return best.encoding
    return "cp1252"


def _share_of_usual(rows: list[list[str]]) -> float:
    width = usual_width(rows)
    return sum(len(row) == width for row in rows) / max(sum(map(bool, rows)), 1)


def _reader(
    text: str, source: Source, *, strict: bool = False, skip_blanks: bool = True
) -> Iterator[list[str]]:
    text = single_blanks(text) if source.mark == " " else text
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=source.mark,
        quotechar=source.quote or None,
        quoting=csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
        escapechar=source.escape or None,
        skipinitialspace=skip_blanks and source.mark != " ",
        strict=strict,
    )


def _cut(text: str) -> tuple[str, str, str]:
    """Separator, quote and escape that best explain how lines are cut into cells."""
    quotes = [("'", "")] if _SINGLE_QUOTED.search(text) and '"' not in text else [('"', "")]
    if '\\"' in text:
        quotes.append(('"', "\\"))
    if '"' in text:
        quotes.append(("", ""))  # quotes that are part of the text
    best: tuple[float, tuple[str, str, str]] = (0.0, (",", *quotes[0]))
    for separator in SEPARATORS:
        if separator in text:
            tries = [(*_evenness(text, separator, *quote), quote) for quote in quotes]
            even, _, width, quote = max(tries, key=lambda tried: tried[:2])
            # Words of a sentence are no cells, unless every line has as many.
            weight = 1.0 if separator != " " else 0.6 * (even == 1)
            score = weight * even**3 * (1 - 1 / width)
            best = max(best, (score, (separator, *quote)), key=lambda found: found[0])
    return best[1]


def _evenness(text: str, separator: str, quote: str, escape: str) -> tuple[float, bool, int]:
    """Share of lines with the usual number of cells, whether quotes are in place, that number."""
    source = Source(separator=separator, quote=quote, escape=escape)
    widths = Counter(len(row) for row in _reader(text, source) if row)
    if not widths:
        return 0.0, False, 1
    width = max(widths, key=lambda width: (widths[width], width))
    try:
        well_quoted = bool(list(_reader(text, source, strict=True)))
    except csv.Error:
        well_quoted = False
    return round(widths[width] / widths.total(), 3), well_quoted, width


def _rows_above(rows: list[list[str]], width: int) -> int:
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


def _has_header(table: list[list[str]]) -> bool:
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


def _rows_below(body: list[list[str]]) -> int:
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
