"""Does the model rely on one column?"""

import numpy as np

from ..schema.schema import Schema

# Twice as much as all other columns together. At a half it would say so of one honest table in two.
MAX_SHARE = 2 / 3
MIN_COLUMNS = 3  # of fewer, one often has most


def describe_reliance(losses: dict[str, np.ndarray], schema: Schema) -> str:
    """A warning if one column has most of the permutation importance; else an empty string.

    A column that becomes known only with the target, such as the duration of a call that sells, need not
    predict it alone; but a model that has it hardly looks at others.

    Parameters
    ----------
    losses
        By column, the loss at each shuffle; those of text are not warned about, which is often all there is.
    """
    means = {name: max(float(np.nan_to_num(loss).mean()), 0.0) for name, loss in losses.items()}
    total, name = sum(means.values()), max(means, key=lambda key: means[key])
    if len(means) < MIN_COLUMNS or means[name] <= MAX_SHARE * total:
        return ""
    if schema.features[name].type == "text":
        return ""
    return (
        f"The column {name!r} has {means[name] / total:.0%} of the permutation importance: is it known when you "
        "predict? If not: role: ignore in references/schema.yaml."
    )
