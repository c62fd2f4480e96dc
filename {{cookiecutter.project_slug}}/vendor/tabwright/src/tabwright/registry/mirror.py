"""MLflow's registry: versions and the challenger; its alias `champion` follows the promotion log.

It is skipped, with a line on stderr, where no MLflow can be reached.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

from ..project.errors import ProjectError
from ..project.project import Project
from ..project.text import aligned
from ..selection.persistence import Record
from ..tracking.database import database_errors, load_mlflow, require_server
from ..tracking.experiment import open_experiment, query
from ..tracking.record import short, test_score
from .champion import current_champion


class Version(NamedTuple):
    """A version in MLflow's registry, and the run that made it."""

    version: str
    run_id: str


def mirror(project: Project, *more: Callable[[], None]) -> None:
    """Update MLflow's registry from the promotion log, then run more steps; skip it if unreachable."""
    try:
        with database_errors(project):
            follow_promotions(project)
            for step in more:
                step()
    except ProjectError as error:
        print(f"MLflow's registry is not updated: {error}", file=sys.stderr)


def versions(project: Project) -> list[Version]:
    """All versions in MLflow's registry, in order."""
    statement = "SELECT version, run_id FROM model_versions WHERE name = ?"
    found = query(project, statement, project.name)
    if found is None:
        require_server(project)
        client = load_mlflow(project).MlflowClient()
        models = client.search_model_versions(f"name = '{project.name}'")
        found = [(each.version, each.run_id) for each in models]
    known = [Version(str(number), run or "") for number, run in found]
    return sorted(known, key=lambda each: int(each.version))


def find_version(project: Project, run: str) -> Version | None:
    """The version a run was registered as."""
    return next((version for version in versions(project) if version.run_id == run), None)


def aliases(project: Project) -> dict[str, str]:
    """The version each alias names."""
    statement = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
    found = query(project, statement, project.name)
    if found is None:
        require_server(project)
        client = load_mlflow(project).MlflowClient()
        models = client.search_registered_models(f"name = '{project.name}'")
        found = [*models[0].aliases.items()] if models else []
    return {alias: str(version) for alias, version in found}


def follow_promotions(project: Project) -> None:
    """Set MLflow's alias to the last promotion, unless this registry does not have its run."""
    promotion, known = current_champion(project), aliases(project)
    version = find_version(project, promotion["run"]) if promotion else None
    if version is None or known.get("champion") == version.version:
        return
    open_experiment(project)
    client = load_mlflow(project).MlflowClient()
    if known.get("challenger") == version.version:
        client.delete_registered_model_alias(project.name, "challenger")
    client.set_registered_model_alias(project.name, "champion", version.version)


def make_challenger(project: Project, record: Record) -> str:
    """Register the model of a run if it is not, make it the challenger, and return its version."""
    mlflow, name = load_mlflow(project), project.name
    found = find_version(project, record["run"]) or mlflow.register_model(record["model_uri"], name)
    mlflow.MlflowClient().set_registered_model_alias(name, "challenger", found.version)
    return str(found.version)


def challenger(project: Project) -> tuple[str, str]:
    """The version of the challenger, and its run.

    Raises
    ------
    ProjectError
        When there is none.
    """
    number = aliases(project).get("challenger")
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    (run,) = [each.run_id for each in versions(project) if each.version == number]
    return number, run


def version_table(project: Project, records: dict[str, Record]) -> str:
    """All versions with their aliases and scores, as text."""
    alias_of = {number: alias for alias, number in aliases(project).items()}
    rows = [("version", "alias", "run", "model", "trained", "held-out rows", "why")]
    for number, run in versions(project):
        record = {"model": "", "started": "", "why": ""} | records.get(run, {"run": run})
        facts = (short(record), record["model"], record["started"], test_score(record))
        rows.append((number, alias_of.get(number, ""), *facts, record["why"]))
    return aligned(rows) if len(rows) > 1 else "no model is registered here"
