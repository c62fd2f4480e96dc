"""MLflow's registry: versions and the challenger; its alias `champion` follows the promotion log.

It is left out, with a line on stderr, where no MLflow can be reached.
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
    """Let MLflow's registry follow the log of promotions; leave it out where it is not there."""
    try:
        with database_errors(project):
            open_experiment(project)
            follow_promotions(project)
            for step in more:
                step()
    except ProjectError as error:
        print(f"MLflow's registry does not follow: {error}", file=sys.stderr)


def versions(project: Project) -> list[Any]:
    """All versions in MLflow's registry, the first first."""
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
    """Let MLflow's alias follow the last promotion, unless this registry does not have its run."""
    promotion, known = current_champion(project), aliases(project)
    version = find_version(project, promotion["run"]) if promotion else None
    if version is None or known.get("champion") == str(version.version):
        return
    client = load_mlflow(project).MlflowClient()
    if known.get("challenger") == str(version.version):
        client.delete_registered_model_alias(project.name, "challenger")
    client.set_registered_model_alias(project.name, "champion", version.version)


def make_challenger(project: Project, record: Record) -> str:
    """Register the model of a run where it is not, and call it the challenger; its version."""
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
