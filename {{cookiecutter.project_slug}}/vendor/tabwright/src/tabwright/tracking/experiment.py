"""The project's experiment in MLflow, its runs and their files.

The project's own database is read, and small things are changed in it, without MLflow, whose import
takes seconds; a server through it.
"""

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..project.environment import set_environment, sqlite_uri
from ..project.files import is_gone
from ..project.project import Project
from .database import database_errors, load_mlflow, own_experiment, require_server

RUNNING_ON = "project.running_on"
RECORD = "run.json"  # among the files of a run in MLflow
FINISHED = """
SELECT run_uuid FROM runs JOIN experiments USING (experiment_id)
WHERE experiments.name = ? AND status = 'FINISHED' AND runs.lifecycle_stage = 'active'
"""


def open_experiment(project: Project) -> None:
    """Select the project's experiment and end runs whose process has ended."""
    require_server(project)
    mlflow = load_mlflow(project)
    with database_errors(project):
        own_experiment(project, project.name)
        mlflow.set_experiment(project.name)
        client = mlflow.MlflowClient()
        for run in mlflow.search_runs(
            filter_string="attributes.status = 'RUNNING'", output_format="list"
        ):
            if _is_over(run.data.tags.get(RUNNING_ON, "")):
                client.set_terminated(run.info.run_id, "KILLED")


def has_own_database(project: Project) -> bool:
    """Whether runs and registry are in the project's own database."""
    set_environment(project)
    own = sqlite_uri(project.database_file)
    return {os.environ["MLFLOW_TRACKING_URI"], os.environ.get("MLFLOW_REGISTRY_URI", own)} == {own}


def query(project: Project, statement: str, *values: str) -> list[Any] | None:
    """Run a statement in the project's own database, where it is there; None if MLflow has to be asked.

    That is where runs are kept elsewhere, and where the database has no such table or column.
    """
    if not has_own_database(project):
        return None
    if not project.database_file.exists():
        return []
    with closing(sqlite3.connect(project.database_file)) as connection, connection:
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such"):
                return None
            raise


def execute(
    project: Project, statement: str, *values: str, from_mlflow: Callable[[Any], list[Any]]
) -> list[Any]:
    """Rows as from `query`, or what a function of MLflow gives where that has to be asked."""
    rows = query(project, statement, *values)
    if rows is None:
        require_server(project)
        rows = from_mlflow(load_mlflow(project))
    return rows


def finished_runs(project: Project) -> set[str]:
    """The identifiers of all finished runs."""

    def from_mlflow(mlflow: Any) -> list[Any]:
        if (experiment := mlflow.get_experiment_by_name(project.name)) is None:
            return []
        where, status = [experiment.experiment_id], "attributes.status = 'FINISHED'"
        runs = mlflow.search_runs(where, status, output_format="list")
        return [(run.info.run_id,) for run in runs]

    return {run for (run,) in execute(project, FINISHED, project.name, from_mlflow=from_mlflow)}


def download_file(project: Project, run: str, name: str, folder: Path) -> Path | None:
    """Copy a file or folder of a run into a folder; None if MLflow has no such file."""
    found = query(project, "SELECT artifact_uri FROM runs WHERE run_uuid = ?", run)
    if found == []:
        return None
    before, _, place = found[0][0].rpartition("/mlruns/") if found else ("", "", "")
    if before.startswith(("file:", "/")):  # wherever the project has moved
        place = unquote(place) if before.startswith("file:") else place
        path, copy = project.home / "mlruns" / place / name, folder / name
        if path.is_dir():
            return Path(shutil.copytree(path, copy))
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(path, copy)) if path.exists() else None
    require_server(project)
    mlflow = load_mlflow(project)
    try:
        return Path(
            mlflow.artifacts.download_artifacts(f"runs:/{run}/{name}", dst_path=str(folder))
        )
    except (mlflow.exceptions.MlflowException, OSError):
        return None


def this_process() -> str:
    """This process among those of all machines, for `RUNNING_ON`."""
    import psutil

    process = psutil.Process()
    return f"{socket.gethostname()} {process.pid} {process.create_time()}"


def _is_over(running_on: str) -> bool:
    host, process, started = f"{running_on}  ".split(" ")[:3]
    return host == socket.gethostname() and is_gone(int(process), started)
