"""Checks of each column: what gives the target away, what says nothing, what is spelt in two ways."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ...schema.counts import most_common
from ...schema.schema import Schema
from .issue import IGNORE, Issue

LEAK = {"classification": ("AUC", 0.99), "regression": ("R2", 0.9)}
LEAK_ROWS = 5000  # at most are looked at
FOLDS = 3
LEAVES = 16  # enough to follow a curve, too few to learn rows by heart
INFORMATIVE = 0.9  # difference of two shares of empty cells
MIN_VALUES = 20  # fewer may all differ by chance
DIFFERENT = 0.9  # share of the values; above it they hardly repeat
NEARLY = 0.995  # share of the rows with the same value
BLANKS = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+"  # and what is as invisible


def leaks(train: pd.DataFrame, schema: Schema, seed: int) -> Iterator[Issue]:
    """Features that give the target away: often they are known only after it."""
    measure, least = LEAK[schema.task]
    scores = scores_alone(train, schema, seed).sort_values(ascending=False, kind="stable")
    remedy = f"if it is not known when predicting: {IGNORE}"
    for name, score in scores[scores >= least].items():
        yield Issue("leak", name, f"alone gives the target away ({measure} {score:.2f})", remedy)


def scores_alone(train: pd.DataFrame, schema: Schema, seed: int) -> pd.Series:
    """By feature, without those of text, the cross-validated R2 or ROC AUC of a small decision tree.

    Each class is compared with the rest. Empty when there are too few rows to tell.
    """
    rows = train.sample(min(len(train), LEAK_ROWS), random_state=seed)
    regression = schema.task == "regression"
    if not regression:  # a class must be in every fold
        counts = rows[schema.target].value_counts()
        rows = rows[rows[schema.target].isin(counts.index[counts >= 2 * FOLDS])]
    if len(rows) < 10 * FOLDS or rows[schema.target].nunique() < 2:
        return pd.Series(dtype=float)
    kind = DecisionTreeRegressor if regression else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=LEAVES, random_state=seed)
    scoring = "r2" if regression else "roc_auc_ovr"
    y = _codes(rows[schema.target])
    scores = {
        name: cross_val_score(
            tree, _codes(rows[name]).reshape(-1, 1), y, cv=FOLDS, scoring=scoring
        ).mean()
        for name, column in schema.features.items()
        if column.kind != "text"
    }
    return pd.Series(scores, dtype=float)


def _codes(cells: pd.Series) -> np.ndarray:
    """Numbers as they are, other values by their rank; empty cells as NaN or -1."""
    if not pd.api.types.is_float_dtype(cells):
        return pd.factorize(cells, sort=True)[0].astype(float)
    return cells.to_numpy()


def informative_missingness(train: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """Features that are empty in one class of at least ten rows, and not in the others."""
    if schema.task == "regression":
        return
    counts = train[schema.target].value_counts()
    counts = counts[(counts >= 10) & (counts < len(train))]
    empty = train[list(schema.features)].isna()
    empty = empty.loc[:, empty.any()]
    by_class = empty.groupby(train[schema.target]).sum().loc[counts.index]
    within = by_class.div(counts, axis="index")
    others = (empty.sum() - by_class).div(len(train) - counts, axis="index")
    differences = (within - others).abs()
    found = []
    for name in differences.columns[differences.max() >= INFORMATIVE]:
        label = differences[name].idxmax()
        shares = f"{within[name][label]:.0%} of the rows of {label!r}, in {others[name][label]:.0%}"
        found.append((differences[name][label], name, f"is empty in {shares} of the others"))
    remedy = f"if that is not known when predicting: {IGNORE}"
    for _, name, message in sorted(found, key=lambda one: -one[0]):
        yield Issue("informative missingness", name, message, remedy)


def identifiers(train: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """Features that look like a number or a name of the row."""
    remedy = "if it only names the row: kind: identifier in references/schema.yaml"
    for name, column in schema.features.items():
        present = train[name].dropna()
        if len(present) < MIN_VALUES or (share := present.nunique() / len(present)) < DIFFERENT:
            continue
        if column.kind == "numeric":
            whole = len(present) == len(train) and (present % 1 == 0).all()
            if whole and present.is_unique and present.is_monotonic_increasing:
                yield Issue("identifier", name, "counts up from row to row", remedy)
        elif column.kind == "category" or (
            column.kind == "text" and present.str.contains(r"\s").mean() < 0.1
        ):
            yield Issue("identifier", name, f"{share:.0%} of its values differ", remedy)


def constants(train: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """Features that are nearly always the same, the most constant first."""
    counts = {name: train[name].value_counts(dropna=False) for name in schema.features}
    others = {name: len(train) - count.iloc[0] for name, count in counts.items() if len(count)}
    for name, odd in sorted(others.items(), key=lambda item: item[1]):
        if odd <= (1 - NEARLY) * len(train):
            value = counts[name].index[0]
            said = f"{value:g}" if isinstance(value, float) else f"'{value}'"
            where = f"in all but {odd} of {len(train)} rows" if odd else "in all rows"
            message = f"is {'empty' if pd.isna(value) else said} {where}"
            yield Issue("constant", name, message, f"if that says nothing: {IGNORE}")


def spellings(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue]:
    """Values and classes that are alike but for case or blanks."""
    classes = [schema.target] if schema.task == "classification" else []
    for name in [*classes, *schema.names("category")]:
        counts = rows[name].value_counts()
        folded = counts.index.str.normalize("NFC").str.replace(BLANKS, "", regex=True)
        for _, same in counts.groupby(folded.str.casefold(), sort=False):
            if len(same) > 1:
                message = f"{most_common(same.to_dict())} differ only in case or blanks"
                remedy = "if they mean the same: write them alike in the raw file"
                yield Issue("spelling", name, message, remedy)
