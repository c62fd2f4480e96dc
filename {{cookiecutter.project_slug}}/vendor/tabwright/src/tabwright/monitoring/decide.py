"""What is to be done: nothing, look, retrain, or go back to the previous champion."""

from dataclasses import dataclass, field

from ..registry.live import LivePair
from ..schema.schema import Schema
from .drift import Finding

NONE, LOOK, RETRAIN, ROLLBACK = "none", "look", "retrain", "rollback"
MIN_LABELLED, PER_FEATURE = 1_500, 10  # rows with an outcome since the training, to train again


@dataclass(frozen=True)
class State:
    """What the decision rests on.

    Attributes
    ----------
    once
        Alarms of the newest windows.
    rows, outcomes
        Those that are persistent: of features and predictions, and of what these are worth.
    trouble
        What else is wrong, in words.
    labelled, needed
        Rows with an outcome since the champion was trained, and how many it takes to train again.
    seen
        Whether the log has a row of the champion.
    shadow
        The model in the shadow in words; empty if there is none.
    is_former
        Whether that is the previous champion.
    pair
        The shadow compared with the champion.
    """

    seen: bool = True
    once: list[Finding] = field(default_factory=list)
    rows: list[Finding] = field(default_factory=list)
    outcomes: list[Finding] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    labelled: int = 0
    needed: int = MIN_LABELLED
    shadow: str = ""
    is_former: bool = False
    pair: LivePair | None = None


def rows_needed(schema: Schema) -> int:
    """How many new rows with an outcome it takes to train again."""
    return max(MIN_LABELLED, PER_FEATURE * len(schema.features))


def decide(state: State) -> tuple[str, list[str]]:
    """The action, and why: sentences without a value of any row.

    Only outcomes ask for a new model: that rows differ does not say that predictions are worse.
    """
    found = [
        f"{one}, in the newest window and one before" for one in [*state.outcomes, *state.rows]
    ]
    why = [*found, *state.trouble]
    action = LOOK if why else NONE
    if state.outcomes:
        action, said = _worse(state)
        why.append(said)
    elif state.once and not why:
        why = [f"{one}, in the newest window only: no alarm until it stays" for one in state.once]
    quiet = "nothing differs from the held-out rows" if state.seen else "no row is there to look at"
    return action, why or [quiet]


def _worse(state: State) -> tuple[str, str]:
    """What to do when predictions are worth less than they were, and a sentence."""
    worse = any(one.what == "loss" for one in state.outcomes)
    better = state.pair and state.pair.gain and state.pair.gain.low > 0
    if worse and better and state.is_former and state.pair:
        return ROLLBACK, f"{state.shadow}, the previous champion, is better: {state.pair}"
    if state.shadow and not state.is_former:
        return LOOK, f"{state.shadow} is in the shadow: {state.pair}; `make promote` evaluates it"
    count = f"{state.labelled:,} rows with an outcome came since the training"
    if state.labelled >= state.needed:
        return RETRAIN, count
    return LOOK, f"{count}, {state.needed:,} are needed to train again"
