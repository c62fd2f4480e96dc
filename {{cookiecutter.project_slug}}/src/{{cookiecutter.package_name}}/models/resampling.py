"""Draw held-out rows anew, again and again, to tell what chance does to a score: the bootstrap.

Rows that depend on each other are drawn together: whole groups under a group split (the cluster
bootstrap of Field & Welsh 2007), whole periods under a chronological one (the blocks of Carlstein
1986). Of very many rows fewer are drawn, and what they scatter more is taken off again (the m out
of n bootstrap of Bickel, Götze & van Zwet 1997), so that the time does not grow with the rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import sklearn
from scipy.stats import norm
from scipy.stats import t as student

from ..config import DataParams, EvaluateParams

PERIODS = 40  # of a chronological split; few and long, for shocks last
MAX_ROWS = 10_000  # drawn in a resample; from more rows there are MAX_RESAMPLES
MAX_RESAMPLES = 200
MIN_UNITS = 10  # drawn at least, however large the groups

Statistic = Callable[[np.ndarray], np.ndarray]  # from row numbers to scores


@dataclass(frozen=True)
class Resampling:
    """What is drawn together, and how often.

    Attributes
    ----------
    units
        Of each row the number of the group it is drawn with.
    name
        What is drawn, in words: `rows`, `groups of customer`.
    """

    units: np.ndarray
    name: str
    resamples: int
    confidence: float
    seed: int
    max_rows: int = MAX_ROWS

    @property
    def is_capped(self) -> bool:
        """Whether resamples are smaller than the table."""
        return len(self.units) > self.max_rows

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(np.unique(self.units))

    def __str__(self) -> str:
        """Such as `500 resamples of groups of customer`."""
        times = min(self.resamples, MAX_RESAMPLES) if self.is_capped else self.resamples
        capped = f", {self.max_rows:,} of {len(self.units):,} rows each" if self.is_capped else ""
        return f"{times} resamples of {self.name}{capped}"

    def among(self, rows: np.ndarray) -> "Resampling":
        """The same for some of the rows."""
        return replace(self, units=self.units[rows])

    def interval(self, statistic: Statistic) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the interval of each score that `statistic` gives; NaN where there is one unit.

        Quantiles of the resamples, at the level that a t distribution gives them (the expanded
        percentiles of Hesterberg 2015: plain ones are too narrow for few units); where resamples
        are smaller than the table, the score and a multiple of its standard error.
        """
        count, score = self.count, statistic(np.arange(len(self.units)))
        if count < 2:
            return score * np.nan, score * np.nan
        reach = student.ppf((1 + self.confidence) / 2, count - 1)
        if self.is_capped:
            error = self.error(statistic)
            return score - reach * error, score + reach * error
        tail = norm.cdf(-reach * np.sqrt(count / (count - 1)))
        low, high = np.nanquantile(self._values(statistic)[0], [tail, 1 - tail], axis=0)
        return low, high

    def error(self, statistic: Statistic) -> np.ndarray:
        """The standard error of each score."""
        values, shrink = self._values(statistic)
        count = self.count
        return np.nanstd(values, axis=0, ddof=1) * shrink * np.sqrt(count / (count - 1))

    def _values(self, statistic: Statistic) -> tuple[np.ndarray, float]:
        """The scores of each resample, and what their spread is to be multiplied with."""
        samples, drawn = self._samples()
        quick = sklearn.config_context(assume_finite=True, skip_parameter_validation=True)
        with quick, np.errstate(invalid="ignore", divide="ignore"):
            values = np.array([statistic(rows) for rows in samples])
        return values, float(np.sqrt(drawn / self.count))

    def _samples(self) -> tuple[Iterator[np.ndarray], int]:
        """Row numbers of each resample, and how many units are in one."""
        random = np.random.default_rng(self.seed)
        rows, times, drawn = np.arange(len(self.units)), self.resamples, self.count
        if self.is_capped:
            times, count = min(times, MAX_RESAMPLES), drawn
            drawn = max(count * self.max_rows // len(rows), min(count, MIN_UNITS))
            few = self.max_rows * count // drawn
            if few < len(rows):  # of few large groups not all rows, which widens the interval
                rows = np.sort(random.choice(rows, few, replace=False))
        _, units, sizes = np.unique(self.units[rows], return_inverse=True, return_counts=True)
        rows, starts = rows[np.argsort(units, kind="stable")], np.cumsum(sizes) - sizes

        def sample() -> np.ndarray:
            chosen = random.integers(len(sizes), size=drawn)
            length = sizes[chosen]
            first = starts[chosen] - (np.cumsum(length) - length)
            return rows[np.repeat(first, length) + np.arange(length.sum())]

        return (sample() for _ in range(times)), drawn


def resampling_of(
    test: pd.DataFrame, data: DataParams, params: EvaluateParams, seed: int
) -> Resampling:
    """How to resample held-out rows, by the split that held them out."""
    units, name = np.arange(len(test)), "rows"
    if data.split == "group":
        groups = pd.factorize(test[data.split_by], use_na_sentinel=False)[0]
        one = len(groups) and groups.max() == 0
        units = units if one else groups
        name = f"rows, all of one {data.split_by}" if one else f"groups of {data.split_by}"
    elif data.split == "chronological":
        place = test[data.split_by].rank(method="first", na_option="top").to_numpy() - 1
        periods = min(PERIODS, len(test))
        units, name = (place * periods // len(test)).astype(int), f"periods of {data.split_by}"
    return Resampling(units, name, params.bootstrap, params.confidence, seed)
