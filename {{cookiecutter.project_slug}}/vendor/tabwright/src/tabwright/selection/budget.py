"""The time budget of training, and the number of settings that a table of a size is worth."""

from collections.abc import Callable
from heapq import nlargest
from time import monotonic

from ..schema.schema import Schema
from .ensemble import MAX_PARTS

EFFORT = 550_000  # cells of all settings of a candidate: a search of about half a minute on 2 cores
OVERHEAD = 1000  # rows whose cells cost what a fit does for any number of rows
TEXT_COLUMNS = 30  # columns that a text counts as
MAX_SETTINGS = 7
MIN_SETTINGS = 3  # the portfolio of most candidates
ROWS_OF_A_SETTING = 100  # fewer do not tell good settings from lucky ones
FEW = 200  # rows, or a sixteenth, of the first fit that costs are predicted from


def now() -> float:
    """The clock, in seconds."""
    return monotonic()


class Budget:
    """Seconds for all of training; those that the final fit may take are set aside.

    Attributes
    ----------
    refits : list of float
        Seconds that a fit of each candidate on all rows takes: any of them may be in the final one.
    """

    def __init__(self, seconds: float) -> None:
        self._end = now() + seconds
        self.refits: list[float] = []

    def left(self) -> float:
        """Seconds left to compare candidates in."""
        return self._end - now() - sum(nlargest(MAX_PARTS, self.refits))


def predict_seconds(fit: Callable[[int], float], rows: int, enough: float) -> float:
    """Predict from fits on few rows how long one on all rows takes.

    Parameters
    ----------
    fit
        From a number of rows to the seconds that a fit on so many takes.
    rows
        Of the fit that is predicted.
    enough
        Seconds that there are: a second, longer fit is made where it may decide, and fits in them.

    Returns
    -------
    float
        Seconds; 0 where there are too few rows to tell.
    """
    few = max(rows // 16, FEW)
    more = max(rows // 4, 2 * few)
    if rows <= more:
        return 0.0
    first = fit(few)
    if first * rows / few <= enough or first * more / few > enough:
        return first * rows / few  # as if all of it grew with the rows
    second = fit(more)
    per_row = min(max(second - first, 0) / (more - few), second / more)
    return second + per_row * (rows - more)


def count_settings(schema: Schema, rows: int) -> int:
    """How many settings of a candidate to try: the same number on every machine.

    The work of a fit grows with the rows, the columns and, somewhat less, with several classes. On few
    rows the best of many settings is the luckiest (Cawley and Talbot 2010, JMLR 11, 2079-2107).
    """
    columns = len(schema.features) + TEXT_COLUMNS * len(schema.names("text"))
    outputs = len(schema.classes) ** 0.75 if len(schema.classes) > 2 else 1
    told_apart = max(rows // ROWS_OF_A_SETTING, MIN_SETTINGS)
    return min(int(EFFORT / ((rows + OVERHEAD) * columns * outputs)), told_apart, MAX_SETTINGS)
