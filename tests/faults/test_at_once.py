"""Two and four pipelines at once, in one project and in several with one database of runs."""

import shutil
from pathlib import Path

import pytest
from support.faults import PREDICTIONS, ProjectStates, Said
from support.summary import some, trying

BUSY = ("is busy", "Unable to acquire lock")


def ended_well_or_told(said: Said) -> bool:
    """Whether a command succeeded; one that found the project busy says so."""
    if said.code == 0:
        assert "Traceback" not in said.text, said.text
        return True
    assert said.is_a_sentence(), said.text
    assert any(words in said.text for words in BUSY), said.text
    return False


@pytest.mark.parametrize("count", some([2, 4], 2))
def test_trainings_in_one_project(count: int, states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("train", tmp_path / "project")
    runs = len(project.statuses())
    with trying(f"{count} trainings at once in one project"):
        started = [project.start("make train") for _ in range(count)]
        ended = [ended_well_or_told(running.end()) for running in started]
        assert any(ended)
        project.done("make train")
        assert project.files() == states.after["train"]
        statuses = project.statuses()
        assert set(statuses) == {"FINISHED"}
        assert runs < len(statuses) <= runs + sum(ended)


@pytest.mark.parametrize("count", some([2, 4], 2))
def test_trainings_in_projects_that_share_a_database(
    count: int, states: ProjectStates, tmp_path: Path
) -> None:
    projects = [states.copy("train", tmp_path / f"{n}" / "project") for n in range(count)]
    for project in projects:
        project.environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{projects[0].path / 'mlflow.db'}"
    runs = len(projects[0].statuses())
    with trying(f"{count} trainings at once with one database"):
        started = [project.start("make train") for project in projects]
        for running in started:
            said = running.end()
            assert said.code == 0, said.text
        assert all(project.files() == states.after["train"] for project in projects)
        statuses = projects[0].statuses()
        assert statuses == ["FINISHED"] * (runs + count)


@pytest.mark.parametrize("count", some([2, 4], 2))
def test_predictions_to_one_file_and_to_several(
    count: int, states: ProjectStates, tmp_path: Path
) -> None:
    project = states.copy("done", tmp_path / "project")
    good = (project.path / PREDICTIONS).read_bytes()
    predict = f".venv/bin/python -m {states.package}.models.predict_model --output"
    outputs = [tmp_path / "same.csv", *(tmp_path / f"{n}.csv" for n in range(count - 1))]
    with trying(f"{count} predictions at once"):
        started = [project.start(f"{predict} {path}") for path in [outputs[0], *outputs]]
        for running in started:
            said = running.end()
            assert said.code == 0, said.text
        assert [path.read_bytes() for path in outputs] == [good] * count
        assert sorted(path.name for path in tmp_path.glob("*.csv")) == sorted(map(_name, outputs))
        assert not list(tmp_path.glob(".*partial*"))


def _name(path: Path) -> str:
    return path.name


@pytest.mark.thorough
def test_make_predict_several_times_at_once(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("predict", tmp_path / "project")
    with trying("4 `make predict` at once"):
        started = [project.start("make predict") for _ in range(4)]
        ended = [ended_well_or_told(running.end()) for running in started]
        assert any(ended)
        project.done("make predict")
        assert project.files() == states.after["predict"]


@pytest.mark.thorough
def test_two_projects_push_to_one_remote_at_once(states: ProjectStates, tmp_path: Path) -> None:
    projects = [states.copy("done", tmp_path / f"{n}") for n in range(2)]
    with trying("2 pushes at once to one remote"):
        for running in [project.start("make push") for project in projects]:
            said = running.end()
            assert said.code == 0, said.text
        shutil.rmtree(projects[0].path / ".dvc/cache")
        projects[0].done("make clean")
        projects[0].done("make pull verify")
