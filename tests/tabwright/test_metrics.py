"""Scores of predictions."""

import numpy as np
from tabwright.selection.metrics import CLASSES


def test_a_perfect_prediction_has_an_area_of_one() -> None:
    """The area under the ROC curve does not depend on how large the probabilities are."""
    truth = np.array([0, 0, 1])
    predicted = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    assert CLASSES["roc_auc"].function(truth, predicted) == 1
