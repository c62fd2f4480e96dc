"""All of params.yaml is checked before a step runs; mistakes of the user are sentences."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Template
from support import owner
from support.default_project import LIBRARY
from support.small_table import PARAMS, set_params
from tabwright.evaluation import params as checked
from tabwright.project import errors, settings
from tabwright.project.errors import ProjectError, did_you_mean
from tabwright.project.files import write_json
from tabwright.project.project import Project
from tabwright.project.settings import Params
from tabwright.schema.schema import Schema, save_schema


def with_settings(part: str, **changes: object) -> Params:
    """The settings with others in one section."""
    return replace(PARAMS, **{part: replace(getattr(PARAMS, part), **changes)})


@pytest.fixture
def contract(project: Project, schema: Schema) -> Project:
    """A project with a schema, whose last training had a candidate."""
    save_schema(schema, project.schema_file)
    write_json(project.candidates_file, {"candidates": {"linear": {}}, "left_out": []})
    checked.check_params(project)
    return project


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (with_settings("train", metric="rocauc"), r"train\.metric names rocauc .*mean roc_auc\?"),
        (with_settings("evaluate", minimum={"F1": 0.5}), r"minimum names F1 \(did you mean f1\?\)"),
        (with_settings("evaluate", slice_minimum={"brir": 1}), "slice_minimum names brir .*brier"),
        (with_settings("evaluate", slices=["City"]), r"evaluate\.slices names City .*mean city\?"),
        (with_settings("evaluate", slices=["bought"]), r"evaluate\.slices names bought"),
        (with_settings("data", target="bougth"), r"data\.target names bougth .*mean bought\?"),
        (
            with_settings("data", split="group", split_by="citi"),
            r"split_by names citi .*mean city\?",
        ),
        (
            replace(PARAMS, behaviour=[{"add": {"visit": 1}, "expect": "up"}]),
            "1: 'visit' is no .*visits",
        ),
        (replace(PARAMS, behaviour=[{"set": {}, "expct": "up"}]), r"entry 1: .*mean expect\?"),
    ],
)
def test_each_name_is_checked_against_what_there_is(
    params: Params, words: str, contract: Project
) -> None:
    set_params(contract, params)
    with pytest.raises(ProjectError, match=words):
        checked.check_params(contract)


def test_candidates_are_the_owners(contract: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def owners(module: str, name: str, default: object) -> object:
        return (lambda schema, seed: ["linear", "svm"]) if name == "candidates" else default

    monkeypatch.setattr(Project, "owner", lambda _, *names: owners(*names))
    set_params(contract, with_settings("train", candidates=["linear", "svm", "voting"]))
    checked.check_params(contract)
    set_params(contract, with_settings("train", candidates=["linaer"]))
    with pytest.raises(
        ProjectError, match=r"train\.candidates names linaer \(did you mean linear\?\)"
    ):
        checked.check_params(contract)


def test_known_candidates_are_not_built_again(
    contract: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a second: no candidate was named since, though some have no model in the end."""
    last = {"candidates": {"linear": {}}, "left_out": ["forest"]}
    write_json(contract.candidates_file, last)
    monkeypatch.setattr(Project, "owner", lambda *_: pytest.fail("they were built"))
    set_params(contract, with_settings("train", candidates=["linear", "forest", "voting"]))
    checked.check_params(contract)


def test_metrics_are_checked_without_a_schema(project: Project) -> None:
    set_params(project, with_settings("train", metric="rmsle"))
    with pytest.raises(ProjectError, match=r"rmsle \(did you mean rmse\?\)"):
        checked.check_params(project)


@pytest.mark.parametrize(
    ("source", "pointer", "words"),
    [
        ("", False, "put it there"),
        ("", True, "`make pull` brings"),
        ("sqlite:///a", True, "`make fetch`"),
    ],
)
def test_raw_data_that_is_gone_is_said(
    source: str, pointer: bool, words: str, project: Project
) -> None:
    set_params(project, with_settings("data", source=source))
    if pointer:
        project.raw_file.with_name("raw.csv.dvc").touch()
    with pytest.raises(
        ProjectError, match=f"raw.csv, data.raw in params.yaml, is missing: .*{words}"
    ):
        checked.require_raw_data(project)
    project.raw_file.touch()
    checked.require_raw_data(project)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed:", "sead:", r"sead is not .*\(did you mean seed\?\)"),
        ("  folds: ", "  fold: 3\n  folds: ", r"train\.fold is not .*\(did you mean folds\?\)"),
        ("  n_iter:", "  niter: 1\n  n_iter:", r"train\.niter is not .*mean n_iter\?"),
        ("slices: auto", "slices: age", r"evaluate\.slices must be auto or a list .*write \[age\]"),
        ("candidates: [", "candidates: linear, forest # [", r"write \[linear, forest\]"),
    ],
)
def test_keys_and_lists_are_corrected(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (owner.PROJECT / "params.yaml").read_text(encoding="utf-8")
    text = Template(text).render(cookiecutter={"__raw_file": "a.csv", "target": "y"})
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=words):
        settings.load_params(path, settings.Params)


def test_similar_word_is_suggested_in_its_own_letters() -> None:
    assert did_you_mean("body mass G", ["Body_mass_g", "sex"]) == " (did you mean Body_mass_g?)"
    assert did_you_mean("x", ["Body_mass_g", "sex"]) == did_you_mean("x", []) == ""


def test_wrong_folder_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProjectError, match=r"no params\.yaml in .* go to the folder of a project"):
        Project.find(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ProjectError, match="this folder was deleted"):
        Project.find()


def run(code: str, **more: object) -> subprocess.Popen:
    """Start Python with the library."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(LIBRARY), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.parametrize("lines", [1, 100_000])
def test_pipe_that_is_closed_is_no_traceback(lines: int) -> None:
    code = "import sys; from tabwright.project.errors import cli_errors\nsys.stdin.readline()\n"
    process = run(f"{code}with cli_errors():\n    print('x\\n' * {lines})", stdin=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write("go\n")
    process.stdin.close()
    assert process.wait() == errors.BROKEN_PIPE
    assert process.stderr.read() == ""
    process.stderr.close()


def test_ctrl_c_is_a_sentence_also_while_libraries_are_imported(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    start = "from tabwright.project.errors import say_interrupts\nsay_interrupts()\n"
    (package / "__init__.py").write_text(start, encoding="utf-8")
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    slow = f"{listen}import time; print('here', flush=True); time.sleep(60)\n"  # also in background
    (package / "step.py").write_text(slow, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "shop.step"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{LIBRARY}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == f"{errors.STOPPED}\n"
    assert process.returncode == -signal.SIGINT  # 130 in a shell


def test_ctrl_c_in_a_step_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped, errors.cli_errors():
        raise KeyboardInterrupt
    assert stopped.value.code == 130
    assert capsys.readouterr().err == f"{errors.STOPPED}\n"
