"""Promotions and rollbacks: none is lost, none is forced by accident, none names what is not here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from support.default_project import LIBRARY, default_project
from tabwright.evaluation.gate import Check
from tabwright.project.environment import sqlite_uri
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.registry import challenger, live, mirror, promote
from tabwright.registry.shadow import begin_shadow, current_shadow
from tabwright.tracking import experiment
from tabwright.tracking.names import run_name

PROMOTION = {"time": "2024-05-01T12:00:00Z", "what": "promoted", "version": "1", "by": "Ada"}
PROMOTION |= {"why": "", "failed": [], "model_md5": "m", "schema_md5": "s"}
RECORD = f"""
import sys
from pathlib import Path
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.registry import champion
project = Project(Path.cwd())
seen = champion.promotion_log(project)
print("seen", flush=True)
sys.stdin.readline()
champion.record_promotion(project, {PROMOTION} | {{"run": sys.argv[1]}}, seen)
"""


def test_promotions_at_once_are_kept_or_refused(tmp_path: Path) -> None:
    """Those who all looked at the same log before cannot all write it."""
    log = Project(tmp_path).promotions_file
    log.parent.mkdir()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = os.environ | {"PYTHONPATH": str(LIBRARY)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RECORD, f"run-{n}"],
            cwd=tmp_path,
            env=environment,
            text=True,
            **pipes,
        )
        for n in range(3)
    ]
    for process in started:
        assert process.stdout.readline() == "seen\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[1] for process in started]
    kept = {f"run-{n}" for n, process in enumerate(started) if process.returncode == 0}
    assert {one["run"] for one in json.loads(log.read_text(encoding="utf-8"))} == kept
    assert len(kept) == 1
    refused = [text for text, process in zip(said, started, strict=True) if process.returncode]
    assert all("another promotion was made meanwhile" in text for text in refused), refused


@pytest.mark.parametrize(
    ("given", "exported", "forced"),
    [(["FORCE=why not"], "1", True), ([], "1", False), (["-e"], "1", False), ([], "", False)],
)
def test_force_counts_on_the_command_line_of_make_alone(
    given: list[str], exported: str, forced: bool
) -> None:
    said = subprocess.check_output(
        ["make", "-n", "promote", *given],
        cwd=default_project(),
        env=os.environ | {"FORCE": exported},
        text=True,
    )
    (line,) = [line for line in said.splitlines() if "tabwright promote" in line]
    assert ('--force "$FORCE"' in line) == forced


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    """A project with a challenger that no check lets pass, and the log of promotions to come."""
    made = Project(tmp_path)
    made.promotions_file.parent.mkdir()
    monkeypatch.setattr(promote, "open_experiment", lambda _: None)
    monkeypatch.setattr(mirror, "follow_promotions", lambda _: None)
    monkeypatch.setattr(promote, "challenger", lambda _: "run-3")
    record = PROMOTION | {"run": "run-3", "types": [], "sources": {}, "commit": "c", "dirty": False}
    monkeypatch.setattr(promote, "find_record", lambda _, start: record)
    monkeypatch.setattr(promote, "fetch", lambda *_: None)
    monkeypatch.setattr(promote, "add_to_champions", lambda *_: None)
    monkeypatch.setattr(promote, "md5", lambda path: "s")
    check = Check(False, "it is worse")
    monkeypatch.setattr(challenger, "validate_challenger", lambda *_: ([check], None))
    monkeypatch.setattr(live, "live_checks", lambda *_: [])
    return made


def test_exported_force_passes_no_gate(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE", "1")
    with pytest.raises(ProjectError, match="not promoted"):
        promote.promote(project, [])
    assert not project.promotions_file.exists()


@pytest.mark.parametrize("word", ["1", "", "yes", "TRUE", "y 1", "0"])
def test_force_without_a_reason_is_refused(word: str, project: Project) -> None:
    with pytest.raises(ProjectError, match="is no reason"):
        promote.promote(project, ["--force", word])
    assert not project.promotions_file.exists()


def test_forced_promotion_keeps_its_reason(project: Project) -> None:
    promote.promote(project, ["--force", "博览会明天开幕"])
    (promotion,) = json.loads(project.promotions_file.read_text(encoding="utf-8"))
    assert (promotion["what"], promotion["why"]) == ("promoted by force", "博览会明天开幕")
    assert promotion["failed"] == ["it is worse"]


@pytest.mark.parametrize(
    ("before", "number"), [([], "1"), (["run-1"], "2"), (["run-3", "run-1"], "1")]
)
def test_version_is_the_number_in_the_log_whatever_mlflow_counts(
    before: list[str], number: str, project: Project
) -> None:
    log = [PROMOTION | {"run": run, "version": str(n)} for n, run in enumerate(before, 1)]
    project.promotions_file.write_text(json.dumps(log), encoding="utf-8")
    promote.promote(project, ["--force", "a reason"])
    assert json.loads(project.promotions_file.read_text(encoding="utf-8"))[-1]["version"] == number


def test_models_of_the_log_are_listed_where_mlflow_knows_others(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = [PROMOTION | {"run": f"run-{n}", "version": str(n)} for n in (1, 2)]
    project.promotions_file.write_text(json.dumps(log), encoding="utf-8")
    registered = [mirror.Version(str(n - 1), f"run-{n}") for n in (2, 3)]
    monkeypatch.setattr(mirror, "versions", lambda _: registered)
    monkeypatch.setattr(mirror, "aliases", lambda _: {"challenger": "2", "champion": "1"})
    lines = mirror.version_table(project, {}).splitlines()[1:]
    assert [line.split() for line in lines] == [
        ["1", run_name("run-1"), "run-1"],
        ["2", "champion", run_name("run-2"), "run-2"],
        ["challenger", run_name("run-3"), "run-3"],
    ]


@pytest.mark.parametrize("by_mlflow", [False, True])
def test_mlflow_follows_the_numbers_that_a_merge_gives(
    by_mlflow: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two branches have promoted, both as version 2; the registry has tags of both."""
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_uri(project.database_file))
    if by_mlflow:  # as where the database is not the project's own
        monkeypatch.setattr(experiment, "query", lambda *_: None)
    client, runs = mlflow.MlflowClient(), {}
    client.create_registered_model(project.name)
    for name, number in (("base", "1"), ("ben", "2"), ("ada", "2"), ("other", "")):
        runs[name] = client.create_run("0").info.run_id
        source = f"runs:/{runs[name]}/model"
        version = client.create_model_version(project.name, source, runs[name]).version
        client.set_model_version_tag(project.name, version, "seen", "by Ada")
        if number:
            client.set_model_version_tag(project.name, version, "version", number)
    client.set_registered_model_alias(project.name, "champion", "1")
    client.set_registered_model_alias(project.name, "challenger", "3")
    log = [
        PROMOTION | {"run": runs[name], "version": str(n)}
        for n, name in enumerate(("base", "ben", "ada"), 1)
    ]
    project.promotions_file.write_text(json.dumps(log), encoding="utf-8")
    mirror.follow_promotions(project)
    assert [each.number for each in mirror.versions(project)] == ["1", "2", "3", ""]
    assert mirror.aliases(project) == {"champion": "3"}
    champion = client.get_model_version_by_alias(project.name, "champion")
    assert (champion.run_id, champion.tags) == (runs["ada"], {"seen": "by Ada", "version": "3"})


