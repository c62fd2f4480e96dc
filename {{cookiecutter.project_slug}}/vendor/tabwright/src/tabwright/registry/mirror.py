"""MLflow's registry: registered models and the challenger; its alias `champion` follows the promotion log.

MLflow counts its versions itself, differently in every database, so they are not shown: the version of a
model is its number in the promotion log, which MLflow has as the tag `version`. The registry is skipped,
with a line on stderr, where no MLflow can be reached.
"""

import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Any, NamedTuple

from ..project.errors import ProjectError
from ..project.project import Project
from ..project.text import aligned
from ..selection.persistence import SHORT, Record
from ..tracking.database import database_errors, load_mlflow
from ..tracking.experiment import execute
from ..tracking.record import short, test_score
from .champion import promotion_log
from .shadow import current_shadow

VERSIONS = """
SELECT version, run_id, (
    SELECT value FROM model_version_tags AS tag
    WHERE tag.name = model.name AND tag.version = model.version AND key = 'version'
) FROM model_versions AS model WHERE name = ?
"""
# What methods of MLflow's client do, given the same values.
CHANGES = {
    "set_model_version_tag": (
        "INSERT OR REPLACE INTO model_version_tags (name, version, key, value) VALUES (?, ?, ?, ?)"
    ),
    "set_registered_model_alias": (
        "INSERT OR REPLACE INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)"
    ),
    "delete_registered_model_alias": (
        "DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?"
    ),
}


class Version(NamedTuple):
    """A version in MLflow's registry, the run that made it, and its tag `version`."""

    version: str
    run_id: str
    number: str = ""


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
    """All registered models, as MLflow's versions, in order."""

    def from_mlflow(mlflow: Any) -> list[Any]:
        found = mlflow.MlflowClient().search_model_versions(f"name = '{project.name}'")
        return [(each.version, each.run_id, each.tags.get("version")) for each in found]

    found = execute(project, VERSIONS, project.name, from_mlflow=from_mlflow)
    known = [Version(str(number), run or "", tag or "") for number, run, tag in found]
    return sorted(known, key=lambda each: int(each.version))


def aliases(project: Project) -> dict[str, str]:
    """MLflow's version that each alias names."""

    def from_mlflow(mlflow: Any) -> list[Any]:
        found = mlflow.MlflowClient().search_registered_models(f"name = '{project.name}'")
        return [*found[0].aliases.items()] if found else []

    statement = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
    found = execute(project, statement, project.name, from_mlflow=from_mlflow)
    return {alias: str(version) for alias, version in found}


def follow_promotions(project: Project) -> None:
    """Set MLflow's alias to the last promotion, unless this registry does not have its run.

    The tag `version` follows too: a merge of two branches may have given a model another number.
    """
    log, known, named = promotion_log(project), versions(project), aliases(project)
    numbers = {promotion["run"]: promotion["version"] for promotion in log}
    renumbered = [each for each in known if numbers.get(each.run_id, each.number) != each.number]
    champion = next((each.version for each in known if log and each.run_id == log[-1]["run"]), None)
    for each in renumbered:
        number = numbers[each.run_id]
        _change(project, "set_model_version_tag", each.version, "version", number)
    if champion is not None and named.get("champion") != champion:
        if named.get("challenger") == champion:
            _change(project, "delete_registered_model_alias", "challenger")
        _change(project, "set_registered_model_alias", "champion", champion)


def _change(project: Project, method: str, *values: str) -> None:
    """Change the registry as a method of MLflow's client does, which takes seconds to import."""

    def from_mlflow(mlflow: Any) -> list[Any]:
        getattr(mlflow.MlflowClient(), method)(project.name, *values)
        return []

    execute(project, CHANGES[method], project.name, *values, from_mlflow=from_mlflow)


def make_challenger(project: Project, record: Record) -> None:
    """Register the model of a run if it is not, and make it the challenger."""
    mlflow, name, run = load_mlflow(project), project.name, record["run"]
    with redirect_stderr(StringIO()):  # MLflow tells its own number
        known = [version for version in versions(project) if version.run_id == run]
        found = known[0] if known else mlflow.register_model(record["model_uri"], name)
    mlflow.MlflowClient().set_registered_model_alias(name, "challenger", found.version)


def challenger(project: Project) -> str:
    """The run of the challenger.

    Raises
    ------
    ProjectError
        When there is none.
    """
    number = aliases(project).get("challenger")
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    (run,) = [each.run_id for each in versions(project) if each.version == number]
    return run


def version_table(project: Project, records: dict[str, Record]) -> str:
    """All registered and promoted models with their aliases and scores, as text."""
    log = promotion_log(project)
    known = {promotion["run"]: promotion["version"] for promotion in log}
    registered = {each.run_id: each.version for each in versions(project)}
    alias_of = {number: alias for alias, number in aliases(project).items() if alias != "champion"}
    if shadow := current_shadow(project):
        known.setdefault(shadow.entry["run"], shadow.entry["version"])
    rows = [("version", "alias", "run", "id", "model", "trained", "held-out rows", "why")]
    for run in dict.fromkeys([*known, *registered]):
        record = {"model": "", "started": "", "why": ""} | records.get(run, {"run": run})
        alias = alias_of.get(registered.get(run, ""), "")
        alias = "champion" if log and run == log[-1]["run"] else alias
        if shadow and run == shadow.entry["run"]:
            alias = f"{alias}, shadow".lstrip(", ")
        facts = (short(record), run[:SHORT], record["model"], record["started"])
        rows.append((known.get(run, ""), alias, *facts, test_score(record), record["why"]))
    return aligned(rows) if len(rows) > 1 else "no model is registered here"
