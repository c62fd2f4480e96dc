"""MLflow's database or server: errors in a sentence, and paths that move with the project."""

import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from ..project.environment import set_environment, sqlite_uri
from ..project.errors import MAKE_ROOM, ProjectError, first_line
from ..project.project import Project

PATIENCE = 3  # seconds for a server to answer; MLflow itself tries for minutes
# Where MLflow stores absolute paths.
PLACES = (
    *("experiments.artifact_location", "runs.artifact_uri", "logged_models.artifact_location"),
    *("model_versions.source", "model_versions.storage_location"),
)
REMEDIES = {
    "is full": MAKE_ROOM,
    "locked": "Wait until nobody else writes to it, then run this again.",
    "readonly": "Change the permissions of mlflow.db and its folder.",
    "": (
        "If mlflow.db is damaged, `mv mlflow.db mlflow.db.damaged` and run this again: it gets a "
        "new one. The files of runs in reports/runs stay."
    ),
}


def load_mlflow(project: Project) -> Any:
    """Import MLflow with the settings of the project; it takes seconds."""
    set_environment(project)
    import mlflow

    # It prints the traceback of errors that `database_errors` puts in a sentence.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    # It warns that an environment made by uv has no pip, which no model needs.
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    return mlflow


@contextmanager
def database_errors(project: Project) -> Iterator[None]:
    """Errors of MLflow's database or server become a `ProjectError`; MLflow is not imported."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        known: tuple[type[BaseException], ...] = (sqlite3.Error,)
        if "mlflow" in sys.modules:
            from requests.exceptions import RequestException
            from sqlalchemy.exc import SQLAlchemyError

            mlflow = load_mlflow(project)
            if isinstance(error, mlflow.exceptions.MlflowException):
                cause = error.__context__
            if isinstance(cause, RequestException):
                raise _unreachable(mlflow, error) from error
            known = (SQLAlchemyError, sqlite3.Error)
        if not isinstance(cause, known):
            raise
        remedy = next(words for said, words in REMEDIES.items() if said in str(error))
        raise ProjectError(f"the database of runs: {first_line(error)}. {remedy}") from error


def require_server(project: Project) -> None:
    """Raise a `ProjectError` if MLflow is on a server that does not answer."""
    mlflow = load_mlflow(project)
    address = mlflow.get_tracking_uri()
    if address.startswith(("http://", "https://")):
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        creds, once = get_default_host_creds(address), {"max_retries": 0, "raise_on_status": False}
        try:
            http_request(creds, "/health", "GET", timeout=PATIENCE, **once)
        except mlflow.exceptions.MlflowException as error:
            raise _unreachable(mlflow, error) from error


def own_experiment(project: Project, name: str) -> None:
    """Create the experiment of the project's own database, with its files in the project.

    MLflow stores absolute paths: if the project was moved or copied, they are updated.
    """
    mlflow = load_mlflow(project)
    if mlflow.get_tracking_uri() != sqlite_uri(project.database_file):
        return
    from mlflow.utils.uri import is_local_uri

    here = f"{project.home.as_uri()}/mlruns/"
    experiment = mlflow.get_experiment_by_name(name)
    if experiment is None:
        with suppress(mlflow.exceptions.MlflowException):  # another process was faster
            mlflow.create_experiment(name, here + name)
        return
    then = experiment.artifact_location.rpartition("/")[0] + "/"
    inside = then.startswith((f"{project.home.as_uri()}/", f"{project.home}/"))
    if inside or not then.endswith("/mlruns/") or not is_local_uri(then):
        return
    with closing(sqlite3.connect(project.database_file)) as database, database:
        for table, column in (place.split(".") for place in PLACES):
            change = f"UPDATE {table} SET {column} = replace({column}, :then, :here)"
            database.execute(
                f"{change} WHERE instr({column}, :then) = 1", {"then": then, "here": here}
            )


def _unreachable(mlflow: Any, error: Exception) -> ProjectError:
    address = urlsplit(mlflow.get_tracking_uri())
    host = address.netloc.rpartition("@")[2]  # without a password
    return ProjectError(
        f"no MLflow server answers at {address.scheme}://{host}, which MLFLOW_TRACKING_URI names "
        f"({type(error.__context__).__name__}). Start it, correct the variable, or unset it to keep "
        "runs in mlflow.db."
    )
