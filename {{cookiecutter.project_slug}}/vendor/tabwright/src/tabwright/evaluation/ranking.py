"""The rows of the highest probability: how many of them are positive."""

from typing import Any

import numpy as np

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)  # of the rows
MIN_ROWS = 5


def best_rows(y_true: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    """What the most probable rows hold.

    Parameters
    ----------
    y_true, scores
        Of each row: whether it is positive (0 or 1), and the probability that it is.

    Returns
    -------
    list of dict
        For each share of the rows: the number of `rows`, how many of them are positive as `found`,
        their `precision`, their `recall`, and the `lift`: found over what as many rows of any
        order hold on average. Equal probabilities count as in any order.
    """
    positive, table = y_true.sum(), []
    if not 0 < positive < len(y_true):
        return []
    for share in SHARES:
        rows = round(share * len(y_true))
        if rows < MIN_ROWS:
            continue
        last = np.partition(scores, -rows)[-rows]
        above, tied = scores > last, scores == last
        found = float(y_true[above].sum() + (rows - above.sum()) * y_true[tied].mean())
        lift = found / (rows * positive / len(y_true))
        table.append(
            {
                "share": share,
                "rows": rows,
                "found": round(found),
                "precision": found / rows,
                "recall": float(found / positive),
                "lift": float(lift),
            }
        )
    return table
