"""The work of `make train` and `make predict` in one script of plain scikit-learn calls.

    python bare.py table ROWS FILE.csv FILE.parquet
    python bare.py train TRAIN.parquet MODEL.pickle SCORES.json
    python bare.py predict MODEL.pickle INPUT OUTPUT.csv

`speed.py` runs it with the Python of a generated project, so that both use the same versions. It
imports nothing of the project and repeats its candidates, folds and search for a table with
numbers, categories and a target of two classes; `speed.py` checks that the scores agree.
"""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterSampler, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 42
TARGET = "outcome"
NUMBERS = [f"number_{n}" for n in range(15)]
CATEGORIES = [f"category_{n}" for n in range(5)]
FEATURES = NUMBERS + CATEGORIES
FOLDS = 5
SEARCH_ITERATIONS = 8
SEARCH_ROWS = 10_000


def main() -> None:
    match sys.argv[1:]:
        case ["table", rows, *paths]:
            table(int(rows), *map(Path, paths))
        case ["train", *paths]:
            train(*map(Path, paths))
        case ["predict", *paths]:
            predict(*map(Path, paths))
        case _:
            sys.exit(__doc__)


def table(rows: int, as_csv: Path, as_parquet: Path) -> None:
    """Write a synthetic table: 15 numbers, 5 categories of 4 to 12 values, two classes."""
    numbers, classes = make_classification(
        rows, 20, n_informative=12, n_redundant=4, flip_y=0.1, random_state=SEED
    )
    columns = {name: numbers[:, n].round(6) for n, name in enumerate(NUMBERS)}
    for n, name in enumerate(CATEGORIES):
        bins = pd.qcut(numbers[:, len(NUMBERS) + n], 4 + 2 * n, labels=False)
        columns[name] = pd.Series(bins).map(lambda number: f"level {number:02}")
    columns[TARGET] = np.where(classes == 1, "will buy", "will not")
    written = pd.DataFrame(columns)
    written.to_csv(as_csv, index=False)
    written.to_parquet(as_parquet, index=False)


def pipeline(model: object) -> Pipeline:
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    features = ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)]
    )
    return Pipeline([("features", features), ("model", model)])


CANDIDATES = {
    "baseline": Pipeline([("model", DummyClassifier(strategy="prior"))]),
    "linear": pipeline(LogisticRegression(max_iter=2000)),
    "forest": pipeline(
        RandomForestClassifier(100, min_samples_leaf=2, max_features="sqrt", random_state=SEED)
    ),
    "boosting": pipeline(
        HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.06,
            max_leaf_nodes=15,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=SEED,
        )
    ),
}
SEARCH = {
    "linear": {"model__C": loguniform(1e-3, 1e2)},
    "forest": {
        "model__min_samples_leaf": [1, 2, 4, 8, 16],
        "model__max_features": ["sqrt", 0.2, 0.4, 0.7],
    },
    "boosting": {
        "model__max_iter": [50, 100, 200, 400],
        "model__learning_rate": loguniform(0.01, 0.2),
        "model__max_leaf_nodes": [4, 8, 15, 31],
        "model__min_samples_leaf": [5, 10, 20, 50],
        "model__l2_regularization": loguniform(1e-2, 1e2),
    },
}


def train(source: Path, model_file: Path, scores_file: Path) -> None:
    """Compare, search around the best, fit the best on all rows."""
    rows = pd.read_parquet(source)
    scores = {name: cross_validate(model, rows) for name, model in CANDIDATES.items()}
    models = dict(CANDIDATES)
    best = max(list(scores)[1:], key=lambda name: scores[name][0])
    sample = rows.sample(min(len(rows), SEARCH_ROWS), random_state=SEED)
    tried = []
    for settings in ParameterSampler(SEARCH[best], SEARCH_ITERATIONS, random_state=SEED):
        model = clone(models[best]).set_params(**settings)
        tried.append((cross_validate(model, sample)[0], model))
    models[f"{best} searched"] = max(tried, key=lambda trial: trial[0])[1]
    scores[f"{best} searched"] = cross_validate(models[f"{best} searched"], rows)
    best = max(list(scores)[1:], key=lambda name: scores[name][0])
    model = clone(models[best]).fit(rows[FEATURES], rows[TARGET])
    model_file.write_bytes(pickle.dumps(model))
    scores_file.write_text(json.dumps({"best": best, "scores": scores}))


def cross_validate(model: Pipeline, rows: pd.DataFrame) -> tuple[float, float]:
    """Mean and standard deviation of the ROC AUC over the folds, which run in parallel."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    scores = cross_val_score(
        model, rows[FEATURES], rows[TARGET], cv=folds, scoring="roc_auc", n_jobs=-1
    )
    return float(scores.mean()), float(scores.std())


def predict(model_file: Path, source: Path, output: Path) -> None:
    """Predict a whole file in memory and write it with class and probabilities."""
    model = pickle.loads(model_file.read_bytes())
    rows = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    chances = model.predict_proba(rows[FEATURES])
    rows[f"predicted_{TARGET}"] = model.classes_[chances.argmax(axis=1)]
    for number, name in enumerate(model.classes_):
        rows[f"probability_{name}"] = chances[:, number]
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main()
