"""The model in use: the champion that was promoted, or else the latest of this folder.

`models/champion.json` is the log of promotions, the last entry being in force. It travels with git,
and `models/champions` with DVC, so every checkout predicts with the same model.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from sklearn.base import BaseEstimator

from ..project.errors import ProjectError
from ..project.files import md5, write_json
from ..project.lock_file import require_recorded
from ..project.project import Project
from ..schema.schema import Schema, load_schema
from ..selection.persistence import SHORT, Record, load_model
from ..tracking.record import find_model_record, load_recorded_model, short, source_code

Promotion = dict[str, Any]


@dataclass(frozen=True)
class ModelInUse:
    """A model, the contract it was trained under, and where it comes from."""

    model: BaseEstimator
    schema: Schema
    version: str | None
    run: str
    model_md5: str

    def __str__(self) -> str:
        what = f"version {self.version}" if self.version else "model.skops"
        return f"{what} (run {self.run[:SHORT]})"


def model_in_use(project: Project) -> ModelInUse:
    """Load the champion, or where none was promoted the model that was trained last.

    Raises
    ------
    ProjectError
        When its file is missing or damaged, or is not the one that was promoted.
    """
    if champion := current_champion(project):
        return load_champion(project, champion)
    require_recorded(project.root, project.model_file)
    model = load_recorded_model(project, project.model_file)
    record = find_model_record(project, md5(project.model_file))
    assert record is not None  # or it would not have been loaded
    schema = load_schema(project.schema_file)
    return ModelInUse(model, schema, None, record["run"], record["model_md5"])


def load_champion(project: Project, promotion: Promotion) -> ModelInUse:
    """Load the model of an entry of the promotion log."""
    folder = champion_folder(project, promotion["run"])
    for name in ("model.skops", "schema.yaml"):
        path = folder / name
        if not path.is_file():
            raise ProjectError(
                f"{project.short(path)} of the champion is missing: `make pull` brings it."
            )
        if md5(path) != promotion[path.stem + "_md5"]:
            raise ProjectError(
                f"{project.short(path)} is not what was promoted: `make verify REPAIR=1` "
                "restores it."
            )
    return load(project, folder / "model.skops", folder / "schema.yaml", promotion)


def load(project: Project, model: Path, schema: Path, entry: Record) -> ModelInUse:
    """Load a model and its contract by what was recorded of it: by its run, or when promoted."""
    loaded = load_model(model, entry, source_code(project))
    version, run, known = entry.get("version"), entry["run"], entry["model_md5"]
    return ModelInUse(loaded, load_schema(schema), version, run, known)


def promotion_log(project: Project) -> list[Promotion]:
    """Promotions and rollbacks, the earliest first; each names the model it put in force.

    Raises
    ------
    ProjectError
        When the log is damaged.
    """
    if not project.promotions_file.exists():
        return []
    try:
        log = json.loads(project.promotions_file.read_text(encoding="utf-8"))
        if not isinstance(log, list):
            raise TypeError("it is no list")
        for promotion in log:
            promotion["run"], promotion["version"], promotion["model_md5"], promotion["schema_md5"]
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{project.short(project.promotions_file)} is damaged ({error}): "
            "`git checkout models/champion.json` restores it."
        ) from error
    return log


def current_champion(project: Project) -> Promotion | None:
    """The last entry of the promotion log; None before the first."""
    log = promotion_log(project)
    return log[-1] if log else None


def record_promotion(project: Project, promotion: Promotion, seen: list[Promotion]) -> None:
    """Put a model in force, at once and as a whole, if the log is as it was seen before.

    Raises
    ------
    ProjectError
        When somebody else has promoted another meanwhile.
    """
    with FileLock(project.promotions_file.with_name(f".{project.promotions_file.name}.lock")):
        log = promotion_log(project)
        if len(log) > len(seen) and log[-1]["run"] == promotion["run"]:
            return  # somebody decided the same
        if log != seen:
            last = in_words(log[-1]) if log else "none is left"
            raise ProjectError(
                f"nothing is decided, for another decision was made meanwhile ({last}): look at "
                "`make models`, then try again."
            )
        write_json(project.promotions_file, [*log, promotion])


def previous_champion(project: Project) -> Promotion | None:
    """The entry a rollback returns to."""
    stack: list[Promotion] = []
    for promotion in promotion_log(project):
        if promotion["what"] == "rolled back":
            stack.pop()
        else:
            stack.append(promotion)
    return stack[-2] if len(stack) > 1 else None


def champion_folder(project: Project, run: str) -> Path:
    """Where the model of a run and its contract are kept once it was promoted."""
    return project.champions_folder / run[:SHORT]


def in_words(promotion: Promotion) -> str:
    """A line about an entry."""
    why = f": {promotion['why']}" if promotion["why"] else ""
    model = f"version {promotion['version']} (run {short(promotion)})"
    return f"{promotion['time']}  {model} {promotion['what']} by {promotion['by']}{why}"
