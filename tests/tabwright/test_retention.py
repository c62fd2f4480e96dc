"""MLflow keeps the latest and the registered models; DVC brings the others back."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from tabwright.project import dvc_storage
from tabwright.project.environment import sqlite_uri
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5
from tabwright.project.project import Project
from tabwright.tracking import retention
from tabwright.tracking.record import save_record

RUNS = ("old", "registered", "lost", "latest")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A project with four runs, one of them registered, one that DVC does not have."""
    project, stored = Project(tmp_path / "case"), tmp_path / "stored"
    stored.mkdir()
    records = {}
    for run in RUNS:
        record = {"run": run, "started": "2024", "model_uri": f"models:/m-{run}"}
        path = retention.logged_model(project, record)
        path.parent.mkdir(parents=True)
        path.write_bytes(run.encode())
        records[run] = record | {"model_md5": md5(path)}
        save_record(project, records[run])
        if run != "lost":
            (stored / md5(path)).write_bytes(run.encode())
    with closing(sqlite3.connect(project.database_file)) as database:
        database.execute("CREATE TABLE model_versions (name, version, run_id)")
        database.execute("INSERT INTO model_versions VALUES ('case', 1, 'registered')")
        database.commit()
    paths = {run: retention.logged_model(project, record) for run, record in records.items()}
    storage = SimpleNamespace(
        missing=lambda known: [] if (stored / known).exists() else [known],
        find=lambda known: (stored / known) if (stored / known).exists() else None,
    )
    monkeypatch.setattr(dvc_storage, "DvcStorage", lambda _: storage)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_uri(project.database_file))
    return SimpleNamespace(project=project, records=records, paths=paths)


def test_models_that_nobody_registered_leave_once_dvc_has_them(logged: SimpleNamespace) -> None:
    retention.drop_models(logged.project, "latest")
    assert [run for run in RUNS if logged.paths[run].exists()] == ["registered", "lost", "latest"]


def test_dropped_model_comes_back_from_dvc(logged: SimpleNamespace) -> None:
    retention.drop_models(logged.project, "latest")
    retention.restore_model(logged.project, logged.records["old"])
    assert logged.paths["old"].read_bytes() == b"old"
    logged.paths["lost"].unlink()
    with pytest.raises(ProjectError, match="`make push` where the run was made"):
        retention.restore_model(logged.project, logged.records["lost"])


def test_present_model_needs_no_storage(logged: SimpleNamespace) -> None:
    project = logged.project
    project.model_file.parent.mkdir(parents=True)
    project.model_file.write_bytes(b"lost")
    assert retention.model_of_run(project, logged.records["lost"]) == project.model_file
