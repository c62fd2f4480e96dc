"""The command `export`, and what is loaded of what it wrote."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.preprocessing import StandardScaler
from support.export_table import Task, make_task
from support.small_table import PARAMS, set_params
from tabwright.export import export, features
from tabwright.export.runtime import import_library, load_export
from tabwright.project.commands import DVC
from tabwright.project.dvc_storage import DvcStorage
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5, read_json, write_json
from tabwright.project.project import Project
from tabwright.registry.champion import Promotion, champion_folder, current_champion
from tabwright.schema.schema import save_schema
from tabwright.selection.metrics import predict_scores
from tabwright.selection.persistence import save_model
from tabwright.tracking.record import source_code

RUN = "4f5e6d7c8b9a"


@pytest.fixture(scope="module")
def task() -> Task:
    """A table of two classes."""
    return make_task("binary")


@pytest.fixture(scope="module")
def model(task: Task):
    """A fitted model."""
    return task.fitted("linear")


@pytest.fixture(scope="module")
def promoted(task: Task, model, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with git, DVC, held-out rows and a champion; tests must not change it."""
    project = Project(tmp_path_factory.mktemp("promoted"))
    folder = champion_folder(project, RUN)
    folder.mkdir(parents=True)
    record = save_model(model, folder / "model.skops", source_code(project))
    save_schema(task.schema, folder / "schema.yaml")
    entry = {"run": RUN, "version": "1", "schema_md5": md5(folder / "schema.yaml"), **record}
    write_json(project.promotions_file, [entry])
    project.test_file.parent.mkdir(parents=True)
    task.rows.head(60).to_parquet(project.test_file)
    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)
    subprocess.run([*DVC, "init", "--quiet"], cwd=project.root, check=True)
    return project


@pytest.fixture(scope="module")
def exported(promoted: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after an export; tests must not change it."""
    project = copied(promoted, tmp_path_factory.mktemp("exported"))
    export.main(project, [])
    return project


def copied(project: Project, folder: Path) -> Project:
    """A copy of a project."""
    copy = Project(shutil.copytree(project.root, folder, dirs_exist_ok=True))
    set_params(copy, PARAMS)
    return copy


def champion(project: Project) -> Promotion:
    """The last promotion."""
    found = current_champion(project)
    assert found
    return found


def model_file(project: Project) -> Path:
    """The exported model."""
    return champion_folder(project, RUN) / "model.onnx"


def test_export_is_written_recorded_and_said(
    promoted: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copied(promoted, tmp_path)
    export.main(project, [])
    said = capsys.readouterr().out
    size = round(model_file(project).stat().st_size / 1000)
    assert re.match(
        rf"models/champions/4f5e6d7c/model\.onnx: {size} kB, predicts \d+ held-out and unusual rows",
        said,
    )
    assert "git add --all && git commit --message 'Export version 1 to ONNX'" in said
    entry = {"model_md5": champion(project)["model_md5"], "onnx_md5": md5(model_file(project))}
    assert read_json(project.export_file) == {RUN: entry}
    folder = champion_folder(project, RUN)
    kept = yaml.safe_load(folder.with_name(f"{folder.name}.dvc").read_text(encoding="utf-8"))
    assert kept["outs"][0]["md5"] == DvcStorage(project.root).hash(folder)
    assert kept["outs"][0]["nfiles"] == 3  # model.skops, schema.yaml, model.onnx


def test_exported_model_gives_the_scores_of_the_champion(
    exported: Project, task: Task, model
) -> None:
    scores = load_export(exported, champion(exported), task.schema)
    assert scores
    for rows in (task.rows, task.rows.head(1)):
        expected = predict_scores(model, rows, task.schema)
        np.testing.assert_allclose(scores(rows), expected, rtol=0, atol=1e-12)


def test_export_of_the_same_champion_has_the_same_bytes(exported: Project, tmp_path: Path) -> None:
    project = copied(exported, tmp_path)
    model_file(project).unlink()
    export.main(project, [])
    assert model_file(project).read_bytes() == model_file(exported).read_bytes()
    assert project.export_file.read_bytes() == exported.export_file.read_bytes()


def test_nothing_is_loaded_before_an_export(promoted: Project, task: Task, tmp_path: Path) -> None:
    assert load_export(promoted, champion(promoted), task.schema) is None
    project = copied(promoted, tmp_path)
    model_file(project).write_bytes(b"whatever")  # nobody recorded it
    assert load_export(project, champion(project), task.schema) is None


def test_changed_or_missing_export_is_refused(
    exported: Project, task: Task, tmp_path: Path
) -> None:
    project = copied(exported, tmp_path)
    data = bytearray(model_file(project).read_bytes())
    data[len(data) // 2] ^= 1
    model_file(project).write_bytes(data)
    with pytest.raises(ProjectError, match="is not what was exported, so it is not loaded"):
        load_export(project, champion(project), task.schema)
    model_file(project).unlink()
    with pytest.raises(ProjectError, match="is missing: `make pull` brings it"):
        load_export(project, champion(project), task.schema)


def test_export_of_another_model_is_refused(exported: Project, task: Task) -> None:
    other = champion(exported) | {"model_md5": "another"}
    with pytest.raises(ProjectError, match="is not what was exported"):
        load_export(exported, other, task.schema)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_damaged_record_is_named(content: str, promoted: Project, tmp_path: Path) -> None:
    project = copied(promoted, tmp_path)
    project.export_file.write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"models/export\.json is damaged"):
        load_export(project, champion(project), None)


def test_export_that_differs_is_refused_and_nothing_is_written(
    promoted: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copied(promoted, tmp_path)

    def scaled(g, step, parts):
        return g.add("Mul", g.join(parts), 1 + 1e-6)

    monkeypatch.setitem(features.STEPS, StandardScaler, scaled)
    before = sorted(project.root.rglob("models/**/*"))
    with pytest.raises(ProjectError, match=r"differs from the champion by .* nothing is written"):
        export.main(project, [])
    assert sorted(project.root.rglob("models/**/*")) == before


def test_rows_beside_the_champion_are_compared_too(
    promoted: Project, task: Task, tmp_path: Path
) -> None:
    project = copied(promoted, tmp_path)
    project.test_file.unlink()
    with pytest.raises(ProjectError, match="no held-out rows to compare with: `make data`"):
        export.main(project, [])
    rows = task.rows.head(20).assign(tabwright_score_0=0.5)
    rows.to_parquet(champion_folder(project, RUN) / "reference.parquet")
    export.main(project, [])
    assert model_file(project).is_file()


def test_there_is_no_champion_yet(project: Project) -> None:
    with pytest.raises(ProjectError, match="no champion to export: `make register promote`"):
        export.main(project, [])


def test_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ProjectError, match="onnxruntime is not installed: `make setup`"):
        import_library("onnxruntime")
