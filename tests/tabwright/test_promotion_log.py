"""Promotions and rollbacks: none is lost, none is forced by accident, none names what is not here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


DECISION = {"time": "2024-05-01T12:00:00Z", "what": "promoted", "version": "1", "by": "Ada"}
DECISION |= {"why": "", "failed": [], "model_md5": "m", "schema_md5": "s"}
DECIDE = """
import sys
from pathlib import Path
from {package}.models import champion
from tabwright.evaluation.gate import Check
from tabwright.project.errors import ProjectError
champion.CHAMPION = Path(sys.argv[2])
seen = champion.decisions()
print("seen", flush=True)
sys.stdin.readline()
champion.decide_on({decision} | {{"run": sys.argv[1]}}, seen)
"""


def test_decisions_at_once_are_kept_or_refused(tmp_path: Path) -> None:
    """Those who all looked at the same log before cannot all write it."""
    root, package = module("config").ROOT, module("config").__name__.partition(".")[0]
    script, log = DECIDE.format(package=package, decision=DECISION), tmp_path / "champion.json"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, f"run-{n}", str(log)],
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
    assert all("another decision was made meanwhile" in text for text in refused), refused


@pytest.mark.parametrize(
    ("given", "exported", "forced"),
    [(["FORCE=why not"], "1", True), ([], "1", False), (["-e"], "1", False), ([], "", False)],
)
def test_force_counts_on_the_command_line_of_make_alone(
    given: list[str], exported: str, forced: bool
) -> None:
    said = subprocess.check_output(
        ["make", "-n", "promote", *given],
        cwd=module("config").ROOT,
        env=os.environ | {"FORCE": exported},
        text=True,
    )
    (line,) = [line for line in said.splitlines() if "registry promote" in line]
    assert ('--force "$FORCE"' in line) == forced


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """The commands with a challenger that no check lets pass, and a log of promotions."""
    found, champion = module("tracking.registry"), module("models.champion")
    monkeypatch.setattr(champion, "ROOT", tmp_path)
    monkeypatch.setattr(champion, "CHAMPION", tmp_path / "champion.json")
    monkeypatch.setattr(champion, "CHAMPIONS", tmp_path / "champions")
    monkeypatch.setattr(found, "open_experiment", lambda: None)
    monkeypatch.setattr(found, "follow_decisions", lambda: None)
    monkeypatch.setattr(found, "aliases", lambda: {"challenger": "3"})
    version = SimpleNamespace(version="3", run_id="run-3")
    monkeypatch.setattr(found, "versions", lambda: [version])
    record = DECISION | {"run": "run-3", "types": [], "sources": {}, "commit": "c", "dirty": False}
    monkeypatch.setattr(found, "find_record", lambda start: record)
    monkeypatch.setattr(found, "fetch", lambda record, number, files: None)
    monkeypatch.setattr(found, "keep", lambda record, files: None)
    monkeypatch.setattr(found, "md5", lambda path: "s")
    check = Check("one", False, "it is worse")
    promotion = module("tracking.promotion")
    monkeypatch.setattr(promotion, "ask_the_gate", lambda *_: [check])
    return SimpleNamespace(main=found.main, log=tmp_path / "champion.json")


def test_exported_force_passes_no_gate(
    registry: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE", "1")
    with pytest.raises(ProjectError, match="not promoted"):
        registry.main(["promote"])
    assert not registry.log.exists()


@pytest.mark.parametrize("word", ["1", "", "yes", "TRUE", "y 1", "0"])
def test_force_without_a_reason_is_refused(
    word: str, registry: SimpleNamespace
) -> None:
    with pytest.raises(ProjectError, match="is no reason"):
        registry.main(["promote", "--force", word])
    assert not registry.log.exists()


def test_forced_promotion_keeps_its_reason(registry: SimpleNamespace) -> None:
    registry.main(["promote", "--force", "博览会明天开幕"])
    (decision,) = json.loads(registry.log.read_text(encoding="utf-8"))
    assert (decision["what"], decision["why"]) == ("promoted by force", "博览会明天开幕")
    assert decision["failed"] == ["it is worse"]


def test_decision_made_while_the_gate_measures_stands(
    registry: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = DECISION | {"run": "run-2", "version": "2"}

    def measure(*_: object) -> list[object]:
        registry.log.write_text(json.dumps([other]), encoding="utf-8")
        return []

    monkeypatch.setattr(module("tracking.promotion"), "ask_the_gate", measure)
    with pytest.raises(ProjectError, match="meanwhile"):
        registry.main(["promote"])
    assert json.loads(registry.log.read_text(encoding="utf-8")) == [other]


def test_rollback_to_a_champion_that_is_not_here_changes_nothing(
    registry: SimpleNamespace
) -> None:
    log = json.dumps([DECISION | {"run": f"run-{n}"} for n in (1, 2)])
    registry.log.write_text(log, encoding="utf-8")
    with pytest.raises(ProjectError, match="is missing: `make pull`"):
        registry.main(["rollback"])
    assert registry.log.read_text(encoding="utf-8") == log


def test_promotions_are_taken_back_where_no_registry_can_be_reached(
    registry: SimpleNamespace,
    ,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MLflow follows the log of promotions, and is not needed for it."""
    log = [DECISION | {"run": f"run-{n}"} for n in (1, 2)]
    registry.log.write_text(json.dumps(log), encoding="utf-8")

    def unreachable() -> None:
        raise ProjectError("no MLflow server answers")

    found = module("tracking.registry")
    monkeypatch.setattr(found, "open_experiment", unreachable)
    monkeypatch.setattr(found, "load_champion", lambda decision: None)
    registry.main(["rollback"])
    *kept, last = json.loads(registry.log.read_text(encoding="utf-8"))
    assert kept == log
    assert (last["run"], last["what"], last["failed"]) == ("run-1", "rolled back", [])
    assert last["time"] > DECISION["time"]
    registry.main(["models"])
    said = capsys.readouterr()
    assert "(run run-1) rolled back" in said.out
    assert "does not follow: no MLflow server answers" in said.err
