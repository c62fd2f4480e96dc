"""What a colleague would say about the data: findings with a figure, and how to settle each."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from ...config import Params
from ...files import replacing
from ..contract.rules import EMPTY, EMPTY_CELL
from ..contract.schema import Schema
from ..contract.tally import Tally, in_rows, most_common
from .leaks import empty_by_class, scores_alone
from .related_rows import order_in_time, panels, repeats, twins
from .useless_columns import constants, identifiers

MOST = 10  # of each kind, the worst first
LEAK = {"classification": 0.99, "regression": 0.9}  # ROC AUC, R2
TELLING = 0.9  # difference of two shares of empty cells
REPEATED = 0.01  # share of rows; when fewer are alike it may be chance
ORDERED = 0.95  # rank correlation of a date with the row number
DRIFT = 0.3  # rank correlation of a date with the target
RARE = 0.1  # share of the smaller of two classes

IGNORE = "kind: ignore in references/schema.yaml"
WIDEN = "if that is right: `make schema UPDATE=1`; `strict: true` rejects such rows"
BLANKS = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+"  # and what is as invisible


@dataclass(frozen=True)
class Advice:
    """One finding: what is so, in which column if any, and the setting that settles it."""

    kind: str
    column: str | None
    message: str
    settle: str


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
        _leaks(train, schema, params.seed),
        _telling_gaps(train, schema),
        _twins(train, test, schema),
        _time(train, schema) if at_random else [],
        _panels(both, schema) if at_random else [],
        _identifiers(train, schema),
        _spellings(both, schema),
        _small_classes(train, schema, params.train.folds),
        _imbalance(both, schema, params.train.metric),
        _repeats(both),
        _constants(train, schema),
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


def _worst(found: list[Advice]) -> list[Advice]:
    if len(found) <= MOST:
        return found
    more = f"and {len(found) - MOST} more like these"
    return [*found[:MOST], Advice(found[0].kind, None, more, found[0].settle)]


def _leaks(train: pd.DataFrame, schema: Schema, seed: int) -> list[Advice]:
    measure = "R2" if schema.task == "regression" else "AUC"
    scores = scores_alone(train, schema, seed).sort_values(ascending=False, kind="stable")
    settle = f"if it is not known when predicting: {IGNORE}"
    return [
        Advice("leak", name, f"alone gives the target away ({measure} {score:.2f})", settle)
        for name, score in scores[scores >= LEAK[schema.task]].items()
    ]


def _telling_gaps(train: pd.DataFrame, schema: Schema) -> list[Advice]:
    if schema.task == "regression":
        return []
    shares = empty_by_class(train, schema)
    gap = (shares["within"] - shares["others"]).abs().sort_values(ascending=False, kind="stable")
    found = []
    for name in gap.index[gap >= TELLING]:
        label, within, others = shares.loc[name]
        message = (
            f"is empty in {within:.0%} of the rows of {label!r}, in {others:.0%} of the others"
        )
        settle = f"if that is not known when predicting: {IGNORE}"
        found.append(Advice("telling gaps", name, message, settle))
    return found


def _twins(train: pd.DataFrame, test: pd.DataFrame, schema: Schema) -> list[Advice]:
    count = twins(train, test, schema)
    if count <= REPEATED * len(test):
        return []
    share = f"{count} of {len(test)} test rows ({count / len(test):.0%})"
    message = f"{share} are like a training row in every feature: they flatter the test score"
    settle = "if they are the same thing twice: data.duplicates: reject in params.yaml"
    return [Advice("twins", None, message, settle)]


def _repeats(rows: pd.DataFrame) -> list[Advice]:
    count = repeats(rows)
    if count <= REPEATED * len(rows):
        return []
    message = f"{count} of {len(rows)} rows ({count / len(rows):.0%}) repeat an earlier one"
    settle = "if they are mistakes: data.duplicates: reject in params.yaml"
    return [Advice("repeats", None, message, settle)]


def _time(train: pd.DataFrame, schema: Schema) -> list[Advice]:
    follows = order_in_time(train, schema)
    in_order = follows["position"].max() >= ORDERED
    most = follows["position" if in_order else "target"]
    if not in_order and not most.max() >= DRIFT:
        return []
    what = "the rows are in its order" if in_order else "the target moves with it"
    message = f"{what} (rank correlation {most.max():.2f}), the split is random"
    settle = f"data.split: chronological, data.split_by: {most.idxmax()} in params.yaml"
    return [Advice("time", most.idxmax(), message, f"to predict later rows: {settle}")]


def _panels(rows: pd.DataFrame, schema: Schema) -> list[Advice]:
    return [
        Advice(
            "panel",
            name,
            f"each of its {count} values comes once for every {moment!r}, on both sides of the split",
            f"to predict other values: data.split: group, data.split_by: {name} in params.yaml",
        )
        for name, moment, count in panels(rows, schema)
    ]


def _identifiers(train: pd.DataFrame, schema: Schema) -> list[Advice]:
    settle = "if it only names the row: kind: identifier in references/schema.yaml"
    found = identifiers(train, schema)
    return [Advice("identifier", name, reason, settle) for name, reason in found.items()]


def _constants(train: pd.DataFrame, schema: Schema) -> list[Advice]:
    return [
        Advice("constant", name, reason, f"if that says nothing: {IGNORE}")
        for name, reason in constants(train, schema).items()
    ]


def _spellings(rows: pd.DataFrame, schema: Schema) -> list[Advice]:
    classes = [schema.target] if schema.task == "classification" else []
    found = []
    for name in [*classes, *schema.names("category")]:
        counts = rows[name].value_counts()
        folded = counts.index.str.normalize("NFC").str.replace(BLANKS, "", regex=True)
        for _, same in counts.groupby(folded.str.casefold(), sort=False):
            if len(same) > 1:
                message = f"{most_common(same.to_dict())} differ only in case or blanks"
                settle = "if they mean the same: write them alike in the raw file"
                found.append(Advice("spelling", name, message, settle))
    return found


def _small_classes(train: pd.DataFrame, schema: Schema, folds: int) -> list[Advice]:
    if schema.task == "regression":
        return []
    counts = train[schema.target].value_counts()
    counts = counts.reindex(schema.columns[schema.target].categories or [], fill_value=0)
    settle = "collect more, give them another class, or lower train.folds in params.yaml"
    few = counts[counts < folds].sort_values(kind="stable")
    messages = [
        f"{label!r}: {count} of {len(train)} training rows, too few for {folds} folds"
        for label, count in few.items()
    ]
    return [Advice("small class", schema.target, message, settle) for message in messages]


def _imbalance(rows: pd.DataFrame, schema: Schema, metric: str) -> list[Advice]:
    shares = rows[schema.target].value_counts(normalize=True)
    two = schema.task == "classification" and len(shares) == 2
    if not two or shares.iloc[1] >= RARE or metric == "average_precision":
        return []
    rare = shares.index[1]
    message = f"only {shares.iloc[1]:.1%} of the rows are {rare!r}, so accuracy says little"
    settle = "train.metric: average_precision in params.yaml"
    if (schema.columns[schema.target].categories or [rare])[-1] != rare:
        settle += f", with {rare!r} as the last of its categories in references/schema.yaml"
    return [Advice("imbalance", schema.target, message, settle)]
