"""Checks of columns: target leakage, missing values, identifiers, constants, spelling."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ...schema.rules import most_common
from ...schema.schema import Schema
from .issue import IGNORE, Checked, Issue, nearest

# Of pairs of rows of two classes, such a column orders 19 of 20 correctly; of the variance of a number
# it explains nine tenths. Honest columns do so on easy tables only, as on that of the irises.
LEAK = {"classification": ("AUC", 0.95), "regression": ("R2", 0.9)}
MAX_LEAK_ROWS = 5000  # sampled for the check
FOLDS = 3
MAX_LEAVES = 16  # enough to follow a curve, too few to memorize rows
MIN_DIFFERENCE = 0.9  # between the shares of missing cells
MIN_VALUES = 20  # fewer may be distinct by chance
MIN_DISTINCT = 0.9  # share of distinct values
MIN_CONSTANT = 0.995  # share of rows with the same value
BLANKS = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+"  # and other invisible characters


def leaks(train: pd.DataFrame, schema: Schema, seed: int) -> Iterator[Issue | Checked]:
    """Target leakage: features that are often known only after the target."""
    measure, least = LEAK[schema.task]
    scores = scores_alone(train, schema, seed).sort_values(ascending=False, kind="stable")
    remedy = f"if it is not known when predicting: {IGNORE}"
    for name, score in scores[scores >= least].items():
        yield Issue("leak", name, f"predicts the target alone ({measure} {score:.2f})", remedy)
    closest = nearest(scores[scores < least]) or "not measured: too few rows or columns"
    yield Checked("target leakage", f"{measure} of each column alone", f"{least:g}", closest)


def scores_alone(train: pd.DataFrame, schema: Schema, seed: int) -> pd.Series:
    """Cross-validated R2 or ROC AUC of a small decision tree on each feature, except text.

    Classes are scored one-vs-rest. Empty if there are too few rows.
    """
    rows = train.sample(min(len(train), MAX_LEAK_ROWS), random_state=seed)
    regression = schema.task == "regression"
    if not regression:  # every fold needs all classes
        counts = rows[schema.target].value_counts()
        rows = rows[rows[schema.target].isin(counts.index[counts >= 2 * FOLDS])]
    if len(rows) < 10 * FOLDS or rows[schema.target].nunique() < 2:
        return pd.Series(dtype=float)
    kind = DecisionTreeRegressor if regression else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=MAX_LEAVES, random_state=seed)
    scoring = "r2" if regression else "roc_auc_ovr"
    y = _codes(rows[schema.target])
    names = [name for name, column in schema.features.items() if column.type != "text"]
    features = (_codes(rows[name]).reshape(-1, 1) for name in names)
    scores = [cross_val_score(tree, x, y, cv=FOLDS, scoring=scoring).mean() for x in features]
    return pd.Series(scores, names, dtype=float)


def _codes(cells: pd.Series) -> np.ndarray:
    """Encode values other than numbers by their rank; missing ones as NaN or -1."""
    if not pd.api.types.is_float_dtype(cells):
        return pd.factorize(cells, sort=True)[0].astype(float)
    return cells.to_numpy()


def informative_missingness(train: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Features that are missing in one class of at least ten rows, and not in the others."""
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
    largest = differences.max().sort_values(ascending=False, kind="stable")
    remedy = f"if that is not known when predicting: {IGNORE}"
    for name in largest.index[largest >= MIN_DIFFERENCE]:
        label = differences[name].idxmax()
        shares = f"{within[name][label]:.0%} of the rows of {label!r}, in {others[name][label]:.0%}"
        message = f"is empty in {shares} of the others"
        yield Issue("informative missingness", name, message, remedy)
    measure = "difference between the shares of empty cells of a class and of the others"
    closest = nearest(largest[largest < MIN_DIFFERENCE], ".0%")
    yield Checked("informative missingness", measure, f"{MIN_DIFFERENCE:.0%}", closest)


def identifiers(train: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Features that look like identifiers of rows."""
    remedy = "if it only identifies the row: role: identifier in references/schema.yaml"
    below = {}
    for name, column in schema.features.items():
        present = train[name].dropna()
        if len(present) < MIN_VALUES:
            continue
        if (share := present.nunique() / len(present)) < MIN_DISTINCT:
            if column.type == "category":
                below[name] = share
            continue
        if column.type == "numeric":
            whole = len(present) == len(train) and (present % 1 == 0).all()
            if whole and present.is_unique and present.is_monotonic_increasing:
                yield Issue("identifier", name, "numbers the rows", remedy)
        elif column.type == "category" or (
            column.type == "text" and present.str.contains(r"\s").mean() < 0.1
        ):
            yield Issue("identifier", name, f"{share:.0%} of its values are distinct", remedy)
    closest = nearest(pd.Series(below, dtype=float), ".0%")
    yield Checked("identifiers", "distinct values of a category", f"{MIN_DISTINCT:.0%}", closest)


def constants(train: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Features with nearly always the same value, the most constant first."""
    counts = {name: train[name].value_counts(dropna=False) for name in schema.features}
    shares = pd.Series({name: count.iloc[0] / len(train) for name, count in counts.items()})
    constant = shares[shares >= MIN_CONSTANT].sort_values(ascending=False, kind="stable")
    for name in constant.index:
        value, odd = counts[name].index[0], len(train) - counts[name].iloc[0]
        shown = f"{value:g}" if isinstance(value, float) else f"'{value}'"
        where = f"in all but {odd} of {len(train)} rows" if odd else "in all rows"
        message = f"is {'empty' if pd.isna(value) else shown} {where}"
        yield Issue("constant", name, message, f"if it is useless: {IGNORE}")
    closest = nearest(shares.drop(constant.index), ".1%")
    yield Checked("constants", "rows with the same value", f"{MIN_CONSTANT:.1%}", closest)


def spellings(rows: pd.DataFrame, schema: Schema) -> Iterator[Issue | Checked]:
    """Categories and classes that differ only in case, whitespace or as 1 and 1.0."""
    classes = [schema.target] if schema.task == "classification" else []
    names = [*classes, *schema.names("category")]
    for name in names:
        counts = rows[name].value_counts()
        folded = counts.index.str.normalize("NFC").str.replace(BLANKS, "", regex=True)
        folded = folded.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
        for _, same in counts.groupby(folded.str.casefold(), sort=False):
            if len(same) > 1:
                message = f"{most_common(same.to_dict())} differ only in case, spaces or .0"
                remedy = "if they mean the same: unify them in clean() or the raw file"
                yield Issue("spelling", name, message, remedy)
    compared = f"of {len(names)} columns compared"
    yield Checked("spelling", "values that differ only in case, spaces or .0", "", compared)
