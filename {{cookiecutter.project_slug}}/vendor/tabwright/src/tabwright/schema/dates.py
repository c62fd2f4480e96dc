"""Detect date formats: the one that fits most cells of a column."""

import re
from collections import Counter

import pandas as pd
from pandas.api import types

from .numbers import nearly_all

SAMPLE = 100  # cells from which candidate formats are derived
MAX_FORMATS = 12  # candidates that are tried
MAX_LENGTH = 40  # characters of a date
MIN_DATE = pd.Timestamp("1000-01-01")  # earlier dates are placeholders
NO_DATE = re.compile(
    r"(0000-00|0001-01-01|9999-12-31|0{8}(?!.)|00[./-]00[./-]00|0?1[./-]0?1[./-]0001|(31[./-]12|12[./-]31)[./-]9999).*"
)
_CLOCK = re.compile(
    r"(?<![\d./-])(?<!^\d{4}:)\d{1,2}(?:([:. -])\d\d(?:\1(\d\d)([.,]\d{1,9})?)?)?"
    r"([ \u00a0\u202f-]?)([AaPp][Mm])?( ?)(Z|UTC|GMT|[+-]\d\d:?\d\d)?$"
)
_ISO_DAY = r"\d{4}-\d\d-\d\d"
_MIDNIGHT = r"(?<!\d)24:00"  # the end of a day
_MARKS = set("MT年月日년월일")  # letters between the numbers of a date, not as in 2021 Q1
_MONTHS = [pd.Timestamp(2000, month, 1).month_name().lower() for month in range(1, 13)]
_DAYS = [pd.Timestamp(2000, 1, day).day_name().lower() for day in range(1, 8)]
_NAMES = {name[:3]: "%a" for name in _DAYS} | {name: "%A" for name in _DAYS}
_NAMES |= {name: "%B" for name in _MONTHS} | {name[:3]: "%b" for name in _MONTHS}
# Orders of the numbers of one or two digits, by whether there is a four-digit year, a month name.
_ORDERS = {
    (True, False): {2: ["md", "dm"], 1: ["m"]},
    (True, True): {1: ["d"], 0: [""]},
    (False, False): {3: ["mdy", "dmy", "ymd"]},
    (False, True): {2: ["dy", "yd"], 1: ["y"]},
}


def as_dates(cells: pd.Series, form: str | None) -> pd.Series:
    """Convert cells to timestamps in UTC, without a time zone.

    ISO 8601 is read in a column of another format too, 24:00 as the beginning of the next day, and
    20240131.0 as 20240131.
    """
    moments = parse_dates(cells, form)
    odd = moments.isna() & cells.notna()
    if not odd.any() or not types.is_string_dtype(cells):
        return moments
    late = cells[odd].str.contains(_MIDNIGHT)
    rest = cells[odd].str.replace(_MIDNIGHT, "00:00", regex=True).str.removesuffix(".0")
    found = parse_dates(rest, form)
    if form and not form.startswith(("%Y", "ISO")):
        found = found.fillna(parse_dates(rest.where(rest.str.match(_ISO_DAY)), None))
    return moments.fillna(found + pd.to_timedelta(late.astype(int), unit="D"))


def parse_dates(cells: pd.Series, form: str | None) -> pd.Series:
    """Convert cells of one format, by default ISO 8601, to timestamps."""
    moments = pd.to_datetime(cells, format=form or "ISO8601", errors="coerce", utc=True)
    moments = moments.dt.tz_localize(None).dt.as_unit("us")
    early = moments < MIN_DATE
    return moments.mask(early) if early.any() else moments


def write_dates(dates: pd.Series, form: str | None) -> pd.Series:
    """Write timestamps as text that `as_dates` reads as the same."""
    codes = form if form and form != "ISO8601" else "%Y-%m-%dT%H:%M:%S.%f"
    return dates.dt.tz_localize("UTC").dt.strftime(codes)


def show_dates(dates: pd.Series, form: str | None) -> pd.Series:
    """Write timestamps for people: each in a format that loses nothing of it, else as ISO 8601.

    A date without a time of day gets none.
    """
    text = dates.dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    text = text.str.replace(r"( 00:00:00)?\.000000$", "", regex=True)
    if not form or form == "ISO8601":
        return text
    shown = write_dates(dates, form)
    return shown.where(parse_dates(shown, form) == dates, text)


