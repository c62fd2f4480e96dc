"""Work on a Dask cluster of real processes is what it is on one machine, also when workers are killed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from joblib import Parallel, delayed
from support.champions import latest
from support.dask_cluster import MARK, dask_cluster, environment, kill_once
from support.owner import train_model
from support.small_table import PARAMS, make_raw, set_params, with_train
from tabwright.io import read
from tabwright.prediction.predict import predict
from tabwright.project import cluster
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5, read_json
from tabwright.project.project import Project
from tabwright.selection import model_selection
from tabwright.selection.persistence import save_model
from tabwright.selection.sources import SourceCode

FILES, ROWS = 6, 30


@pytest.fixture(scope="module")
def models(trained, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a model, as a worker finds it; tests do not change it."""
    project = Project(tmp_path_factory.mktemp("models"))
    set_params(project, PARAMS)
    (project.root / "params.yaml").touch()
    (project.root / "requirements.txt").write_text("pandas==3\n", encoding="utf-8")
    return latest(project, trained)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files to predict, of which one has the row that `kill_once` waits for."""
    folder = tmp_path_factory.mktemp("new")
    for number in range(FILES):
        rows = make_raw(ROWS, seed=number).drop(columns="bought")
        rows["customer_id"] = [f"C{ROWS * number + row:04d}" for row in range(ROWS)]
        rows.to_csv(folder / f"{number}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def expected(models: Project, new: Path, tmp_path_factory) -> dict[str, bytes]:
    """The predictions of one process."""
    folder = tmp_path_factory.mktemp("expected") / "alone"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "cpu_count", lambda: 1)
        predict(models, new, folder)
    return contents(folder)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Start a cluster with a worker in each of some folders, and work on it."""
    with ExitStack() as stack:

        def start_cluster(*folders: Path, **variables: str) -> str:
            made = dask_cluster(folders, tmp_path / "code", tmp_path / "log", **variables)
            address = stack.enter_context(made)
            monkeypatch.setenv("SCHEDULER", address)
            stack.callback(cluster._client.cache_clear)
            stack.callback(lambda: cluster._client(address).close())
            return address

        yield start_cluster


def contents(folder: Path) -> dict[str, bytes]:
    """The predictions in a folder, in which there is nothing else but reports."""
    names = {path.name for path in folder.iterdir()}
    assert not [name for name in names if name.startswith(".")]  # what a kill has left
    return {path.name: path.read_bytes() for path in read.list_files(folder)}


def test_cluster_predicts_the_same_bytes_though_a_worker_is_killed(
    models: Project, new: Path, expected: dict[str, bytes], tmp_path: Path, start
) -> None:
    mark, output = tmp_path / "killed", tmp_path / "scored"
    address = start(models.root, models.root, **{MARK: str(mark)})
    predict(models, new, output, kill_once)
    report = read_json(output / "_report.json")
    predict(models, new, output, kill_once)
    assert mark.exists()
    assert contents(output) == expected
    assert (report["rows"], report["files"], report["scheduler"]) == (FILES * ROWS, FILES, address)
    ids = pd.concat(pd.read_csv(path) for path in read.list_files(output))["customer_id"]
    assert ids.is_unique
    assert read_json(output / "_report.json")["finished_before"] == FILES


def test_a_killed_process_of_this_machine_is_a_sentence_and_the_command_goes_on(
    models: Project, new: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch
) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from support.dask_cluster import kill_once\n"
        "from tabwright.prediction.predict import predict\n"
        "from tabwright.project import cluster\n"
        "from tabwright.project.errors import cli_errors\n"
        "from tabwright.project.project import Project\n"
        "cluster.cpu_count = lambda: 2\n"
        "with cli_errors():\n"
        "    predict(Project(Path(sys.argv[1])), sys.argv[2], sys.argv[3], kill_once)\n"
    )
    output = tmp_path / "scored"
    own = environment(tmp_path / "code", **{MARK: str(tmp_path / "killed")})
    command = [sys.executable, "-c", code, str(models.root), str(new), str(output)]
    first = subprocess.run(command, cwd=models.root, env=own, capture_output=True, encoding="utf-8")
    assert first.returncode == 1
    assert "error: a process was killed" in first.stderr
    assert "Traceback" not in first.stderr
    monkeypatch.setenv(MARK, own[MARK])
    monkeypatch.setattr(cluster, "cpu_count", lambda: 1)
    predict(models, new, output, kill_once)
    assert contents(output) == expected


def test_a_worker_that_is_not_the_same_refuses(
    models: Project, new: Path, tmp_path: Path, start
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("models", "references", "reports"):
        if (models.root / name).exists():
            shutil.copytree(models.root / name, copy / name)
    for name in ("params.yaml", "requirements.txt"):
        shutil.copy(models.root / name, copy)
    start(copy)
    for file, other in (
        ("requirements.txt", "requirements.txt"),
        ("models/model.skops", "champion"),
    ):
        same = (copy / file).read_bytes()
        (copy / file).write_bytes(same + b"# another\n")
        with pytest.raises(ProjectError, match=f"a worker on .* has .*{other}.*`make setup pull`"):
            predict(models, new, tmp_path / "scored")
        assert not (tmp_path / "scored").exists()
        (copy / file).write_bytes(same)


def test_folds_on_a_cluster_give_the_same_model_file(
    models: Project, trained, tmp_path: Path, monkeypatch, start
) -> None:
    params = with_train(candidates=["linear", "forest", "voting"], n_iter=1)
    monkeypatch.chdir(models.root)

    def train(path: Path) -> str:
        fit = train_model.select_model(trained.train, trained.schema, params)
        return save_model(fit.model, path, SourceCode(models.root))["model_md5"]

    here = train(tmp_path / "here.skops")
    monkeypatch.setattr(model_selection, "SLOW", -1)
    start(models.root, models.root)
    assert cluster.cores() == 2
    there = train(tmp_path / "there.skops")
    assert there == here == md5(tmp_path / "there.skops")


def test_a_task_that_kills_its_workers_ends_in_a_sentence(models: Project, start) -> None:
    start(models.root, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    with pytest.raises(ProjectError, match=r"gave a task up.*enough memory"), cluster.workers(1):
        list(Parallel(return_as="generator_unordered")([delayed(os._exit)(1)]))


def test_no_dask_and_no_scheduler_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        with pytest.raises(ProjectError, match="Dask is not installed: `make cluster`"):
            cluster.cores()
    with pytest.raises(ProjectError, match=r"no answer from tcp://127\.0\.0\.1:1"):
        cluster.cores()
