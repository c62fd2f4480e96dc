"""Environment variables that MLflow, skrub and matplotlib read, where nobody has set them."""

import getpass
import os
from pathlib import Path
from urllib.parse import quote

from .project import Project


def set_environment(project: Project) -> None:
    """Keep files and telemetry of these libraries in the project; call it before they are imported."""
    os.environ.setdefault("LOGNAME", account())  # MLflow asks for it
    cache = project.root / ".cache"
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_TRACKING_URI", database_uri(project))
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("SKB_DATA_DIRECTORY", str(cache / "skrub"))
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 (there may be no home)
        os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))


def account() -> str:
    """The name of the user, or the number of one whom the system does not know, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def database_uri(project: Project) -> str:
    """The address of the project's own MLflow database."""
    return sqlite_uri(project.database_file)


def sqlite_uri(path: Path) -> str:
    """The address of an SQLite file; without the driver in it, MLflow makes a folder of its name."""
    return f"sqlite+pysqlite:///{quote(path.as_posix(), safe=' +/:')}"