def guess_format(text: pd.Series, *, day_first: bool = False) -> str | None:
    """Guess the format of dates; None unless nearly all cells have it, see `best_format`."""
    best, fits = best_format(text, day_first=day_first)
    return best if nearly_all(fits) else None


def best_format(text: pd.Series, *, day_first: bool = False) -> tuple[str | None, pd.Series]:
    """The format that most cells have, if many have one, and a mask of these cells.

    Of several formats that fit equally well the one with the fewest years.

    Parameters
    ----------
    day_first
        The order to prefer where both orders fit.
    """
    sample = text.iloc[:: 1 + len(text) // SAMPLE]
    votes = Counter(form for cell in sample for form in formats(cell, day_first=day_first))
    votes["ISO8601"] = int(as_dates(sample, None).count())
    if votes.total() < len(sample) / 2:
        return None, pd.Series(False, text.index)
    found = {form: as_dates(text, form) for form, _ in votes.most_common(MAX_FORMATS)}

    def fit(form: str) -> tuple[int, float, bool]:
        years = found[form].dt.year
        return found[form].count(), years.min() - years.max(), form != "ISO8601"

    best = max(found, key=fit)
    return best, found[best].notna()


def formats(cell: str, *, day_first: bool = False) -> list[str]:
    """Possible date formats of a cell as strftime codes, the most likely first."""
    if len(cell) > MAX_LENGTH:
        return []
    clock = _CLOCK.search(cell)
    end = _clock(clock) if clock else ""
    day = cell[: clock.start()] if clock and end else cell
    return [form + end for form in _days(day, day_first)] if day else [end]


def _clock(found: re.Match[str]) -> str:
    """The format of a time of day, or an empty string."""
    mark, seconds, parts, gap, half, blank, zone = found.groups()
    if not half and mark != ":":
        return ""
    clock = ("%I" if half else "%H") + (f"{mark}%M" if mark else "")
    clock += (f"{mark}%S" if seconds else "") + (f"{parts[0]}%f" if parts else "")
    zones = {None: "", "UTC": "%Z", "GMT": "%Z"}
    return clock + gap + ("%p" if half else "") + blank + zones.get(zone, "%z")


def _days(day: str, day_first: bool) -> list[str]:
    """Possible formats of a date without a time of day."""
    words = [_NAMES.get(word.lower(), word) for word in re.split(r"(\d+|[^\W\d_]+)", day)]
    words = ["%Y" if re.fullmatch(r"\d{4}", word) else word for word in words]
    digits = [number for number, word in enumerate(words) if word == "%Y" or word.isdigit()]
    between = {word for word in words[: max(digits, default=0)] if word.isalpha()}
    if not between <= _MARKS and not {"%b", "%B"} & {*words}:
        return []
    slots = [number for number, word in enumerate(words) if re.fullmatch(r"\d{1,2}", word)]
    codes = [word for word in words if word in ("%Y", *_NAMES.values())]
    if "%" in day or len(set(codes)) < len(codes):
        return []
    orders = _ORDERS["%Y" in words, "%b" in words or "%B" in words].get(len(slots), [])
    if "%Y" in words and words.index("%Y") < min(slots, default=0):
        orders = orders[:1]  # month and day after the year
    elif day_first or "." in words:
        orders = sorted(orders)
    found = []
    for order in orders:
        roles = dict(zip(slots, order, strict=True))
        if all(letter != "y" or len(words[slot]) == 2 for slot, letter in roles.items()):
            filled = [f"%{roles[n]}" if n in roles else word for n, word in enumerate(words)]
            found.append("".join(filled))
    return found


def other_orders(dates: pd.Series, form: str) -> list[str]:
    """Formats with another order of day, month and year that fit the same cells."""
    own = "".join(re.findall("%([dmyY])", form))
    if re.search(r"%[dm]\.", form):  # with dots the day comes first
        return []
    day = dates.dropna().dt
    values = {"d": day.day, "m": day.month, "y": day.year % 100, "Y": day.year}
    found = []
    for order in ("mdy", "dmy", "ymd", "mdY", "dmY"):
        if sorted(order) == sorted(own) and order != own:
            other = {letter: values[role] for letter, role in zip(order, own, strict=True)}
            if other["m"].between(1, 12).all() and other["d"].between(1, 31).all():
                found.append(re.sub("%[dmyY]", "%{}", form).format(*order))
    return found
