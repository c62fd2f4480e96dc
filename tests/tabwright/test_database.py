"""MLflow's database: in odd folders, in a project that moves, damaged; and a server that is silent."""

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from tabwright.project.environment import sqlite_uri
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.reports import experiments
from tabwright.tracking import experiment
from tabwright.tracking.database import database_errors

PATHS = """
SELECT artifact_location FROM experiments UNION ALL SELECT artifact_uri FROM runs
UNION ALL SELECT source FROM model_versions
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a folder whose name addresses would read otherwise, with one run."""
    made = tmp_path_factory.mktemp("database") / "50% off, what?now #1 my%20dir" / "project"
    made.mkdir(parents=True)
    (made / "pyproject.toml").write_text('[tool.tabwright]\npackage = "case"\n', encoding="utf-8")
    work_in(made)
    return made


def work_in(folder: Path) -> None:
    """Log a run with a file, read the files of all runs, and register."""
    project, before = Project(folder), mlflow.get_tracking_uri()
    address = sqlite_uri(project.database_file)
    mlflow.set_tracking_uri(address)
    try:
        with TemporaryDirectory() as files, patch.dict(os.environ, MLFLOW_TRACKING_URI=address):
            experiment.open_experiment(project)
            with mlflow.start_run() as run:
                mlflow.log_dict({"a": 1}, "run.json")
            runs = {known.info.run_id for known in mlflow.search_runs(output_format="list")}
            assert experiment.finished_runs(project) == runs
            for known in runs:
                assert experiment.download_file(project, known, "run.json", Path(files, known))
            client = mlflow.MlflowClient()
            if not client.search_registered_models():
                client.create_registered_model("m")
            client.create_model_version("m", run.info.artifact_uri, run.info.run_id)
    finally:
        mlflow.set_tracking_uri(before)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def paths_in(project: Path) -> list[str]:
    """The paths of files in the database."""
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        return [path for (path,) in database.execute(PATHS)]


def test_odd_folder_holds_its_database_and_its_files(project: Path) -> None:
    assert (project / "mlflow.db").is_file()
    assert list(project.glob("mlruns/*/*/artifacts/run.json"))
    top = next(folder for folder in project.parents if folder.name.startswith("50%"))
    assert [path.name for path in top.parent.iterdir()] == [top.name]


def test_copy_writes_nothing_into_the_folder_it_was_copied_from(
    project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / project.name
    shutil.copytree(project, copy)
    before = content(project)
    work_in(copy)
    assert content(project) == before
    assert len(list(copy.glob("mlruns/*/*/artifacts/run.json"))) == 2


def test_moved_project_does_not_make_its_old_folder_again(project: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "a" / "first"
    shutil.copytree(project, first)
    work_in(first)
    shutil.copytree(first, second)
    shutil.rmtree(first)
    work_in(second)
    assert not first.exists()
    assert len(list(second.glob("mlruns/*/*/artifacts/run.json"))) == 3
    logged = [path for path in paths_in(second) if not path.endswith("/mlruns/0")]
    assert {path.partition("/mlruns/")[0] for path in logged} == {second.as_uri()}


def test_database_with_plain_paths_moves_too(project: Path, tmp_path: Path) -> None:
    plain, moved = tmp_path / "plain", tmp_path / "moved"
    shutil.copytree(project, plain)
    with closing(sqlite3.connect(plain / "mlflow.db")) as database, database:
        for place in ("experiments.artifact_location", "runs.artifact_uri"):
            table, column = place.split(".")
            database.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)",
                (project.as_uri(), str(plain)),
            )
    plain.rename(moved)
    work_in(moved)
    assert not plain.exists()
    assert len(list(moved.glob("mlruns/*/*/artifacts/run.json"))) == 2


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://ada:secret@127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """The address of nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("kind", ["silent", "closed"])
@pytest.mark.parametrize("ask", ["open_experiment", "download_file", "collect"])
def test_server_that_does_not_answer_is_named_in_seconds(
    kind: str,
    ask: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = request.getfixturevalue(kind)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    project = Project(tmp_path)
    commands = {
        "open_experiment": lambda: experiment.open_experiment(project),
        "download_file": lambda: experiment.download_file(project, "0" * 32, "run.json", tmp_path),
        "collect": lambda: experiments.collect(project),
    }
    before, start = mlflow.get_tracking_uri(), time.monotonic()
    mlflow.set_tracking_uri(address)
    try:
        with pytest.raises(ProjectError, match="MLFLOW_TRACKING_URI") as told:
            commands[ask]()
    finally:
        mlflow.set_tracking_uri(before)
    assert time.monotonic() - start < 10
    assert "secret" not in str(told.value)
    assert "mv mlflow.db" not in str(told.value)


def told_of(database: Path) -> str:
    """What is said of a database."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    try:
        with pytest.raises(ProjectError) as told:
            experiment.open_experiment(Project(database.parent))
    finally:
        mlflow.set_tracking_uri(before)
    return str(told.value)


@pytest.mark.parametrize("content", [b"garbage" * 500, b"half"])
def test_damaged_database_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    assert "`mv mlflow.db mlflow.db.damaged`" in told_of(tmp_path / "mlflow.db")


def test_locked_database_is_told(project: Path, tmp_path: Path) -> None:
    shutil.copy(project / "mlflow.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert "Wait until nobody else" in told_of(tmp_path / "mlflow.db")


@pytest.mark.parametrize("error", [MlflowException("wrong"), RuntimeError("wrong")])
def test_mistake_in_the_use_of_mlflow_keeps_its_traceback(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)), database_errors(Project(tmp_path)):
        raise error
