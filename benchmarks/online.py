"""A champion that stays, one that is trained again, and an online learner, before and after a change.

    pip install "river>=0.26,<1"
    python benchmarks/online.py [--rows 10000]

Runs in an environment of its own that has the packages of a generated project and river, on the library
where it stands. A stream of orders: as many rows as the champion was trained on, then as many in which
`returned` depends on channel and amount in another way. Rows are predicted in blocks of 500; their labels
are known when the next block has been.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from common import ROOT, head, machine, row, tell

(LIBRARY,) = ROOT.glob("{{*}}/vendor/tabwright/src")
sys.path[:0] = [str(ROOT / "tests"), str(LIBRARY)]
sys.dont_write_bytecode = True

BLOCK = 500
EVERY, LATEST = 2_000, 8_000  # rows after which a model is fitted on the latest ones
COLUMNS = ("learner", "before: AUC", "after: AUC", "after: log loss", "ms a row")


class Refitted:
    """Boosting that is fitted on the latest rows after every so many; never without a number."""

    def __init__(self, schema: Any, every: float = np.inf) -> None:
        from support.owner import candidates

        self.schema, self.every, self.new = schema, every, 0
        self.pipeline = candidates.candidates(schema, 1)["boosting"].pipeline
        self.rows = pd.DataFrame()

    def learn(self, rows: pd.DataFrame) -> None:
        """Keep rows with labels, and fit when there are enough; the first are the training rows."""
        first = self.rows.empty
        self.rows = pd.concat([self.rows, rows]).tail(max(LATEST, len(rows) if first else 0))
        self.new += len(rows)
        if first or self.new >= self.every:
            self.rows = self.rows.tail(LATEST) if not first else self.rows
            self.model = self.pipeline.fit(
                self.rows[list(self.schema.features)], self.rows["returned"]
            )
            self.new = 0

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """The probability of `yes`."""
        return self.model.predict_proba(rows[list(self.schema.features)])[:, 1]


class Online:
    """A learner of river, which learns row by row."""

    def __init__(self, schema: Any, learner: Any) -> None:
        from river import compose, feature_extraction, preprocessing, stats

        numbers = schema.names("numeric")
        groups = [*schema.names("category"), *schema.names("boolean")]
        mean = feature_extraction.TargetAgg(by="product", how=stats.BayesianMean(0.3, 20))
        self.names = [*numbers, *groups, *schema.names("text"), "product"]
        self.numbers = numbers
        self.model = (
            (compose.Select(*numbers) | preprocessing.StandardScaler())
            + (compose.Select(*groups) | preprocessing.OneHotEncoder())
            + (compose.Select("note") | feature_extraction.BagOfWords(on="note"))
            + mean
        )
        self.model |= learner

    def _cells(self, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
        for cells in rows[self.names].to_dict("records"):
            found = {name: cell for name, cell in cells.items() if not pd.isna(cell)}
            yield {name: 0.0 for name in self.numbers} | {
                name: cell if name in self.numbers else str(cell) for name, cell in found.items()
            }

    def learn(self, rows: pd.DataFrame) -> None:
        """Learn row by row."""
        for cells, label in zip(self._cells(rows), rows["returned"] == "yes", strict=True):
            self.model.learn_one(cells, bool(label))

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """The probability of `yes`."""
        each = (self.model.predict_proba_one(cells) for cells in self._cells(rows))
        return np.array([found.get(True, 0.5) for found in each])


def follow(learner: Any, train: pd.DataFrame, stream: pd.DataFrame) -> tuple[np.ndarray, float]:
    """What a learner says of a stream whose labels come a block late, and its CPU seconds a row."""
    learner.learn(train)
    said, late, began = [], None, time.process_time()
    for start in range(0, len(stream), BLOCK):
        block = stream.iloc[start : start + BLOCK]
        said.append(learner.predict(block))
        if late is not None:
            learner.learn(late)
        late = block
    return np.concatenate(said), (time.process_time() - began) / len(stream)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    from river import linear_model, optim
    from sklearn.metrics import log_loss, roc_auc_score
    from support.orders import orders
    from tabwright.io.source import Source
    from tabwright.schema.guess import infer_schema
    from tabwright.schema.rules import apply_contract

    def text(raw: pd.DataFrame) -> pd.DataFrame:
        return raw.astype("str").where(raw.notna())

    count = options.rows
    raw = text(orders(count, seed=1))
    schema = infer_schema(raw, "returned", Source())
    parts = [raw, *(text(orders(count, seed=2 + n, concept=float(n))) for n in range(2))]
    train, before, after = (apply_contract(part, schema)[0] for part in parts)
    stream = pd.concat([before, after], ignore_index=True)
    logistic = linear_model.LogisticRegression(optim.SGD(0.01))
    learners = {
        "champion, boosting": Refitted(schema),
        f"boosting, trained every {EVERY:,} rows": Refitted(schema, EVERY),
        "river, logistic regression": Online(schema, logistic),
    }
    print(f"{machine()}, {count:,} rows each\n\n{head(COLUMNS)}", flush=True)
    label, later = (stream["returned"] == "yes").to_numpy(), slice(count + count // 2, None)
    for name, learner in learners.items():
        tell(name)
        said, seconds = follow(learner, train, stream)
        half = slice(0, count)
        cells = (
            f"{roc_auc_score(label[half], said[half]):.3f}",
            f"{roc_auc_score(label[later], said[later]):.3f}",
            f"{log_loss(label[later], said[later].clip(1e-6, 1 - 1e-6)):.3f}",
            f"{1e3 * seconds:.2f}",
        )
        print(row([name, *cells]), flush=True)


if __name__ == "__main__":
    main()
