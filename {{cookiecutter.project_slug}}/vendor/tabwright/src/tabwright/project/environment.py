"""Defaults of environment variables that MLflow, skrub and matplotlib read."""

import getpass
import os
from pathlib import Path
from urllib.parse import quote

from .project import Project


def set_environment(project: Project) -> None:
    """Keep files of these libraries in the project, telemetry off; call it before importing them."""
    os.environ.setdefault("LOGNAME", account())  # MLflow asks for it
    cache = project.root / ".cache"
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_TRACKING_URI", sqlite_uri(project.database_file))
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("SKB_DATA_DIRECTORY", str(cache / "skrub"))
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 (there may be no home)
        os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))


def account() -> str:
    """The name of the user; in a container that does not know it, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def sqlite_uri(path: Path) -> str:
    """The address of an SQLite file, with the driver: without it MLflow creates a folder of that name."""
    return f"sqlite+pysqlite:///{quote(path.as_posix(), safe=' +/:')}"
