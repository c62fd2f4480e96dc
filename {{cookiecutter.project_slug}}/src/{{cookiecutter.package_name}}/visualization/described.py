"""What the pages of the model describe: the champion, or while there is none the latest model."""

from dataclasses import asdict
from typing import Any

from ..config import (
    BEHAVIOUR,
    CANDIDATES,
    FIGURES,
    METRICS,
    MODEL,
    SLICES,
    TEST,
    TRAIN,
    load_params,
)
from ..data.contract.schema import load_schema
from ..files import md5
from ..models.champion import Decision, folder_of, in_force, in_words
from ..models.gate import checks, present_checks
from ..models.metrics import metrics_of
from ..tracking.record import SHORT, Record, flat, load_records, record_of_model, test_score
from .page import count_rows, read_json

Facts = dict[str, Any]


def described() -> Facts:
    """Facts of the model that predicts; `standing` says which that is, and whether another waits."""
    latest, champion = _latest(), in_force()
    if champion is None:
        return latest | {"standing": ["No model is promoted yet: the latest one predicts."]}
    line = f"This is the champion. {in_words(champion)}"
    if champion["model_md5"] == latest["hashes"]["model"]:
        return latest | {"run": champion["run"], "standing": [line]}
    made = [one for one in load_records() if one.get("model_md5") == champion["model_md5"]]
    known = [one for one in made if "training" in one and "slices" in one.get("evaluation", {})]
    if not known or not (folder_of(champion["run"]) / "schema.yaml").is_file():
        lost = "This is NOT the champion, whose scores are not here (`make experiments pull`)."
        return latest | {"standing": [f"{lost} {in_words(champion)}"]}
    name = f"{latest['candidates']['best']} (run {(latest['run'] or 'unknown')[:SHORT]})"
    score, rows = test_score({"evaluation": latest["scores"]}), latest["scores"]["rows"]
    waiting = f"The latest model does not predict: {name} scores {score} on {rows} held-out rows."
    return _recorded(known[-1], champion) | {"standing": [line, waiting]}


def _latest() -> Facts:
    """The files that training and evaluation write."""
    record = record_of_model(md5(MODEL))
    return {
        "schema": load_schema(),
        "checks": present_checks(),  # before the files are read: it says what is wrong with them
        "scores": read_json(METRICS),
        "slices": read_json(SLICES),
        "tests": read_json(BEHAVIOUR),
        "candidates": read_json(CANDIDATES),
        "rows": count_rows(),
        "hashes": {"train": md5(TRAIN), "test": md5(TEST), "model": md5(MODEL)},
        "run": record["run"] if record else None,
        "params": flat(asdict(load_params())),
        "figures": FIGURES,
    }


def _recorded(record: Record, champion: Decision) -> Facts:
    """The record of the champion's run, and the files kept with it."""
    folder, scores = folder_of(champion["run"]), record["evaluation"]
    schema, params = load_schema(folder / "schema.yaml"), load_params().evaluate
    slices, tests = scores["slices"], scores["tests"]
    return {
        "schema": schema,
        "scores": scores,
        "slices": slices,
        "tests": tests,
        "checks": checks(scores, slices, tests, params, metrics_of(schema)),
        "candidates": record["training"],
        "rows": record["rows"],
        "hashes": {
            "train": record["train_md5"],
            "test": scores["test_md5"],
            "model": record["model_md5"],
        },
        "run": champion["run"],
        "params": record["params"],
        "figures": folder / "figures",
    }
