"""MLflow's database or server: what is wrong is told in a sentence; it moves with the project."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request
from mlflow.utils.uri import is_local_uri
from requests.exceptions import RequestException
from sqlalchemy.exc import SQLAlchemyError

from ..project.errors import MAKE_ROOM, ProjectError, first_line
from ..project.environment import DATABASE, LOCAL

PATIENCE = 3  # seconds for a server to answer; MLflow itself tries for minutes
# Where MLflow keeps whole paths.
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


@contextmanager
def database_errors() -> Iterator[None]:
    """Make a sentence of what goes wrong in MLflow's database, or on the way to its server."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error) as error:
        cause = error.__context__ if isinstance(error, MlflowException) else error
        if isinstance(cause, RequestException):
            raise _unreachable(error) from error
        if not isinstance(cause, SQLAlchemyError | sqlite3.Error):
            raise
        remedy = next(words for said, words in REMEDIES.items() if said in str(error))
        raise ProjectError(f"the database of runs: {first_line(error)}. {remedy}") from error


def require_server() -> None:
    """Refuse to work with a server, where one is named, that gives no sign of life."""
    address = mlflow.get_tracking_uri()
    if address.startswith(("http://", "https://")):
        creds, once = get_default_host_creds(address), {"max_retries": 0, "raise_on_status": False}
        try:
            http_request(creds, "/health", "GET", timeout=PATIENCE, **once)
        except MlflowException as error:
            raise _unreachable(error) from error


def own_experiment(name: str) -> None:
    """Keep the files of the project's own database in the project, wherever that has moved.

    MLflow notes whole paths; those from which the project was moved or copied become those of now.
    """
    if mlflow.get_tracking_uri() != LOCAL:
        return
    here = f"{project.home.as_uri()}/mlruns/"
    experiment = mlflow.get_experiment_by_name(name)
    if experiment is None:
        with suppress(MlflowException):  # another process was faster
            mlflow.create_experiment(name, here + name)
        return
    then = experiment.artifact_location.rpartition("/")[0] + "/"
    inside = then.startswith((f"{project.home.as_uri()}/", f"{project.home}/"))
    if inside or not then.endswith("/mlruns/") or not is_local_uri(then):
        return
    with closing(sqlite3.connect(DATABASE)) as database, database:
        for table, column in (place.split(".") for place in PLACES):
            change = f"UPDATE {table} SET {column} = replace({column}, :then, :here)"
            database.execute(
                f"{change} WHERE instr({column}, :then) = 1", {"then": then, "here": here}
            )


def _unreachable(error: Exception) -> ProjectError:
    address = urlsplit(mlflow.get_tracking_uri())
    host = address.netloc.rpartition("@")[2]  # without a password
    return ProjectError(
        f"no MLflow server answers at {address.scheme}://{host}, which MLFLOW_TRACKING_URI names "
        f"({type(error.__context__).__name__}). Start it, correct the variable, or unset it to keep "
        "runs in mlflow.db."
    )
