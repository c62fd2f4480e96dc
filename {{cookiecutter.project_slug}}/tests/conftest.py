"""A small table with every kind of column, its contract, and a model of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from under_test import (
    build_features,
    config,
    contract,
    infer_schema,
    schema,
    split,
    train_model,
)

ROWS = 240
build_features.PIECES = 512  # a few words need no more, and models are fitted faster
PARAMS = config.Params(
    seed=1,
    data=config.DataParams(
        raw="raw.csv",
        target="bought",
        test_size=0.25,
        split="random",
        split_by="",
        duplicates="keep",
        max_rejected=0.05,
    ),
    train=config.TrainParams(
        metric="auto",
        folds=3,
        candidates=["linear"],
        threshold="f1",
        search_iterations=2,
        search_seconds=60,
        search_rows=1000,
        max_rows=100_000,
    ),
    evaluate=config.EvaluateParams(bootstrap=50, confidence=0.95),
)


def parts(typed: pd.DataFrame, agreed: object, params: object = PARAMS) -> dict[str, pd.DataFrame]:
    """Typed rows by `train`, `test` and `unlabelled`."""
    part = split.Split(agreed, params.data, params.seed).of(typed)
    return {name: typed[part == name] for name in ("train", "test", "unlabelled")}


def make_raw(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Raw text cells; `bought` follows from `visits`, `city` and noise, and is sometimes unknown."""
    random = np.random.default_rng(seed)
    visits = random.integers(0, 50, rows)
    city = random.choice(["Bern", "Graz", "Lyon"], rows)
    noise = random.normal(0, 6, rows)
    words = ["quick delivery", "slow answer again", "good price and quality", "never came back"]
    raw = pd.DataFrame(
        {
            "customer_id": [f"C{number:04d}" for number in range(rows)],
            "visits": visits.astype(str),
            "spent": np.round(random.gamma(2, 30, rows), 2).astype(str),
            "city": city,
            "member": random.choice(["yes", "no"], rows),
            "joined": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.integers(0, 700, rows), "D"),
            "remark": [f"{random.choice(words)}, visit {number}" for number in range(rows)],
            "bought": np.where(visits + 10 * (city == "Bern") + noise > 28, "yes", "no"),
        }
    ).astype({"joined": "str"})
    raw.loc[random.choice(rows, rows // 10, replace=False), "spent"] = None
    raw.loc[random.choice(rows, rows // 12, replace=False), "bought"] = None
    return raw


@pytest.fixture
def raw() -> pd.DataFrame:
    """Raw rows."""
    return make_raw()


@pytest.fixture
def agreed(raw: pd.DataFrame) -> object:
    """The contract inferred from the raw rows."""
    return replace(infer_schema.infer_schema(raw, "bought", schema.Source()), positive="yes")


@pytest.fixture(scope="session")
def trained() -> SimpleNamespace:
    """A model with all that belongs to it; tests must not change any of it."""
    table = make_raw()
    agreed = infer_schema.infer_schema(table, "bought", schema.Source())
    agreed.positive = "yes"
    typed, problems = contract.apply_contract(table, agreed)
    assert problems.empty
    rows = parts(typed, agreed)
    model, facts = train_model.train_model(rows["train"], agreed, PARAMS)
    return SimpleNamespace(
        raw=table,
        schema=agreed,
        **rows,
        model=model,
        scores=facts["candidates"],
        facts=facts,
        params=PARAMS,
    )
