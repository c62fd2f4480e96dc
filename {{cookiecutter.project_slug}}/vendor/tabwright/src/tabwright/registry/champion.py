"""The model in use: the champion, or before the first promotion the latest model of this folder.

`models/champion.json` is the promotion log, whose last entry is the champion. It is kept by git, and
`models/champions` by DVC, so every checkout predicts with the same model.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..project.errors import ProjectError
from ..project.files import md5, read_json, write_json
from ..project.git import require_readable
from ..project.lock_file import require_unchanged
from ..project.project import Project
from ..schema.schema import Schema, load_schema
from ..selection.persistence import SHORT, Record, load_model
from ..tracking.names import run_name
from ..tracking.record import now, require_record, short, source_code, user

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Promotion = dict[str, Any]
SCORES = "metrics.json"  # in the folder of a champion: its scores at the promotion


@dataclass(frozen=True)
class ModelInUse:
    """A model, the schema it was trained with, and where it comes from."""

    model: "BaseEstimator"
    schema: Schema
    version: str | None
    run: str
    model_md5: str

    def __str__(self) -> str:
        what = f"version {self.version}" if self.version else "model.skops"
        return f"{what} (run {run_name(self.run)})"


def model_in_use(project: Project) -> ModelInUse:
    """Load the champion, or where none was promoted the model that was trained last.

    Raises
    ------
    ProjectError
        When its file is missing or damaged, or is not the one that was promoted.
    """
    if champion := current_champion(project):
        return load_champion(project, champion)
    require_unchanged(project.root, project.model_file)
    record = require_record(project, project.model_file)
    return load(project, project.model_file, project.schema_file, record)


def load_champion(project: Project, promotion: Promotion) -> ModelInUse:
    """Load the model of an entry of the promotion log."""
    folder = champion_folder(project, promotion["run"])
    for path in (folder / "model.skops", folder / "schema.yaml"):
        if not path.is_file():
            raise ProjectError(
                f"{project.short(path)} of the champion is missing: `make pull` brings it."
            )
        if md5(path) != promotion[path.stem + "_md5"]:
            raise ProjectError(
                f"{project.short(path)} is not what was promoted: `make verify REPAIR=1` restores it."
            )
    return load(project, folder / "model.skops", folder / "schema.yaml", promotion)


def load(project: Project, model: Path, schema: Path, entry: Record) -> ModelInUse:
    """Load a model and its schema by an entry of the promotion log, or by the record of its run."""
    loaded, read = load_model(model, entry, source_code(project)), load_schema(schema)
    return ModelInUse(loaded, read, entry.get("version"), entry["run"], entry["model_md5"])


def promotion_log(project: Project) -> list[Promotion]:
    """Promotions and rollbacks, the earliest first; each names the champion from then on.

    Raises
    ------
    ProjectError
        When the log is damaged.
    """
    path = project.promotions_file
    if not path.exists():
        return []
    with require_readable(project.root, path, f"`git checkout {project.short(path)}` restores it"):
        log = read_json(path)
        if not isinstance(log, list):
            raise TypeError("it is no list")
        for promotion in log:
            promotion["run"], promotion["version"], promotion["model_md5"], promotion["schema_md5"]
    return log


def current_champion(project: Project) -> Promotion | None:
    """The last entry of the promotion log; None before the first promotion."""
    log = promotion_log(project)
    return log[-1] if log else None


def decision(project: Project, model: Record, what: str, why: str, failed: list[str]) -> Promotion:
    """An entry of the promotion log, as it is decided now.

    Parameters
    ----------
    failed
        The checks that the model has failed.
    """
    made = {"time": now(), "what": what, "by": user(project), "why": why, "failed": failed}
    return {"time": "", "what": ""} | model | made


def version_number(log: list[Promotion], run: str) -> str:
    """The number of a run in the promotion log: as it was promoted before, or the next one.

    It is the next one too where another run has it: two branches gave it, and a merge kept one of them.
    """
    known = {promotion["run"]: promotion["version"] for promotion in log}
    own, others = known.pop(run, None), known.values()
    return own if own and own not in others else str(1 + max(map(int, others), default=0))


def record_promotion(project: Project, promotion: Promotion, seen: list[Promotion]) -> None:
    """Append to the promotion log, if nobody else has since it was read.

    Parameters
    ----------
    seen
        The log as it was read before.

    Raises
    ------
    ProjectError
        When somebody else has promoted another model meanwhile.
    """
    from filelock import FileLock

    with FileLock(project.promotions_file.with_name(f".{project.promotions_file.name}.lock")):
        log = promotion_log(project)
        if len(log) > len(seen) and log[-1]["run"] == promotion["run"]:
            return  # somebody has promoted the same
        if log != seen:
            last = in_words(log[-1]) if log else "none is left"
            raise ProjectError(
                f"nothing has changed, as another promotion was made meanwhile ({last}): look at "
                "`make models`, then try again."
            )
        write_json(project.promotions_file, [*log, promotion])


def previous_champion(project: Project) -> Promotion | None:
    """The entry a rollback returns to."""
    stack: list[Promotion] = []
    for promotion in promotion_log(project):
        if promotion["what"] == "rolled back":  # also to one that another branch knows
            while stack and stack[-1]["run"] != promotion["run"]:
                stack.pop()
        if not stack or stack[-1]["run"] != promotion["run"]:
            stack.append(promotion)
    return stack[-2] if len(stack) > 1 else None


def different_target(schema: Schema, other: Schema, *, ordered: bool = False) -> str:
    """Why a model with another schema does not predict the same; empty if it does.

    Parameters
    ----------
    ordered
        Whether the classes must have the same order too, as probabilities in the log have it.
    """
    if (schema.target, schema.task) != (other.target, other.task):
        return f"it predicts {schema.target!r} ({schema.task}), not {other.target!r} ({other.task})"
    arrange = list if ordered else sorted
    if arrange(schema.classes) != arrange(other.classes):
        return f"its classes are {', '.join(schema.classes)}, not {', '.join(other.classes)}"
    return ""


def is_former(project: Project, run: str) -> bool:
    """Whether a rollback returns to the model of a run."""
    before = previous_champion(project)
    return before is not None and bool(before["run"] == run)


def champion_folder(project: Project, run: str) -> Path:
    """Where the model of a run and its schema are kept once it was promoted."""
    return project.champions_folder / run[:SHORT]


def in_words(promotion: Promotion) -> str:
    """An entry of the promotion log as a line of text."""
    why = f": {promotion['why']}" if promotion["why"] else ""
    model = f"version {promotion['version']} (run {short(promotion)})"
    return f"{promotion['time']}  {model} {promotion['what']} by {promotion['by']}{why}"
