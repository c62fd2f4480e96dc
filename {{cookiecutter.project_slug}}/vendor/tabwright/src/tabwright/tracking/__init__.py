"""What is kept of every run, and which models are in use."""

import getpass
import os
from pathlib import Path
from urllib.parse import quote



def sqlite_uri(path: Path) -> str:
    """The address of an SQLite file; without the driver in it, MLflow makes a folder of its name."""
    return f"sqlite+pysqlite:///{quote(path.as_posix(), safe=' +/:')}"


DATABASE = project.home / "mlflow.db"
LOCAL = sqlite_uri(DATABASE)
try:
    getpass.getuser()
except (KeyError, OSError):  # a user whom the system does not know, as in a container
    os.environ["LOGNAME"] = str(os.getuid())
# Before MLflow is imported, which reads them then.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_TRACKING_URI", LOCAL)
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
