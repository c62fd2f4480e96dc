"""The record of every run: a file in reports/runs, kept by git, in addition to MLflow's."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..project.environment import account
from ..project.errors import ProjectError, did_you_mean
from ..project.files import md5, read_json, replacing, write_json
from ..project.git import commit, git, require_merged, require_readable, snapshot, uncommitted
from ..project.project import Project
from ..selection.persistence import SHORT, Record, load_model
from ..selection.sources import source_code
from .names import run_name

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def provenance(project: Project) -> tuple[Record, str]:
    """Everything needed to repeat a run: code, data, environment, command, person, reason.

    Collected before a run starts, as files may change meanwhile.

    Returns
    -------
    record : dict
        `data` has the hash of each raw file; `inputs` is the git tree of the inputs.
    patch : str
        Uncommitted changes to them, for `git apply`.
    """
    tree = snapshot(project.root)
    patch = uncommitted(project.root, tree)
    return {
        "started": now(),
        "user": user(project),
        "why": os.environ.get("WHY", ""),
        "commit": commit(project.root),
        "dirty": bool(patch),
        "inputs": tree,
        "data": raw_data(project),
        "train_md5": md5(project.train_file),
        "schema_md5": md5(project.schema_file),
        "lock_md5": md5(project.root / "requirements.txt"),
        "argv": " ".join(sys.orig_argv),
        "platform": f"{platform.platform()}, Python {platform.python_version()}",
    }, patch


def input_tree(project: Project, record: Record) -> str:
    """The git tree of the inputs of a run, created again: git deletes trees that no commit has."""
    patch = patch_file(project, record["run"]) if record["dirty"] else None
    known = record["commit"] and (not patch or patch.is_file())
    again = snapshot(project.root, record["commit"], patch) if known else ""
    return record.get("inputs", again)  # missing in older runs


def raw_data(project: Project) -> dict[str, str]:
    """The hash of each file and folder that DVC keeps below data/, by its path."""
    found = {}
    for pointer in sorted((project.root / "data").rglob("*.dvc")):
        require_merged(project.root, pointer)
        for out in yaml.safe_load(pointer.read_text(encoding="utf-8"))["outs"]:
            path = (pointer.parent / out["path"]).relative_to(project.root)
            found[path.as_posix()] = out["md5"]
    return found


def save_record(project: Project, record: Record, patch: str | None = None) -> Path:
    """Write the file of a run, and next to it the patch of uncommitted changes."""
    if patch:
        with replacing(patch_file(project, record["run"])) as partial:
            partial.write_bytes(patch.encode("utf-8", "surrogateescape"))
    path = record_file(project, record["run"])
    write_json(path, record)
    return path


def record_file(project: Project, run: str) -> Path:
    """The file of a run."""
    return project.runs_folder / f"{run}.json"


def patch_file(project: Project, run: str) -> Path:
    """The file of uncommitted changes of a run, which exists if there were any."""
    return project.runs_folder / f"{run}.diff"


def load_records(project: Project) -> list[Record]:
    """All runs with a file, the earliest first.

    Raises
    ------
    ProjectError
        When a file is damaged.
    """
    records = []
    remedy = "`git checkout` it, or delete it; `make experiments` restores it from MLflow"
    for path in project.runs_folder.glob("*.json"):
        with require_readable(project.root, path, remedy):
            record = read_json(path)
            record["run"], record["started"]
        records.append(record)
    return sorted(records, key=lambda record: record["started"])


def find_record(project: Project, start: str) -> Record:
    """The run whose name or identifier starts with some characters.

    Raises
    ------
    ProjectError
        When there is none, or more than one.
    """
    records = load_records(project)
    found = [
        each for each in records if short(each).startswith(start) or each["run"].startswith(start)
    ]
    if not start or len(found) != 1:
        many = ", ".join(f"{short(each)} = {each['run'][:SHORT]}" for each in found[-5:])
        raise ProjectError(
            f"{'no' if not found else 'more than one'} run begins with {start!r}"
            f"{f' ({many})' if found and start else did_you_mean(start, map(short, records))}. "
            "`make experiments` lists them."
        )
    return found[0]


def find_model_record(project: Project, model_md5: str) -> Record | None:
    """The latest run that trained a model, by the hash of the model."""
    made = [record for record in load_records(project) if record.get("model_md5") == model_md5]
    return made[-1] if made else None


def short(record: Record) -> str:
    """A run in messages: its name."""
    return run_name(record["run"])


def test_score(record: Record) -> str:
    """The main metric on the held-out rows, with its interval; empty before evaluation."""
    if "evaluation" not in record:
        return ""
    scores, name = record["evaluation"], record["evaluation"]["metric"]
    low, high = (scores["interval"][name][end] for end in ("low", "high"))
    return f"{name} {scores['test'][name]:.4f} ({low:.4f} to {high:.4f})"


def run_parameters(record: Record) -> dict[str, Any]:
    """The parameters of a run, and the settings of the chosen model where the search has found them."""
    found: dict[str, Any] = record["params"] | flat({"best": record["cv"].get("settings", {})})
    return found


def run_scores(record: Record) -> dict[str, float]:
    """What a run has of scores: of each candidate in cross-validation, and of held-out rows."""
    facts = record["training"]
    metric, candidates = facts["metric"], facts["candidates"]
    best = candidates[facts["best"]]
    values = {f"cv_{metric} {name}": score["mean"] for name, score in candidates.items()}
    values |= {f"cv_{metric}": best["mean"], f"cv_{metric}_std": best["std"]}
    if "threshold" in facts:
        values["threshold"] = facts["threshold"]["value"]
    return values | {"settings_tried": facts["settings_tried"]} | held_out_scores(record)


def held_out_scores(record: Record) -> dict[str, float]:
    """The scores on held-out rows; none before evaluation."""
    test = record.get("evaluation", {}).get("test", {})
    return {f"test_{name}": value for name, value in test.items()}


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings: `{"train": {"folds": 5}}` becomes `{"train.folds": 5}`."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        name = prefix + key
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def user(project: Project) -> str:
    """The user's name in git, or that of the account."""
    return (git(project.root, "config", "user.name") or "").strip() or account()


def now() -> str:
    """The time in UTC, to the second, such as 2024-05-01T12:00:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def load_recorded_model(project: Project, path: Path) -> "BaseEstimator":
    """Read a model by the record of the run that saved it; see `require_record` for errors."""
    return load_model(path, require_record(project, path), source_code(project))


def require_record(project: Project, path: Path) -> Record:
    """The record of the run that saved a model, found by the hash of the file.

    Raises
    ------
    ProjectError
        When there is no file, or no run saved these bytes.
    """
    if not path.is_file():
        raise ProjectError(f"{path}: no model there yet: `make train` makes one.")
    known = md5(path)
    record = find_model_record(project, known)
    if record is None:
        raise ProjectError(
            f"{path}: no run in reports/runs saved this file (MD5 {known}), so it is not used. "
            "`make experiments` copies the records of queued and remote runs from MLflow; "
            "`make verify` tells whether the file is damaged; `make train AGAIN=1` makes a new one."
        )
    return record
