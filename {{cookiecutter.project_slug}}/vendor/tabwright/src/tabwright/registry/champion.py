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

from ..schema.schema import Schema, load_schema
from ..project.errors import ProjectError
from ..project.files import md5, replacing
from ..tracking.record import Record, SHORT, find_model_record, short
from ..project.lock_file import require_recorded
from ..selection.persistence import load_model

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
        what = f"version {self.version}" if self.version else project.model_file.name
        return f"{what} (run {self.run[:SHORT]})"


def model_in_use() -> ModelInUse:
    """Load the champion, or where none was promoted the model that was trained last.

    Raises
    ------
    ProjectError
        When its file is missing or damaged, or is not the one that was promoted.
    """
    if champion := current_champion():
        return load_champion(champion)
    require_recorded(project.model_file)
    record = find_model_record(md5(project.model_file)) if project.model_file.is_file() else None
    return load(project.model_file, project.schema_file, record)


def load_champion(promotion: Promotion) -> ModelInUse:
    """Load the model that a decision put in force."""
    folder = champion_folder(promotion["run"])
    for name in ("model.skops", "schema.yaml"):
        path = folder / name
        if not path.is_file():
            raise ProjectError(
                f"{path.relative_to(project.root)} of the champion is missing: `make pull` brings it."
            )
        if md5(path) != promotion[path.stem + "_md5"]:
            raise ProjectError(
                f"{path.relative_to(project.root)} is not what was promoted: `make verify REPAIR=1` "
                "restores it."
            )
    return load(folder / "model.skops", folder / "schema.yaml", promotion)


def load(model: Path, schema: Path, entry: Record | None) -> ModelInUse:
    """Load a model and its contract by what was recorded of it: by its run, or when promoted."""
    loaded = load_model(model, entry)
    assert entry is not None  # or it would not have been loaded
    version, run, known = entry.get("version"), entry["run"], entry["model_md5"]
    return ModelInUse(loaded, load_schema(schema), version, run, known)


def promotion_log() -> list[Promotion]:
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
            f"{project.promotions_file.relative_to(project.root)} is damaged ({error}): "
            "`git checkout models/champion.json` restores it."
        ) from error
    return log


def current_champion() -> Promotion | None:
    """The last decision; None before the first promotion."""
    log = promotion_log()
    return log[-1] if log else None


def record_promotion(promotion: Promotion, seen: list[Promotion]) -> None:
    """Put a model in force, at once and as a whole, if the log is as it was seen before.

    Raises
    ------
    ProjectError
        When another decision was made meanwhile.
    """
    with FileLock(project.promotions_file.with_name(f".{project.promotions_file.name}.lock")):
        log = promotion_log()
        if len(log) > len(seen) and log[-1]["run"] == promotion["run"]:
            return  # somebody decided the same
        if log != seen:
            last = in_words(log[-1]) if log else "none is left"
            raise ProjectError(
                f"nothing is decided, for another decision was made meanwhile ({last}): look at "
                "`make models`, then try again."
            )
        with replacing(project.promotions_file) as partial:
            text = json.dumps([*log, promotion], indent=2, ensure_ascii=False)
            partial.write_text(text + "\n", encoding="utf-8")


def previous_champion() -> Promotion | None:
    """The decision a rollback returns to."""
    stack: list[Promotion] = []
    for promotion in promotion_log():
        if promotion["what"] == "rolled back":
            stack.pop()
        else:
            stack.append(promotion)
    return stack[-2] if len(stack) > 1 else None


def champion_folder(run: str) -> Path:
    """Where the model of a run and its contract are kept once it was promoted."""
    return project.champions_folder / run[:SHORT]


def in_words(promotion: Promotion) -> str:
    """A line about a decision."""
    why = f": {promotion['why']}" if promotion["why"] else ""
    model = f"version {promotion['version']} (run {short(promotion)})"
    return f"{promotion['time']}  {model} {promotion['what']} by {promotion['by']}{why}"
