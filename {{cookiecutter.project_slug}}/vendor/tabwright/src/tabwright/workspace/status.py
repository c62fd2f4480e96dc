"""Is dvc.lock up to date? It fails when a step is stale, and names what has changed."""

import json
from pathlib import Path
from typing import Any

from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError
from ..project.git import git
from ..project.lock_file import locked_stages
from ..project.project import Project


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("status", __doc__).parse_args(arguments)
    changes = json.loads(dvc(project.root, "status", "--json"))
    locked = locked_stages(project.root)
    if stale := stale_stages(project.root, changes, set(locked)):
        lines = [f"  {stage}: {', '.join(names)}" for stage, names in stale.items()]
        raise ProjectError(
            "dvc.lock is stale, changed since it was written:\n"
            + "\n".join(lines)
            + "\nRun `make all`, then commit dvc.lock and the files it has written."
        )
    waiting = [stage for stage in changes if stage not in locked and not stage.endswith(".dvc")]
    print("dvc.lock is up to date" + (f"; never run: {', '.join(waiting)}" if waiting else ""))


def stale_stages(root: Path, changes: dict[str, Any], locked: set[str]) -> dict[str, list[str]]:
    """What has changed of each step since it ran.

    Parameters
    ----------
    changes
        As `dvc status --json` gives them.
    locked
        The steps that have run; others are not stale. A file that git ignores and that is not here,
        as before `make pull`, is not a change.
    """
    stale: dict[str, list[str]] = {}
    for stage, entries in changes.items():
        names: list[str] = []
        for entry in entries:
            if not isinstance(entry, dict):
                names.append(str(entry))  # such as `changed command`
                continue
            for path, how in (pair for files in entry.values() for pair in files.items()):
                if isinstance(how, dict):
                    names += how  # parameters
                elif how == "modified":
                    names.append(path)
                elif how != "not in cache" and git(root, "check-ignore", path) is None:
                    names.append(f"{path} ({how})")
        if names and (stage in locked or stage.endswith(".dvc")):
            stale[stage] = names
    return stale