def test_shadow_that_a_merge_gave_the_number_of_another_has_the_next(project: Project) -> None:
    log = [PROMOTION | {"run": f"run-{n}", "version": str(n)} for n in (1, 2, 3)]
    project.promotions_file.write_text(json.dumps(log), encoding="utf-8")
    begin_shadow(project, PROMOTION | {"run": "run-9", "version": "3"}, 0.0)
    assert current_shadow(project).entry["version"] == "4"
    begin_shadow(project, PROMOTION | {"run": "run-9", "version": "7"}, 0.0)
    assert current_shadow(project).entry["version"] == "7"


def test_promotion_made_while_the_gate_measures_stands(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PROMOTION | {"run": "run-2", "version": "2"}

    def measure(*_: object) -> tuple[list[object], None]:
        project.promotions_file.write_text(json.dumps([other]), encoding="utf-8")
        return [], None

    monkeypatch.setattr(challenger, "validate_challenger", measure)
    with pytest.raises(ProjectError, match="meanwhile"):
        promote.promote(project, [])
    assert json.loads(project.promotions_file.read_text(encoding="utf-8")) == [other]


def test_rollback_to_a_champion_that_is_not_here_changes_nothing(project: Project) -> None:
    log = json.dumps([PROMOTION | {"run": f"run-{n}"} for n in (1, 2)])
    project.promotions_file.write_text(log, encoding="utf-8")
    with pytest.raises(ProjectError, match="is missing: `make pull`"):
        promote.rollback(project, [])
    assert project.promotions_file.read_text(encoding="utf-8") == log


def test_promotions_are_taken_back_where_no_registry_can_be_reached(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MLflow follows the log of promotions, and is not needed for it."""
    log = [PROMOTION | {"run": f"run-{n}"} for n in (1, 2)]
    project.promotions_file.write_text(json.dumps(log), encoding="utf-8")

    def unreachable(_: Project) -> None:
        raise ProjectError("no MLflow server answers")

    monkeypatch.setattr(mirror, "follow_promotions", unreachable)
    monkeypatch.setattr(promote, "load_champion", lambda *_: None)
    promote.rollback(project, [])
    *kept, last = json.loads(project.promotions_file.read_text(encoding="utf-8"))
    assert kept == log
    assert (last["run"], last["what"], last["failed"]) == ("run-1", "rolled back", [])
    assert last["time"] > PROMOTION["time"]
    promote.show(project, [])
    said = capsys.readouterr()
    assert f"(run {run_name('run-1')}) rolled back" in said.out
    assert "is not updated: no MLflow server answers" in said.err
