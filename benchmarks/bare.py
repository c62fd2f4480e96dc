"""The work of `make train` and `make predict` in one script of plain scikit-learn calls.

    python bare.py table ROWS FILE.csv FILE.parquet
    python bare.py train TRAIN.parquet MODEL.pickle SCORES.json
    python bare.py predict MODEL.pickle INPUT OUTPUT.csv

`speed.py` runs it with the Python of a generated project, so that both use the same versions. It
imports nothing of the project and repeats its candidates, folds, search (without a clock), blend,
calibration and threshold for a table with numbers, categories and a target of two classes;
`speed.py` checks that the scores agree.
"""

import json
import pickle
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import ParameterSampler, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 42
TARGET = "outcome"
NUMBERS = [f"number_{n}" for n in range(15)]
CATEGORIES = [f"category_{n}" for n in range(5)]
FEATURES = NUMBERS + CATEGORIES
FOLDS = 5
SEARCH_ITERATIONS = 20
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
    "linear": {"C": loguniform(1e-3, 1e2)},
    "forest": {
        "min_samples_leaf": [1, 2, 4, 8, 16],
        "max_features": loguniform(0.05, 0.8),
    },
    "boosting": {
        "max_iter": [50, 100, 200, 400],
        "learning_rate": loguniform(0.01, 0.2),
        "max_leaf_nodes": [4, 8, 15, 31],
        "min_samples_leaf": [5, 10, 20, 50],
        "l2_regularization": loguniform(1e-2, 1e2),
    },
}


def train(source: Path, model_file: Path, scores_file: Path) -> None:
    """Compare, search around the two best, blend, calibrate, choose a threshold, fit on all rows."""
    rows = pd.read_parquet(source)
    models = dict(CANDIDATES)
    chances = {name: held_out(model, rows) for name, model in models.items()}
    scores = {name: score(rows, values) for name, values in chances.items()}
    sample = rows.sample(min(len(rows), SEARCH_ROWS), random_state=SEED).sort_index()
    for name in ranked(scores)[:2]:
        tried = []
        for settings in ParameterSampler(SEARCH[name], SEARCH_ITERATIONS, random_state=SEED):
            steps = {f"model__{knob}": value for knob, value in settings.items()}
            model = clone(models[name]).set_params(**steps)
            tried.append((score(sample, held_out(model, sample))[0], model))
        found = f"{name} searched"
        models[found] = max(tried, key=lambda trial: trial[0])[1]
        chances[found] = held_out(models[found], rows)
        scores[found] = score(rows, chances[found])
    kinds = list(dict.fromkeys(name.split()[0] for name in ranked(scores)))
    best = {kind: next(name for name in ranked(scores) if kind in name) for kind in kinds}
    blends = [names for n in (2, 3) for names in combinations(best.values(), n)]
    means = [np.mean([chances[name] for name in names], axis=0) for names in blends]
    chosen = max(range(len(blends)), key=lambda n: score(rows, means[n])[0])
    voters = [(name.split()[0], models[name]) for name in blends[chosen]]
    models["voting"], chances["voting"] = VotingClassifier(voters, voting="soft"), means[chosen]
    scores["voting"] = score(rows, chances["voting"])
    winner = ranked(scores)[0]
    calibrator, corrected = calibrate(rows, chances[winner])
    threshold = best_f1(rows, corrected)
    model = clone(models[winner]).fit(rows[FEATURES], rows[TARGET])
    model_file.write_bytes(pickle.dumps((model, calibrator, threshold)))
    scores_file.write_text(json.dumps({"best": winner, "scores": scores}))


def ranked(scores: dict[str, tuple[float, float]]) -> list[str]:
    """Names but the baseline's from the best score on."""
    return sorted(list(scores)[1:], key=lambda name: scores[name][0], reverse=True)


def folds() -> StratifiedKFold:
    return StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)


def held_out(model: object, rows: pd.DataFrame) -> np.ndarray:
    """Probabilities of every row by a model of the other folds; the folds run in parallel."""
    return cross_val_predict(
        model, rows[FEATURES], rows[TARGET], cv=folds(), method="predict_proba", n_jobs=-1
    )


def score(rows: pd.DataFrame, chances: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the ROC AUC over the folds."""
    scores = [
        roc_auc_score(rows[TARGET].iloc[fold], chances[fold, 1])
        for _, fold in folds().split(rows, rows[TARGET])
    ]
    return float(np.mean(scores)), float(np.std(scores))


def log_odds(chances: np.ndarray) -> np.ndarray:
    bounded = np.clip(chances, 1e-6, 1)
    return np.log(bounded[:, 1:] / bounded[:, :1])


def calibrate(
    rows: pd.DataFrame, chances: np.ndarray
) -> tuple[LogisticRegression | None, np.ndarray]:
    """Logistic regression on log-odds, where it lowers the log loss by two standard errors."""
    truth, odds = (rows[TARGET] == sorted(set(rows[TARGET]))[1]).to_numpy(int), log_odds(chances)
    model = LogisticRegression(max_iter=1000)
    parts = list(folds().split(rows, rows[TARGET]))
    corrected = cross_val_predict(model, odds, truth, cv=parts, method="predict_proba")
    losses = [
        -np.log(np.clip(values[np.arange(len(rows)), truth], 1e-6, 1))
        for values in (chances, corrected)
    ]
    gain = losses[0] - losses[1]
    if gain.mean() > 2 * gain.std() / np.sqrt(len(gain)):
        return model.fit(odds, truth), corrected
    return None, chances


def best_f1(rows: pd.DataFrame, chances: np.ndarray) -> float:
    """The threshold with the highest F1 of the second class."""
    truth = rows[TARGET] == sorted(set(rows[TARGET]))[1]
    false, found, thresholds = roc_curve(truth, chances[:, 1], drop_intermediate=False)
    found, false = found * truth.sum(), false * (~truth).sum()
    return float(thresholds[1:][np.argmax((2 * found / (truth.sum() + found + false))[1:])])


def predict(model_file: Path, source: Path, output: Path) -> None:
    """Predict a whole file in memory and write it with class and probabilities."""
    model, calibrator, threshold = pickle.loads(model_file.read_bytes())
    rows = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    chances = model.predict_proba(rows[FEATURES])
    if calibrator is not None:
        chances = calibrator.predict_proba(log_odds(chances))
    rows[f"predicted_{TARGET}"] = model.classes_[(chances[:, 1] >= threshold).astype(int)]
    for number, name in enumerate(model.classes_):
        rows[f"probability_{name}"] = chances[:, number]
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main()
