"""Read `dvc.lock`."""

from pathlib import Path
from typing import Any

import yaml

from .errors import ProjectError
from .files import md5
from .git import require_merged


def locked_stages(root: Path) -> dict[str, Any]:
    """The stages that have run, with their inputs and outputs; none before the first run.

    Raises
    ------
    ProjectError
        When the file is damaged.
    """
    lock = root / "dvc.lock"
    if not lock.exists():
        return {}
    try:
        return dict(yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        require_merged(root, lock)
        raise ProjectError(
            "dvc.lock is damaged. `git checkout dvc.lock` brings back the committed one; without "
            "the file, `make all` writes it again."
        ) from error


def require_unchanged(root: Path, path: Path) -> None:
    """Refuse an output of a step that was changed afterwards.

    Raises
    ------
    ProjectError
        When its hash is not the one in `dvc.lock`.
    """
    name = path.relative_to(root).as_posix()
    for stage, entry in locked_stages(root).items():
        for out in entry.get("outs", []):
            if out["path"] == name and path.is_file() and md5(path) != out["md5"]:
                raise ProjectError(
                    f"{name} is not what the step {stage} made, and is not used. `dvc repro {stage}` "
                    f"brings that back; `dvc commit {stage}` keeps this one."
                )
