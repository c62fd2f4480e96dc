"""The bootstrap: resample the held-out rows to estimate the uncertainty of a score.

Rows that depend on each other are drawn together: whole groups under a group split (the cluster
bootstrap of Field & Welsh 2007), whole periods under a chronological one (the blocks of Carlstein
1986). Of very many rows fewer are drawn, and the interval is scaled for that (the m out of n bootstrap
of Bickel, Götze & van Zwet 1997), so that the time does not grow with the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import sklearn
from scipy.stats import norm
from scipy.stats import t as student

from ..project.settings import Params

PERIODS = 40  # of a chronological split; few and long, for shocks last
MAX_ROWS = 10_000  # drawn in a resample; from more rows there are MAX_RESAMPLES
MAX_RESAMPLES = 200
MIN_UNITS = 10  # drawn at least, however large the groups

Statistic = Callable[[np.ndarray], np.ndarray | float]  # from row numbers to one or more scores


@dataclass(frozen=True)
class Resampling:
    """Which rows are drawn together, and how often.

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
    def times(self) -> int:
        """The number of resamples."""
        return min(self.resamples, MAX_RESAMPLES) if self.is_capped else self.resamples

    @cached_property
    def count(self) -> int:
        """The number of units."""
        return len(np.unique(self.units))

    def __str__(self) -> str:
        """Such as `500 resamples of groups of customer`."""
        capped = f", {self.max_rows:,} of {len(self.units):,} rows each" if self.is_capped else ""
        return f"{self.times} resamples of {self.name}{capped}"

    def among(self, rows: np.ndarray) -> "Resampling":
        """The same for some of the rows."""
        return replace(self, units=self.units[rows])

    def interval(self, statistic: Statistic) -> np.ndarray:
        """Ends of the interval of each score that `statistic` gives; NaN where there is one unit.

        The shape is (2,) for one score, (2, n_scores) for several.

        Quantiles of the resamples, at the level that a t distribution gives them (the expanded
        percentiles of Hesterberg 2015: plain ones are too narrow for few units).
        """
        if self.count < 2:
            return np.array([statistic(np.arange(len(self.units)))] * 2) * np.nan
        reach = student.ppf((1 + self.confidence) / 2, self.count - 1)
        tail = norm.cdf(-reach * np.sqrt(self.count / (self.count - 1)))
        return np.nanquantile(self.scores(statistic), [tail, 1 - tail], axis=0)

    def error(self, statistic: Statistic) -> np.ndarray | float:
        """The standard error of each score."""
        std = np.nanstd(self.scores(statistic), axis=0, ddof=1)
        return std * np.sqrt(self.count / (self.count - 1))

    def scores(self, statistic: Statistic) -> np.ndarray:
        """The scores of each resample; those of smaller ones are scaled to the size of the table."""
        random = np.random.default_rng(self.seed)
        rows, drawn = np.arange(len(self.units)), self.count
        score = statistic(rows)
        if self.is_capped:
            drawn = max(drawn * self.max_rows // len(rows), min(drawn, MIN_UNITS))
            few = min(self.max_rows * self.count // drawn, len(rows))
            if few < len(rows):  # of few large groups not all rows, which widens the interval
                rows = np.sort(random.choice(rows, few, replace=False))
        _, units, sizes = np.unique(self.units[rows], return_inverse=True, return_counts=True)
        rows, starts = rows[np.argsort(units, kind="stable")], np.cumsum(sizes) - sizes
        quick = sklearn.config_context(assume_finite=True, skip_parameter_validation=True)
        values = []
        with quick, np.errstate(invalid="ignore", divide="ignore"):
            for _ in range(self.times):
                chosen = random.integers(len(sizes), size=drawn)
                length = sizes[chosen]
                first = np.repeat(starts[chosen] - np.cumsum(length) + length, length)
                values.append(statistic(rows[first + np.arange(len(first))]))
        return score + (np.array(values) - score) * np.sqrt(drawn / self.count)


def make_resampling(test: pd.DataFrame, params: Params) -> Resampling:
    """How to resample held-out rows, by the split that held them out."""
    data, evaluate = params.data, params.evaluate
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
    return Resampling(units, name, evaluate.bootstrap, evaluate.confidence, params.seed)
