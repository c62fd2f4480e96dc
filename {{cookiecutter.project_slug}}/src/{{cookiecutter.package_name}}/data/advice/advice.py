"""What a colleague would say about the data: findings with a figure, and how to settle each."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from ...config import Params
from ...files import replacing
from ..contract.rules import EMPTY, EMPTY_CELL
from ..contract.schema import Schema
from ..contract.tally import Tally, in_rows, most_common
from .columns import constants, identifiers, informative_gaps, leaks, spellings
from .finding import Advice
from .rows import imbalance, order_in_time, panels, repeats, small_classes, twins

MOST = 10  # of each kind, the worst first
WIDEN = "if that is right: `make schema UPDATE=1`; `strict: true` rejects such rows"


def advise(train: pd.DataFrame, test: pd.DataFrame, schema: Schema, params: Params) -> list[Advice]:
    """Look for what makes a model worse, or look better, than it is.

    Parameters
    ----------
    train, test
        Typed rows with a target, as the split leaves them.
    schema
        The contract.
    params
        Of `params.yaml`; the seed, the split, the folds and the metric matter.

    Returns
    -------
    list of Advice
        Grave findings first. Empty when nothing is worth saying.
    """
    both = pd.concat([train, test], ignore_index=True)
    at_random = params.data.split == "random"
    found = [
        leaks(train, schema, params.seed),
        informative_gaps(train, schema),
        twins(train, test, schema),
        order_in_time(train, schema) if at_random else [],
        panels(both, schema) if at_random else [],
        identifiers(train, schema),
        spellings(both, schema),
        small_classes(train, schema, params.train.folds),
        imbalance(both, schema, params.train.metric),
        repeats(both),
        constants(train, schema),
    ]
    return [advice for group in found for advice in _worst(group)]


def new_values(flagged: Tally) -> list[Advice]:
    """What rows that are kept hold beyond what the contract expects."""
    return [
        Advice(
            "outside the contract",
            column,
            (EMPTY_CELL if rule == EMPTY else most_common(flagged.words[column, rule]))
            + f" in {in_rows(cells)}, expected {rule}",
            WIDEN,
        )
        for (column, rule), cells in flagged.cells.items()
    ]


def describe_advice(advices: list[Advice]) -> str:
    """One line for each."""
    return "\n".join(
        (f"column {advice.column!r}: " if advice.column else "")
        + f"{advice.message}; {advice.settle}"
        for advice in advices
    )


def save_advice(advices: list[Advice], path: Path) -> None:
    """Write a JSON list with an object for each."""
    text = json.dumps([asdict(advice) for advice in advices], indent=2, ensure_ascii=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def _worst(group: Iterable[Advice]) -> list[Advice]:
    found = list(group)
    if len(found) <= MOST:
        return found
    more = f"and {len(found) - MOST} more like these"
    return [*found[:MOST], Advice(found[0].kind, None, more, found[0].settle)]
