"""Prediction intervals of a numeric target."""

import numpy as np
from sklearn.base import BaseEstimator

COVERAGE = 0.9  # of the rows whose value is to lie in the interval


def half_width(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """By how much a prediction of a new row may be off, so that `COVERAGE` of the intervals hold.

    Split conformal prediction (Lei et al. 2018) with out-of-fold predictions as the calibration rows:
    of n errors it is the one of rank (n + 1) * `COVERAGE`. Rows must be exchangeable; it is the same for
    all rows, so large values are in it less often than small ones.

    Parameters
    ----------
    y_true, y_pred
        Values and out-of-fold predictions, shape (n_rows,).

    Returns
    -------
    float
        In the unit of the target; infinite where the rows are too few.
    """
    errors = np.sort(np.abs(y_true - y_pred))
    rank = int(np.ceil((len(errors) + 1) * COVERAGE - 1e-9))
    return float(errors[rank - 1]) if rank <= len(errors) else float("inf")


def get_half_width(model: BaseEstimator) -> float:
    """The half width that was kept with a model; infinite where none was."""
    return float(getattr(model, "half_width_", np.inf))
