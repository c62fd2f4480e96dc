"""Which models the project's own MLflow keeps: the latest and the registered ones, for each takes megabytes.

DVC has all of them by their hash, so that any run can be registered later. A server keeps what it is told.
"""

import shutil
from pathlib import Path

from ..project.errors import ProjectError
from ..project.files import md5
from ..project.project import Project
from .experiment import query
from .record import Record, load_records, short


def logged_model(project: Project, record: Record) -> Path:
    """The file of the model of a run in the project's own MLflow."""
    name = record["model_uri"].rpartition("/")[2]
    return project.home / "mlruns" / project.name / "models" / name / "artifacts" / "model.skops"


def drop_models(project: Project, latest: str) -> None:
    """Delete the models of runs that are not registered, but for the latest and what DVC lacks."""
    found = query(project, "SELECT run_id FROM model_versions WHERE name = ?", project.name) or []
    kept = {latest, *(run for (run,) in found)}
    records = [record for record in load_records(project) if record["run"] not in kept]
    paths = {logged_model(project, record): record["model_md5"] for record in records}
    if here := [path for path in paths if path.exists()]:
        from ..project.dvc_storage import DvcStorage  # takes a second to import

        storage = DvcStorage(project.root)
        for path in here:
            if not storage.missing(paths[path]):
                path.unlink()


def model_of_run(project: Project, record: Record) -> Path:
    """The model file of a run: the present one, or that in DVC's cache or remote.

    Raises
    ------
    ProjectError
        When it is nowhere.
    """
    known = record["model_md5"]
    if project.model_file.is_file() and md5(project.model_file) == known:
        return project.model_file
    from ..project.dvc_storage import DvcStorage  # takes a second to import

    if path := DvcStorage(project.root).find(known):
        return path
    raise ProjectError(
        f"the model of run {short(record)} (MD5 {known}) is neither in DVC's cache nor in the "
        "remote: `make push` where the run was made. A run of `make train` here has it."
    )


def restore_model(project: Project, record: Record) -> None:
    """Put the model of a run back into the project's own MLflow, if it was dropped from it."""
    path = logged_model(project, record)
    if path.parent.is_dir() and not path.exists():
        shutil.copy(model_of_run(project, record), path)
