"""The work of `make train` and `make predict` in one script of plain scikit-learn calls.

    python bare.py table ROWS FILE.csv FILE.parquet
    python bare.py train TRAIN.parquet MODEL.pickle SCORES.json SETTINGS
    python bare.py predict MODEL.pickle INPUT OUTPUT.csv

`speed.py` runs it in a generated project, with its Python. What is fitted is the project's, so that no
copy of it grows old: the pipelines and settings of `candidates.py`, and how many are tried. What is called is
scikit-learn: comparison, search of so many SETTINGS without a clock, voting ensemble, calibration and threshold,
for a table with numbers, categories and a target of two classes; `speed.py` checks that the scores agree.
"""

import json
import pickle
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold, cross_val_predict

SEED = 42
TARGET = "outcome"
NUMBERS = [f"number_{n}" for n in range(15)]
CATEGORIES = [f"category_{n}" for n in range(5)]
FEATURES = NUMBERS + CATEGORIES
FOLDS = 5


def main() -> None:
    match sys.argv[1:]:
        case ["table", rows, *paths]:
            table(int(rows), *map(Path, paths))
        case ["train", *paths, settings]:
            train(*map(Path, paths), int(settings))
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


def train(source: Path, model_file: Path, scores_file: Path, settings: int) -> None:
    """Compare, search around the two best, vote, calibrate, choose a threshold, fit on all rows."""
    from my_ml_project.models.candidates import candidates
    from tabwright.schema.schema import load_schema
    from tabwright.selection.model_selection import SEARCHED

    schema = load_schema(Path("references/schema.yaml"))
    rows = pd.read_parquet(source)
    compared = Comparison(rows)
    declared = candidates(schema, SEED)
    compared.add("baseline", DummyClassifier(strategy="prior"))
    for name, candidate in declared.items():
        compared.add(name, candidate.pipeline)
    best = compared.ranked()[:SEARCHED]
    tries = {name: declared[name].settings(settings, SEED) for name in declared if name in best}
    for number, turn in enumerate(zip_longest(*tries.values()), start=1):
        for name, tried in zip(tries, turn, strict=True):
            if tried is not None:
                compared.add(f"{name} {number}", declared[name].with_settings(tried).pipeline)
    compared.vote(declared)
    winner = compared.ranked()[0]
    y_true, chances = compared.y_true, compared.chances[winner]
    calibrator, corrected = calibrate(y_true, chances[:, 1], compared.folds)
    positive = list(compared.labels).index(schema.classes[1])
    likely = corrected if positive else 1 - corrected
    threshold = best_f1(y_true == positive, likely)
    model = clone(compared.models[winner]).fit(rows[FEATURES], rows[TARGET])
    model_file.write_bytes(pickle.dumps((model, calibrator, positive, threshold)))
    scores_file.write_text(json.dumps({"best": winner, "scores": compared.scores}))


