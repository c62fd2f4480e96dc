"""Runs reach another tracker beside MLflow, and no tracker stops a training.

The trackers here stand in for the real ones, with the signatures that their references publish; W&B itself is
tried in tests/projects.
"""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.default_project import LIBRARY
from tabwright.project.project import Project
from tabwright.tracking import record, runs, trackers

RUN = "15395a5706a34f669006d8767bf2e6cd"  # dry-lemur-73
CALLED: list[tuple] = []


@pytest.fixture
def run(project: Project) -> dict[str, Any]:
    """A run after its evaluation, and its file."""
    CALLED.clear()
    score = {"mean": 0.9, "std": 0.01, "settings": {"C": 10}}
    facts = ("commit", "dirty", "model", "model_md5", "train_md5", "lock_md5", "user", "started")
    made = dict.fromkeys(facts, "x") | {
        "run": RUN,
        "why": "more trees",
        "params": {"seed": 1, "train.candidates": ["linear", "forest"]},
        "cv": {"metric": "roc_auc", **score},
        "training": {
            "metric": "roc_auc",
            "best": "linear 1",
            "candidates": {"linear 1": score},
            "settings_tried": 2,
            "threshold": {"value": 0.4},
        },
        "evaluation": {"test": {"roc_auc": 0.8}},
    }
    record.save_record(project, made)
    project.params_file.touch()  # what a command finds a project by
    return made


PARAMETERS = {"seed": 1, "train.candidates": "['linear', 'forest']", "best.C": 10}
SCORES = {
    "cv_roc_auc linear 1": 0.9,
    "cv_roc_auc": 0.9,
    "cv_roc_auc_std": 0.01,
    "threshold": 0.4,
    "settings_tried": 2,
    "test_roc_auc": 0.8,
}


class Experiment:
    """What `comet_ml.start` returns."""

    url = "https://www.comet.com/me/case/15395a"

    def log_parameters(self, parameters, prefix=None, step=None, nested_support=True) -> None:
        CALLED.append(("parameters", parameters))

    def log_metrics(self, dic, prefix=None, step=None, epoch=None, include_context=True) -> None:
        CALLED.append(("scores", dic))

    def log_others(self, dictionary) -> None:
        CALLED.append(("others", dictionary))

    def log_asset(
        self,
        file_data,
        file_name=None,
        overwrite=False,
        copy_to_tmp=True,
        step=None,
        metadata=None,
    ) -> None:
        CALLED.append(("file", Path(file_data).read_text("utf-8"), file_name))

    def end(self) -> None:
        CALLED.append(("end",))


class ExperimentConfig:
    """Settings of an experiment."""

    def __init__(
        self,
        disabled=None,
        log_code=None,
        log_graph=None,
        parse_args=None,
        display_summary_level=1,
        log_git_metadata=None,
        log_git_patch=None,
        log_env_details=None,
        auto_output_logging="simple",
        auto_param_logging=True,
        auto_metric_logging=True,
        offline_directory=None,
        name=None,
        tags=None,
    ) -> None:
        self.name, self.sends = name, [log_code, log_git_patch, auto_output_logging]


def start(
    api_key=None,
    workspace=None,
    project=None,
    experiment_key=None,
    mode=None,
    online=None,
    experiment_config=None,
) -> Experiment:
    """As `comet_ml.start`."""
    assert experiment_config.sends == [False, False, False]
    CALLED.append(("start", project, experiment_key, mode, experiment_config.name))
    return Experiment()


class Field:
    """A place in a run of Neptune."""

    def __init__(self, name: str) -> None:
        self.name = name

    def upload(self, value, *, wait=False) -> None:
        CALLED.append((self.name, Path(value).read_text("utf-8")))


class NeptuneRun:
    """What `neptune.init_run` returns."""

    def __setitem__(self, name, value) -> None:
        CALLED.append((name, value))

    def __getitem__(self, name) -> Field:
        return Field(name)

    def get_url(self) -> str:
        return "https://neptune.example/CAS-1"

    def stop(self, *, seconds=None) -> None:
        CALLED.append(("end",))


