"""MLflow's registry: versions and the challenger; its alias `champion` follows the promotion log.

It is skipped, with a line on stderr, where no MLflow can be reached.
"""

import sys
from collections.abc import Callable
from typing import Any

import pandas as pd

from ..project.errors import ProjectError
from ..project.project import Project
from ..selection.persistence import Record
from ..tracking.database import database_errors, load_mlflow
from ..tracking.record import short, test_score
from ..tracking.runs import open_experiment
from .champion import current_champion


def mirror(project: Project, *more: Callable[[], None]) -> None:
    """Update MLflow's registry from the promotion log, then run more steps; skip it if unreachable."""
    try:
        with database_errors(project):
            open_experiment(project)
            follow_promotions(project)
            for step in more:
                step()
    except ProjectError as error:
        print(f"MLflow's registry is not updated: {error}", file=sys.stderr)


def versions(project: Project) -> list[Any]:
    """All versions in MLflow's registry, in order."""
    client = load_mlflow(project).MlflowClient()
    found = client.search_model_versions(f"name = '{project.name}'")
    return sorted(found, key=lambda version: int(version.version))


def find_version(project: Project, run: str) -> Any | None:
    """The version a run was registered as."""
    return next((version for version in versions(project) if version.run_id == run), None)


def aliases(project: Project) -> dict[str, str]:
    """The version each alias names."""
    client = load_mlflow(project).MlflowClient()
    models = client.search_registered_models(f"name = '{project.name}'")
    found = models[0].aliases if models else {}
    return {alias: str(version) for alias, version in found.items()}


def follow_promotions(project: Project) -> None:
    """Set MLflow's alias to the last promotion, unless this registry does not have its run."""
    promotion, known = current_champion(project), aliases(project)
    version = find_version(project, promotion["run"]) if promotion else None
    if version is None or known.get("champion") == str(version.version):
        return
    client = load_mlflow(project).MlflowClient()
    if known.get("challenger") == str(version.version):
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
    (run,) = [each.run_id for each in versions(project) if str(each.version) == number]
    return number, run or ""


def version_table(project: Project, records: dict[str, Record]) -> str:
    """All versions with their aliases and scores, as text."""
    alias_of = {number: alias for alias, number in aliases(project).items()}
    rows = []
    for version in versions(project):
        record = records.get(version.run_id or "", {"run": version.run_id})
        row = {"version": version.version, "alias": alias_of.get(str(version.version))}
        row |= {"run": short(record), "model": record.get("model")}
        row |= {"trained": record.get("started"), "held-out rows": test_score(record)}
        rows.append(row | {"why": record.get("why")})
    table = pd.DataFrame(rows).fillna("").to_string(index=False)
    return table if rows else "no model is registered here"
