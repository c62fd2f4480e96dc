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
from ..errors import ProjectError
from ..files import md5
from ..models.champion import Decision, folder_of, in_force, in_words
from ..models.gate import checks, present_checks, read_lines, read_scores
from ..models.metrics import metrics_of
from ..tracking.record import SHORT, Record, flat, load_records, record_of_model, test_score
from .page import count_rows, read_json

Facts = dict[str, Any]


def described() -> Facts:
    """Facts of the model that predicts; `standing` says which that is, and whether another waits."""
    latest, champion = _latest(), in_force()
    if champion is None:
        return latest | {"standing": ["No model is promoted yet: the latest one predicts."]}
    line = in_words(champion)
    if champion["model_md5"] == latest["hashes"]["model"]:
        return latest | {"run": champion["run"], "standing": [f"This is the champion. {line}"]}
    name = f"{latest['candidates']['best']} (run {(latest['run'] or 'unknown')[:SHORT]})"
    score = f"{test_score({'evaluation': latest['scores']})} on {latest['scores']['rows']} held-out rows"
    record = _record_of(champion)
    if record is None:
        lost = f"This is NOT the champion, which predicts and has no scores in reports/runs. {line}"
        return latest | {"standing": [lost]}
    waiting = f"The latest model does not predict: {name} scores {score} and is not promoted."
    return _of(record, champion) | {"standing": [f"This is the champion. {line}", waiting]}


def _latest() -> Facts:
    """Facts of the model trained last, from the files that training and evaluation write."""
    record = record_of_model(md5(MODEL))
    return {
        "schema": load_schema(),
        "scores": read_scores(METRICS),
        "slices": read_lines(SLICES),
        "tests": read_lines(BEHAVIOUR),
        "checks": present_checks(),
        "candidates": read_json(CANDIDATES),
        "rows": count_rows(),
        "hashes": {"train": md5(TRAIN), "test": md5(TEST), "model": md5(MODEL)},
        "run": record["run"] if record else None,
        "params": flat(asdict(load_params())),
        "figures": FIGURES,
    }


def _of(record: Record, champion: Decision) -> Facts:
    """Facts of the champion, from the record of its run and the files kept with it."""
    folder, scores = folder_of(champion["run"]), record["evaluation"]
    if not (folder / "schema.yaml").is_file():
        raise ProjectError(f"{folder.name} in models/champions is missing: `make pull` brings it.")
    schema, today = load_schema(folder / "schema.yaml"), load_params().evaluate
    slices, tests = scores["slices"], scores["tests"]
    return {
        "schema": schema,
        "scores": scores,
        "slices": slices,
        "tests": tests,
        "checks": checks(scores, slices, tests, today, metrics_of(schema)),
        "candidates": record["training"],
        "rows": record["rows"],
        "hashes": {name: record[f"{name}_md5"] for name in ("train", "model")}
        | {"test": scores["test_md5"]},
        "run": champion["run"],
        "params": record["params"],
        "figures": folder / "figures",
    }


def _record_of(champion: Decision) -> Record | None:
    """The latest run that made the champion's bytes and was evaluated."""
    made = [one for one in load_records() if one.get("model_md5") == champion["model_md5"]]
    found = [one for one in made if "training" in one and "slices" in one.get("evaluation", {})]
    return found[-1] if found else None