class Comparison:
    """Models, their out-of-fold probabilities and scores, on at most so many rows."""

    def __init__(self, rows: pd.DataFrame) -> None:
        from tabwright.selection.cross_validation import MAX_ROWS

        drawn = np.arange(len(rows))
        if len(rows) > MAX_ROWS:
            drawn = np.random.default_rng(SEED).choice(len(rows), MAX_ROWS, replace=False)
        self.rows = rows.iloc[np.sort(drawn)]
        self.labels, self.y_true = np.unique(self.rows[TARGET], return_inverse=True)
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
        self.folds = list(splitter.split(self.rows, self.y_true))
        self.models: dict[str, Any] = {}
        self.chances: dict[str, np.ndarray] = {}
        self.scores: dict[str, tuple[float, float]] = {}

    def add(self, name: str, model: Any, chances: np.ndarray | None = None) -> None:
        """Score a model by cross-validation, or by probabilities that are known."""
        if chances is None:
            features, target = self.rows[FEATURES], self.rows[TARGET]
            chances = cross_val_predict(
                model, features, target, cv=self.folds, method="predict_proba", n_jobs=-1
            )
        self.models[name], self.chances[name] = model, chances
        self.scores[name] = self.score(chances)

    def score(self, chances: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the ROC AUC over the folds."""
        found = [roc_auc_score(self.y_true[fold], chances[fold, 1]) for _, fold in self.folds]
        return float(np.mean(found)), float(np.std(found))

    def ranked(self) -> list[str]:
        """Names but the baseline's from the best score on."""
        names = [name for name in self.scores if name != "baseline"]
        return sorted(names, key=lambda name: self.scores[name][0], reverse=True)

    def vote(self, declared: dict[str, Any]) -> None:
        """Add the mean of those models that improve it one by one, and drop the weaker of a family."""
        from tabwright.selection.ensemble import MAX_PARTS, ROUNDS
        from tabwright.selection.model_selection import KEPT, MIN_GAIN

        kept: Counter[str] = Counter()
        for name in self.ranked():
            family = name if name in declared else name.rpartition(" ")[0]
            kept[family] += 1
            if name not in declared and kept[family] > KEPT:
                del self.models[name], self.scores[name]
        names = [name for name in self.scores if name != "baseline"]
        votes: Counter[str] = Counter()
        total, best, chosen = np.zeros((len(self.rows), 2)), -1.0, votes
        for count in range(1, ROUNDS + 1):
            among = names if len(votes) < MAX_PARTS else [name for name in names if votes[name]]
            means = {name: self.score((total + self.chances[name]) / count)[0] for name in among}
            name = max(means, key=means.__getitem__)
            votes[name] += 1
            total += self.chances[name]
            if means[name] > best:
                best, chosen = means[name], votes.copy()
        weights = {name: chosen[name] for name in names if chosen[name]}
        single, baseline = self.scores[self.ranked()[0]][0], self.scores["baseline"][0]
        if len(weights) > 1 and best - single >= MIN_GAIN * (single - baseline):
            parts = [(name, self.models[name]) for name in weights]
            each = [self.chances[name] for name in weights]
            model = VotingClassifier(parts, voting="soft", weights=list(weights.values()))
            self.add("voting", model, np.average(each, axis=0, weights=list(weights.values())))


def log_odds(chances: np.ndarray) -> np.ndarray:
    return logit(np.clip(chances, 1e-6, 1 - 1e-6)).reshape(-1, 1)


def calibrate(
    y_true: np.ndarray, chances: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[LogisticRegression | None, np.ndarray]:
    """Logistic regression on log-odds, where it lowers the log loss by two standard errors."""
    model, odds = LogisticRegression(max_iter=1000), log_odds(chances)
    after = cross_val_predict(model, odds, y_true, cv=folds, method="predict_proba")[:, 1]
    losses = [
        -np.log(np.clip(np.where(y_true == 1, values, 1 - values), 1e-6, 1))
        for values in (chances, after)
    ]
    gain = losses[0] - losses[1]
    if gain.mean() > 2 * gain.std() / np.sqrt(len(gain)):
        return model.fit(odds, y_true), after
    return None, chances


def best_f1(positive: np.ndarray, chances: np.ndarray) -> float:
    """The threshold with the highest F1 of the positive class."""
    false, found, thresholds = roc_curve(positive, chances, drop_intermediate=False)
    found, false = found * positive.sum(), false * (~positive).sum()
    return float(thresholds[1:][np.argmax((2 * found / (positive.sum() + found + false))[1:])])


def predict(model_file: Path, source: Path, output: Path) -> None:
    """Predict a whole file in memory and write it with class and probabilities."""
    model, calibrator, positive, threshold = pickle.loads(model_file.read_bytes())
    rows = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    chances = model.predict_proba(rows[FEATURES])
    if calibrator is not None:
        chances = calibrator.predict_proba(log_odds(chances[:, 1]))
    above = chances[:, positive] >= threshold
    rows[f"predicted_{TARGET}"] = model.classes_[np.where(above, positive, 1 - positive)]
    for number, name in enumerate(model.classes_):
        rows[f"probability_{name}"] = chances[:, number]
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main()
