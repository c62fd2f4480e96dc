"""Greedy ensemble selection: weights of models from their out-of-fold predictions."""

from collections import Counter
from collections.abc import Callable

import numpy as np

ROUNDS = 25
MAX_PARTS = 5  # a prediction costs as much as those of all parts


def select_ensemble(
    y_preds: dict[str, np.ndarray], goodness: Callable[[np.ndarray], float]
) -> dict[str, int]:
    """Choose weights for the mean of predictions, greedily and with replacement.

    In each round the model whose vote improves the mean most gets one vote more (Caruana et al.
    2004, https://doi.org/10.1145/1015330.1015432). Of all rounds the best counts, the earliest of equals.

    Parameters
    ----------
    y_preds
        Out-of-fold predictions by model, all of the same shape.
    goodness
        Of predictions, the higher the better.

    Returns
    -------
    dict
        Votes of the models that have any, at most `MAX_PARTS` of them, by name in the order given.
    """
    votes: Counter[str] = Counter()
    total: np.ndarray | float = 0.0
    best, chosen = -np.inf, votes.copy()
    for count in range(1, ROUNDS + 1):
        names = y_preds if len(votes) < MAX_PARTS else votes
        scores = {name: goodness((total + y_preds[name]) / count) for name in names}
        name = max(scores, key=scores.__getitem__)
        votes[name] += 1
        total = total + y_preds[name]
        if scores[name] > best:
            best, chosen = scores[name], votes.copy()
    return {name: chosen[name] for name in y_preds if name in chosen}
