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

from ..config import CHAMPION, CHAMPIONS, MODEL, ROOT, SCHEMA
from ..data.contract.schema import Schema, load_schema
from ..errors import ProjectError
from ..files import md5, replacing
from ..tracking.record import SHORT, Record, record_of_model, short
from ..workspace.lock_file import require_recorded
from .store import load_model

Decision = dict[str, Any]


@dataclass(frozen=True)
class ModelInUse:
    """A model, the contract it was trained under, and where it comes from."""

    model: BaseEstimator
    schema: Schema
    version: str | None
    run: str
    model_md5: str

    def __str__(self) -> str:
        what = f"version {self.version}" if self.version else MODEL.name
        return f"{what} (run {self.run[:SHORT]})"


def model_in_use() -> ModelInUse:
    """Load the champion, or where none was promoted the model that was trained last.

    Raises
    ------
    ProjectError
        When its file is missing or damaged, or is not the one that was promoted.
    """
    if champion := in_force():
        return load_champion(champion)
    require_recorded(MODEL)
    record = record_of_model(md5(MODEL)) if MODEL.is_file() else None
    return load(MODEL, SCHEMA, record)


def load_champion(decision: Decision) -> ModelInUse:
    """Load the model that a decision put in force."""
    folder = folder_of(decision["run"])
    for name in ("model.skops", "schema.yaml"):
        path = folder / name
        if not path.is_file():
            raise ProjectError(
                f"{path.relative_to(ROOT)} of the champion is missing: `make pull` brings it."
            )
        if md5(path) != decision[path.stem + "_md5"]:
            raise ProjectError(
                f"{path.relative_to(ROOT)} is not what was promoted: `make verify REPAIR=1` "
                "restores it."
            )
    return load(folder / "model.skops", folder / "schema.yaml", decision)


def load(model: Path, schema: Path, entry: Record | None) -> ModelInUse:
    """Load a model and its contract by what was recorded of it: by its run, or when promoted."""
    loaded = load_model(model, entry)
    assert entry is not None  # or it would not have been loaded
    version, run, known = entry.get("version"), entry["run"], entry["model_md5"]
    return ModelInUse(loaded, load_schema(schema), version, run, known)


def decisions() -> list[Decision]:
    """Promotions and rollbacks, the earliest first; each names the model it put in force.

    Raises
    ------
    ProjectError
        When the log is damaged.
    """
    if not CHAMPION.exists():
        return []
    try:
        log = json.loads(CHAMPION.read_text(encoding="utf-8"))
        if not isinstance(log, list):
            raise TypeError("it is no list")
        for decision in log:
            decision["run"], decision["version"], decision["model_md5"], decision["schema_md5"]
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{CHAMPION.relative_to(ROOT)} is damaged ({error}): "
            "`git checkout models/champion.json` restores it."
        ) from error
    return log


def in_force() -> Decision | None:
    """The last decision; None before the first promotion."""
    log = decisions()
    return log[-1] if log else None


def decide_on(decision: Decision, seen: list[Decision]) -> None:
    """Put a model in force, at once and as a whole, if the log is as it was seen before.

    Raises
    ------
    ProjectError
        When another decision was made meanwhile.
    """
    with FileLock(CHAMPION.with_name(f".{CHAMPION.name}.lock")):
        log = decisions()
        if len(log) > len(seen) and log[-1]["run"] == decision["run"]:
            return  # somebody decided the same
        if log != seen:
            last = in_words(log[-1]) if log else "none is left"
            raise ProjectError(
                f"nothing is decided, for another decision was made meanwhile ({last}): look at "
                "`make models`, then try again."
            )
        with replacing(CHAMPION) as partial:
            text = json.dumps([*log, decision], indent=2, ensure_ascii=False)
            partial.write_text(text + "\n", encoding="utf-8")


def champion_before() -> Decision | None:
    """The decision a rollback returns to."""
    stack: list[Decision] = []
    for decision in decisions():
        if decision["what"] == "rolled back":
            stack.pop()
        else:
            stack.append(decision)
    return stack[-2] if len(stack) > 1 else None


def folder_of(run: str) -> Path:
    """Where the model of a run and its contract are kept once it was promoted."""
    return CHAMPIONS / run[:SHORT]


def in_words(decision: Decision) -> str:
    """A line about a decision."""
    why = f": {decision['why']}" if decision["why"] else ""
    model = f"version {decision['version']} (run {short(decision)})"
    return f"{decision['time']}  {model} {decision['what']} by {decision['by']}{why}"
