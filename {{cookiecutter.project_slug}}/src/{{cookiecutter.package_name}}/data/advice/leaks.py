"""Find columns that give the target away: often they are known only after it."""

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..contract.schema import Schema

MOST_ROWS = 5000
FOLDS = 3
LEAVES = 16  # enough to follow a curve, too few to learn rows by heart


def scores_alone(train: pd.DataFrame, schema: Schema, seed: int) -> pd.Series:
    """How well each column predicts the target when it is the only one.

    Parameters
    ----------
    train
        Training rows; a sample of `MOST_ROWS` is looked at.
    schema
        The contract. Columns of text are left out.
    seed
        Of the sample and the folds.

    Returns
    -------
    Series
        By column the cross-validated R2, or ROC AUC (mean of each class against the rest), of a
        small decision tree. Empty when there are too few rows to tell.
    """
    rows = train if len(train) <= MOST_ROWS else train.sample(MOST_ROWS, random_state=seed)
    if schema.task == "classification":  # a class must be in every fold
        counts = rows[schema.target].value_counts()
        rows = rows[rows[schema.target].isin(counts.index[counts >= 2 * FOLDS])]
    if len(rows) < 10 * FOLDS or rows[schema.target].nunique() < 2:
        return pd.Series(dtype=float)
    truth = rows[schema.target].to_numpy()
    scores = {
        name: _score(as_codes(rows[name]), truth, schema.task, seed)
        for name, column in schema.features.items()
        if column.kind != "text"
    }
    return pd.Series(scores, dtype=float)


def as_codes(cells: pd.Series) -> np.ndarray:
    """Numbers as they are, other values by their rank; empty cells as NaN or -1."""
    if pd.api.types.is_float_dtype(cells):
        return cells.to_numpy(dtype=float)
    return pd.factorize(cells, sort=True)[0].astype(float)


def _score(codes: np.ndarray, truth: np.ndarray, task: str, seed: int) -> float:
    column = codes.reshape(-1, 1)
    if task == "regression":
        folds = KFold(FOLDS, shuffle=True, random_state=seed)
        tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, random_state=seed)
        return r2_score(truth, cross_val_predict(tree, column, truth, cv=folds))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=seed)
    chances = cross_val_predict(tree, column, truth, cv=folds, method="predict_proba")
    binary = chances.shape[1] == 2
    return roc_auc_score(truth, chances[:, 1] if binary else chances, multi_class="ovr")


def empty_by_class(train: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Where empty cells tell one class from the others.

    Returns
    -------
    DataFrame
        A line per feature with empty cells: `label`, the class of at least ten rows most unlike
        the others, and the shares of empty cells `within` it and in the `others`.
    """
    target = train[schema.target]
    counts = target.value_counts()
    counts = counts[(counts >= 10) & (counts < len(train))]
    empty = train[list(schema.features)].isna()
    lines = {}
    for name in empty.columns[empty.any() & ~empty.all()]:
        found = empty[name].groupby(target).sum()[counts.index]
        shares = pd.DataFrame(
            {
                "within": found / counts,
                "others": (empty[name].sum() - found) / (len(train) - counts),
            }
        )
        if len(shares):
            label = (shares["within"] - shares["others"]).abs().idxmax()
            lines[name] = {"label": label, **shares.loc[label]}
    return pd.DataFrame.from_dict(lines, orient="index", columns=["label", "within", "others"])
