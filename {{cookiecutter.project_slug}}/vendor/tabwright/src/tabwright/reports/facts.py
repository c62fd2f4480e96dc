"""Facts for the pages of the model: the champion, or the latest model while there is none."""

from dataclasses import asdict
from typing import Any

from ..dataset.counts import count_rows
from ..evaluation.gate import checks, present_evaluation
from ..project.files import md5, read_json
from ..project.project import Project
from ..registry.champion import Promotion, champion_folder, current_champion, in_words
from ..schema.schema import load_schema
from ..selection.metrics import task_metrics
from ..tracking.names import run_name
from ..tracking.record import Record, find_model_record, flat, load_records, test_score

Facts = dict[str, Any]


def collect_facts(project: Project) -> Facts:
    """Facts of the model that predicts; `standing` names it, and a later one that does not predict."""
    latest, champion = _latest(project), current_champion(project)
    if champion is None:
        line = "No model is promoted yet: the latest one predicts."
        return latest | {"standing": [line], "role": "candidate, not promoted"}
    version = champion.get("version")
    role = f"champion, version {version}" if version else "champion"
    line = f"This is the champion. {in_words(champion)}"
    if champion["model_md5"] == latest["hashes"]["model"]:
        return latest | {"run": champion["run"], "standing": [line], "role": role}
    made = [one for one in load_records(project) if one.get("model_md5") == champion["model_md5"]]
    known = [one for one in made if "training" in one and "slices" in one.get("evaluation", {})]
    if not known or not (champion_folder(project, champion["run"]) / "schema.yaml").is_file():
        lost = "This is NOT the champion, whose scores are not here (`make experiments pull`)."
        role = "candidate, not the champion"
        return latest | {"standing": [f"{lost} {in_words(champion)}"], "role": role}
    name = f"{latest['candidates']['best']} (run {run_name(latest['run']) if latest['run'] else 'unknown'})"
    score, rows = test_score({"evaluation": latest["scores"]}), latest["scores"]["rows"]
    waiting = f"The latest model does not predict: {name} scores {score} on {rows} held-out rows."
    return _recorded(project, known[-1], champion) | {"standing": [line, waiting], "role": role}


def _latest(project: Project) -> Facts:
    """From the files that training and evaluation write."""
    record = find_model_record(project, md5(project.model_file))
    return {
        "schema": load_schema(project.schema_file),
        **present_evaluation(project),
        "candidates": read_json(project.candidates_file),
        "rows": count_rows(project),
        "hashes": {
            "train": md5(project.train_file),
            "test": md5(project.test_file),
            "model": md5(project.model_file),
        },
        "run": record["run"] if record else None,
        "made": _made(record) if record else {},
        "params": flat(asdict(project.params)),
        "figures": project.figures_folder,
    }


def _recorded(project: Project, record: Record, champion: Promotion) -> Facts:
    """From the record of the champion's run, and the files kept with it."""
    folder, scores = champion_folder(project, champion["run"]), record["evaluation"]
    schema, params = load_schema(folder / "schema.yaml"), project.params.evaluate
    slices, tests = scores["slices"], scores["tests"]
    return {
        "schema": schema,
        "scores": scores,
        "slices": slices,
        "tests": tests,
        "checks": checks(scores, slices, tests, params, task_metrics(schema, own=project.metrics)),
        "candidates": record["training"],
        "rows": record["rows"],
        "hashes": {
            "train": record["train_md5"],
            "test": scores["test_md5"],
            "model": record["model_md5"],
        },
        "run": champion["run"],
        "made": _made(record),
        "params": record["params"],
        "figures": folder / "figures",
    }


def _made(record: Record) -> dict[str, str]:
    """When, from what and by whom a model was trained."""
    known = {name: str(record.get(name) or "") for name in ("started", "commit", "user", "why")}
    dirty = " with uncommitted changes" if record.get("dirty") else ""
    return {
        "trained": known["started"][:10],
        "run": run_name(record["run"]),
        "commit": known["commit"][:7] + dirty if known["commit"] else "",
        "by": known["user"],
        "reason": known["why"],
    }
