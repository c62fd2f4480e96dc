"""Your figures of the model, in addition to those of the library."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator
from tabwright.schema.schema import Schema


def figures(
    model: BaseEstimator, test: pd.DataFrame, y_pred: np.ndarray, schema: Schema
) -> dict[str, Figure]:
    """Draw your own figures; `make evaluate` saves them, and the report shows them.

    Parameters
    ----------
    model
        The fitted model: raw columns in, predictions out.
    test
        The held-out rows with their target.
    y_pred
        What the model predicts for them: probabilities, shape (n_rows, n_classes), in the order of
        `schema.classes`, or values, shape (n_rows,).
    schema
        The columns, their types, and the target.

    Returns
    -------
    dict of Figure
        By the name that the report shows above each.
    """
    return {}
