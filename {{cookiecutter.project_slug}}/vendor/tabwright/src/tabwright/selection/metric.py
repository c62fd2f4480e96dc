"""A metric: a function that scores predictions, and whether greater is better."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # config.py imports this, also for commands that only read JSON files
    import numpy as np


@dataclass(frozen=True)
class Metric:
    """A function that scores predictions.

    Attributes
    ----------
    function : callable
        `function(y_true, y_pred)` returns a number. In classification `y_true` has class numbers,
        shape (n_rows,), in the order of `Schema.classes` (of two the positive one is 1), and `y_pred`
        probabilities, shape (n_rows, n_classes). In regression both have values, shape (n_rows,).
    greater_is_better : bool
        False for an error.
    of_classes : bool
        Whether `y_pred` has the numbers of the predicted classes, shape (n_rows,), decided at the
        threshold of the model, in place of probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> missed = Metric(lambda y_true, y_pred: float((y_true > y_pred).mean()), False, True)
    >>> missed.function(np.array([1, 0, 1, 1]), np.array([1, 1, 0, 1]))
    0.25
    >>> missed.improvement(0.25, 0.5)
    0.25
    """

    function: "Callable[[np.ndarray, np.ndarray], float]"
    greater_is_better: bool = True
    of_classes: bool = False

    def improvement(self, score: Any, reference: Any) -> Any:
        """How much better numbers or arrays are than `reference`: above 0 is better."""
        return score - reference if self.greater_is_better else reference - score