def init_run(
    with_id=None,
    *,
    project=None,
    api_token=None,
    custom_run_id=None,
    mode=None,
    name=None,
    description=None,
    tags=None,
    source_files=None,
    capture_stdout=None,
    capture_stderr=None,
    capture_hardware_metrics=None,
    fail_on_exception=True,
    monitoring_namespace=None,
    flush_period=5,
    proxies=None,
    capture_traceback=True,
    git_ref=None,
    dependencies=None,
) -> NeptuneRun:
    """As `neptune.init_run`."""
    assert (source_files, git_ref, capture_stdout) == ([], False, False)
    CALLED.append(("start", custom_run_id, name, description))
    print("neptune speaks")
    return NeptuneRun()


def pretend(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    """Put a module in place of a tracker's, which is then the one that is asked for."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_comet_gets_the_run(
    project: Project, run: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    pretend(monkeypatch, "comet_ml", start=start, ExperimentConfig=ExperimentConfig)
    monkeypatch.setenv("TRACKER", "comet")
    trackers.main(project, ["--run", "dry-lemur"])
    opened, parameters, scores, others, file, end = CALLED
    assert opened == ("start", project.name, RUN, "get_or_create", "dry-lemur-73")
    assert (parameters[1], scores[1], end) == (PARAMETERS, SCORES, ("end",))
    assert (others[1]["why"], others[1]["model_md5"]) == ("more trees", "x")
    assert file[1:] == (record.record_file(project, RUN).read_text("utf-8"), "run.json")
    assert capsys.readouterr().out == f"dry-lemur-73 is in comet: {Experiment.url}\n"


def test_neptune_gets_the_run(
    project: Project, run: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    pretend(monkeypatch, "neptune", init_run=init_run)
    monkeypatch.setenv("TRACKER", "neptune")
    trackers.main(project, ["--run", RUN])
    opened, parameters, scores, facts, file, end = CALLED
    assert opened == ("start", RUN, "dry-lemur-73", "more trees")
    assert (parameters[1], scores[1], end) == (PARAMETERS, SCORES, ("end",))
    assert facts[1]["commit"] == "x"
    assert file == ("record", record.record_file(project, RUN).read_text("utf-8"))
    assert capsys.readouterr().out == "dry-lemur-73 is in neptune: https://neptune.example/CAS-1\n"


@pytest.mark.parametrize(
    ("name", "module", "said"),
    [
        ("wandbb", "", "TRACKER is 'wandbb' (did you mean wandb?), not wandb, comet, neptune"),
        (
            "wandb",
            "raise ModuleNotFoundError('none', name='wandb')",
            "wandb is not installed: name wandb in the group `dev` of pyproject.toml, then `make lock",
        ),
        ("wandb", "1 / 0", "ZeroDivisionError: division by zero"),
        ("wandb", "input()", "EOFError: EOF when reading a line"),
        ("wandb", "import os; os._exit(3)", "it failed"),
        ("wandb", "import threading; threading.Event().wait()", "no answer within 3 s"),
    ],
)
def test_tracker_that_fails_is_a_warning(
    name: str,
    module: str,
    said: str,
    project: Project,
    run: dict,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    (project.root / "wandb.py").write_text(module, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{LIBRARY}{os.pathsep}{project.root}")
    monkeypatch.setenv("TRACKER", name)
    monkeypatch.setattr(trackers, "PATIENCE", 3 if "wait" in module else 60)
    trackers.also_track(project, run)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"warning: TRACKER={name}: {said}")
    assert told.err.endswith("`python -m tabwright track --run dry-lemur-73` tries again.\n")
    assert told.err.count("\n") == 1


def test_without_the_variable_nothing_starts(
    project: Project, run: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACKER", raising=False)
    monkeypatch.setattr(trackers, "subprocess", None)
    trackers.also_track(project, run)
    assert runs.also_track is trackers.also_track
