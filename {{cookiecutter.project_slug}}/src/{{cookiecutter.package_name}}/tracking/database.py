"""MLflow's database or server: told of in a sentence when it fails, moved with the project."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.rest_utils import http_request
from mlflow.utils.uri import is_local_uri
from requests.exceptions import RequestException
from sqlalchemy.exc import SQLAlchemyError

from ..config import PROJECT
from ..errors import MAKE_ROOM, ProjectError, first_line
from . import DATABASE, LOCAL

PATIENCE = 3  # seconds for a server to answer
# Where MLflow keeps whole paths.
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Make a sentence of what goes wrong in MLflow's database, or on the way to its server."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error) as error:
        cause: BaseException | None = error
        while isinstance(cause, MlflowException):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, RequestException):
            raise ProjectError(_unreachable(error)) from error
        if not isinstance(cause, SQLAlchemyError | sqlite3.Error):
            raise
        raise ProjectError(
            f"the database of runs: {first_line(error)}. {_remedy(str(error))}"
        ) from error


def require_server() -> None:
    """Ask the server, where there is one, for a sign of life: MLflow itself tries for minutes.

    Raises
    ------
    ProjectError
        When nobody answers.
    """
    address = mlflow.get_tracking_uri()
    if not address.startswith(("http://", "https://")):
        return
    creds, once = get_default_host_creds(address), {"max_retries": 0, "raise_on_status": False}
    try:
        http_request(creds, "/health", "GET", timeout=PATIENCE, **once)
    except MlflowException as error:
        raise ProjectError(_unreachable(error)) from error


def own_experiment(name: str) -> None:
    """Have an experiment whose files are in the project, where the database is the project's.

    MLflow would put them below the working directory. What the database says of a folder from which
    the project was moved or copied becomes the folder of now.
    """
    if mlflow.get_tracking_uri() != LOCAL:
        return
    here = f"{PROJECT.as_uri()}/mlruns/"
    experiment = mlflow.get_experiment_by_name(name)
    if experiment is None:
        with suppress(MlflowException):  # another process was faster
            mlflow.create_experiment(name, here + name)
        return
    place = experiment.artifact_location
    root = place.rpartition("/")[0]
    local = is_local_uri(place) and root.endswith("/mlruns")
    if local and PROJECT not in Path(local_file_uri_to_path(place)).parents:
        _replace_root(f"{root}/", here)


def _replace_root(old: str, new: str) -> None:
    with closing(sqlite3.connect(DATABASE)) as database, database:
        for table, column in PLACES:
            database.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                f"WHERE substr({column}, 1, ?) = ?",
                (new, len(old) + 1, len(old), old),
            )


def _unreachable(error: Exception) -> str:
    address = urlsplit(mlflow.get_tracking_uri())
    host = address.netloc.rpartition("@")[2]  # without a password
    return (
        f"no MLflow server answers at {address.scheme}://{host}, which MLFLOW_TRACKING_URI names "
        f"({type(error.__cause__ or error).__name__}). Start it, correct the variable, or unset it "
        "to keep runs in mlflow.db."
    )


def _remedy(said: str) -> str:
    if "is full" in said:
        return MAKE_ROOM
    if "locked" in said:
        return "Wait until nobody else writes to it, then run this again."
    if "readonly" in said or "unable to open" in said:
        return "Change the permissions of mlflow.db and its folder."
    return (
        "If mlflow.db is damaged, `mv mlflow.db mlflow.db.damaged` and run this again: it gets a "
        "new one. The files of runs in reports/runs stay."
    )
