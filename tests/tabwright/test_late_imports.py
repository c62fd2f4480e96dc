"""A command that reads a few small files imports no library that takes seconds."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.default_project import LIBRARY, default_project
from tabwright.project.files import write_json
from tabwright.project.project import Project
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema, save_schema

HEAVY = {"dvc", "matplotlib", "mlflow", "pandas", "pyarrow", "scipy", "sklearn", "skops", "skrub"}
CALL = "import sys; from tabwright.cli import main; main(sys.argv[1:]); print(sorted(sys.modules))"
TABLES = """
CREATE TABLE experiments (experiment_id, name, artifact_location);
CREATE TABLE runs (run_uuid, name, experiment_id, status, lifecycle_stage, artifact_uri);
CREATE TABLE model_versions (name, version, run_id);
CREATE TABLE model_version_tags (name, version, key, value);
CREATE TABLE registered_model_aliases (name, alias, version);
INSERT INTO experiments VALUES (1, 'my_ml_project', 'file:///elsewhere/mlruns/my_ml_project');
INSERT INTO runs VALUES ('abc', 'x', 1, 'FINISHED', 'active', '');
INSERT INTO model_versions VALUES ('my_ml_project', 7, 'abc');
INSERT INTO model_version_tags VALUES ('my_ml_project', 7, 'version', '7');
INSERT INTO registered_model_aliases VALUES ('my_ml_project', 'champion', 7);
"""
SCORES = {"metric": "rmse", "test": {"rmse": 1.5}, "baseline": {"rmse": 3.5}}
RECORD = {
    "run": "abc",
    "started": "2024-05-01T12:00:00Z",
    "commit": "",
    "dirty": False,
    "train_md5": "d",
    "model": "forest",
    "model_md5": "m",
    "seconds": 3,
    "params": {"seed": 1},
    "why": "a test",
    "cv": {"metric": "rmse", "mean": 1.0, "std": 0.1},
}
PROMOTION = {"run": "abc", "version": "7", "model_md5": "m", "schema_md5": "s", "why": ""}
PROMOTION |= {"time": "2024-05-01T13:00:00Z", "what": "promoted", "by": "Ada"}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a run, its scores, and its model as the champion."""
    folder = tmp_path_factory.mktemp("late") / "project"
    shutil.copytree(default_project(), folder)
    project = Project(folder)
    columns = {"x": Column("numeric"), "y": Column("numeric")}
    save_schema(Schema("y", "regression", columns), project.schema_file)
    write_json(project.metrics_file, SCORES | {"gain_interval": {"low": 1.0, "high": 3.0}})
    write_json(project.slices_file, [])
    write_json(project.behaviour_file, [])
    write_json(project.runs_folder / "abc.json", RECORD)
    write_json(project.promotions_file, [PROMOTION])
    with closing(sqlite3.connect(project.database_file)) as database:
        database.executescript(TABLES)
    return project


def environment(project: Path) -> dict[str, str]:
    """Variables for a process that imports both packages; it leaves no bytecode in the template."""
    path = os.pathsep.join([str(LIBRARY), str(project / "src")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return kept | {"PYTHONPATH": path}


@pytest.mark.parametrize(
    ("command", "said"),
    [("models", "7        champion"), ("experiments", "abc  champion"), ("gate", "gate passed")],
)
def test_light_command_imports_nothing_heavy(command: str, said: str, evaluated: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, command],
        cwd=evaluated.root,
        env=environment(evaluated.root),
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, modules = done.stdout.splitlines()
    assert said in "\n".join(lines)
    assert not HEAVY & set(json.loads(modules.replace("'", '"')))


def test_models_of_a_new_project_are_none(evaluated: Project, tmp_path: Path) -> None:
    shutil.copytree(default_project(), tmp_path / "new")
    done = subprocess.run(
        [sys.executable, "-c", CALL, "models"],
        cwd=tmp_path / "new",
        env=environment(evaluated.root),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("no model is registered here\n")
    assert not (tmp_path / "new" / "mlflow.db").exists()
