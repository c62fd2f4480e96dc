"""Do what `make monitor` has found to be done: `make act`; with AUTO=1 also go back to the previous champion."""

import os
from typing import Any

from ..io.fetch import fetch
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError, first_line
from ..project.files import read_json
from ..project.git import require_readable
from ..project.project import Project
from ..registry.champion import current_champion, in_words, is_former
from ..registry.promote import register, rollback, shadow
from ..registry.shadow import current_shadow
from ..tracking.record import require_record, short
from ..workspace.repro import main as repro
from .alert import alert
from .decide import RETRAIN, ROLLBACK
from .feedback import add_feedback


def main(project: Project, arguments: Arguments = None) -> None:
    """Carry out the action of `reports/monitoring.json`; what fails stops it, with an alert."""
    parser = command_parser("act", __doc__)
    parser.add_argument("--auto", action="store_true", help="also roll back")
    auto = parser.parse_args(arguments).auto
    plan = read_plan(project)
    action, why = plan["action"], "; ".join(plan["why"])
    try:
        if action == RETRAIN:
            retrain(project, plan["why"][0])
        elif action == ROLLBACK:
            roll_back(project, why, auto=auto)
        else:
            print(f"nothing is to be done: `make monitor` says {action} ({why})")
    except SystemExit as error:  # of a step, which has said why
        alert(f"{project.title}: `make act` could not {action}, a step of the pipeline failed.")
        raise ProjectError("a step of the pipeline failed, nothing is promoted.") from error
    except ProjectError as error:
        alert(f"{project.title}: `make act` could not {action}. {first_line(error)}")
        raise
    except Exception:
        alert(f"{project.title}: `make act` could not {action}, by an error in it.")
        raise


def read_plan(project: Project) -> dict[str, Any]:
    """The content of `reports/monitoring.json`.

    Raises
    ------
    ProjectError
        When it is missing or damaged, or is about another champion.
    """
    again = "`make monitor` writes it again"
    if not project.monitoring_file.exists():
        raise ProjectError("nothing is known yet: `make monitor` comes first.")
    with require_readable(project.root, project.monitoring_file, again):
        plan = read_json(project.monitoring_file)
        plan["action"], plan["why"]
        run = plan.get("champion", {}).get("run")
    champion = current_champion(project)
    if (champion["run"] if champion else None) != run:
        raise ProjectError(f"another champion was promoted since `make monitor`: {again}.")
    return dict(plan)


def retrain(project: Project, why: str) -> None:
    """Train on what became known, pass the gate, become the challenger, and go into the shadow."""
    if (there := current_shadow(project)) and not is_former(project, there.entry["run"]):
        print(f"nothing is to be done: {in_words(there.entry)}; `make promote` evaluates it")
        return
    if project.params.data.source:
        fetch(project)
    else:
        print(f"{add_feedback(project)} rows with outcomes added to {project.params.data.raw}")
    os.environ["WHY"] = os.environ.get("WHY") or f"retrained: {why}"
    before = current_champion(project)
    repro(project, ["evaluate", "gate"])
    record = require_record(project, project.model_file)
    if before and record["run"] == before["run"]:
        raise ProjectError("the training has changed nothing: there is no new row to learn from.")
    register(project, [])
    shadow(project, ["--run", record["run"]])
    alert(f"{project.title}: retrained, run {short(record)} is in the shadow.")


def roll_back(project: Project, why: str, *, auto: bool) -> None:
    """Go back to the previous champion, or where that is not `auto`, say how."""
    if not auto:
        print(f"to do: `make rollback`, or `make act AUTO=1` ({why})")
        return
    os.environ["WHY"] = os.environ.get("WHY") or why
    rollback(project, [])
    alert(f"{project.title}: rolled back. {why}")
