"""Which action follows from what was found, and what `make act` does about it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.webhook import Webhook, webhook
from tabwright.evaluation.comparison import Gain
from tabwright.monitoring import act
from tabwright.monitoring.alert import alert, main
from tabwright.monitoring.decide import State, decide, rows_needed
from tabwright.monitoring.drift import Finding
from tabwright.project.errors import ProjectError
from tabwright.project.files import write_json
from tabwright.project.project import Project
from tabwright.registry.live import LivePair


def alarms(*kinds: str) -> list[Finding]:
    """Alarms of these kinds."""
    return [Finding("a" if kind == "shape" else "", kind, 0, 1, "x", "y", True) for kind in kinds]


BETTER = LivePair(600, Gain(0.05, 0.02, 0.08), "roc_auc 0.80 against 0.75")
EQUAL = LivePair(600, Gain(0.01, -0.02, 0.04), "roc_auc 0.76 against 0.75")
FORMER = {"shadow": "version 1", "is_former": True}


@pytest.mark.parametrize(
    ("state", "action", "words"),
    [
        ({}, "none", "nothing differs"),
        ({"seen": False}, "none", "no row is there"),
        ({"once": alarms("shape")}, "none", "no alarm until it stays"),
        ({"once": alarms("loss"), "labelled": 9_999}, "none", "no alarm until it stays"),
        ({"rows": alarms("shape"), "labelled": 9_999}, "look", "distributed differently"),
        ({"trouble": ["9 % of the newest rows are rejected"]}, "look", "rejected"),
        ({"outcomes": alarms("loss"), "labelled": 1_499}, "look", "too few to train again"),
        ({"outcomes": alarms("loss"), "labelled": 1_500}, "retrain", "1,500 of 1,500 rows"),
        ({"outcomes": alarms("rate"), "labelled": 1_500}, "retrain", "not those that"),
        ({"outcomes": alarms("loss"), "labelled": 1_999, "needed": 2_000}, "look", "too few"),
        (
            {"outcomes": alarms("loss"), "labelled": 9_999, "shadow": "version 3", "pair": BETTER},
            "look",
            "`make promote` judges it",
        ),
        ({"outcomes": alarms("loss"), "pair": BETTER} | FORMER, "rollback", "version 1, the prev"),
        ({"outcomes": alarms("rate"), "pair": BETTER} | FORMER, "look", "too few"),
        ({"outcomes": alarms("loss"), "pair": EQUAL} | FORMER, "look", "too few"),
        (
            {"outcomes": alarms("loss"), "pair": EQUAL, "labelled": 1_500} | FORMER,
            "retrain",
            "1,500 rows",
        ),
        ({"outcomes": alarms("loss"), "pair": LivePair(499)} | FORMER, "look", "too few"),
        ({"rows": alarms("shape"), "pair": BETTER} | FORMER, "look", "distributed differently"),
    ],
)
def test_action(state: dict, action: str, words: str) -> None:
    found, why = decide(State(**state))
    assert found == action
    assert words in "; ".join(why)


def test_wide_tables_need_more_rows_to_train_again(trained) -> None:
    assert rows_needed(trained.schema) == 1_500
    wide = {f"c{n}": trained.schema.columns["visits"] for n in range(200)}
    columns = trained.schema.columns | wide
    assert rows_needed(replace(trained.schema, columns=columns)) == 10 * (200 + 6)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A webhook that `ALERT_URL` names."""
    with webhook() as hook:
        monkeypatch.setenv("ALERT_URL", hook.address)
        yield hook


def test_alert_is_posted_and_a_failure_is_a_line(hook, capsys, monkeypatch) -> None:
    alert("shop: look")
    assert [json.loads(body) for body in hook.received] == [{"text": "shop: look"}]
    hook.status = 500
    alert("again")
    monkeypatch.setenv("ALERT_URL", "http://127.0.0.1:1/secret")
    alert("nobody hears")
    monkeypatch.setenv("ALERT_URL", "ftp://host/secret")
    alert("no")
    monkeypatch.setenv("ALERT_URL", "http://[secret")
    alert("no")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    assert not any("secret" in line for line in said)
    monkeypatch.delenv("ALERT_URL")
    alert("nobody asks")
    assert not capsys.readouterr().err


def test_message_is_sent_and_printed(project: Project, hook, capsys, monkeypatch) -> None:
    main(project, ["--what", 'the daily run\'s "log"'])
    said = capsys.readouterr().out
    assert json.loads(hook.received[0]) == {"text": said.strip()}
    assert said == f'{project.title}: the daily run\'s "log"\n'
    monkeypatch.delenv("ALERT_URL")
    main(project, ["--what", "nobody but who reads the log"])
    assert "nobody but who reads the log" in capsys.readouterr().out
    assert len(hook.received) == 1
    with pytest.raises(ProjectError, match="nothing to tell"):
        main(project, ["--what", ""])


@pytest.fixture
def planned(project: Project, monkeypatch: pytest.MonkeyPatch):
    """Write a plan for a champion."""
    monkeypatch.setattr(act, "current_champion", lambda _: {"run": "run-2"})

    def plan(action: str, run: str = "run-2") -> Project:
        tree = {"action": action, "why": ["it is worse"], "champion": {"run": run}}
        write_json(project.monitoring_file, tree)
        return project

    return plan


@pytest.mark.parametrize("action", ["none", "look"])
def test_nothing_is_done_where_nothing_is_to_be_done(action: str, planned, capsys) -> None:
    act.main(planned(action), [])
    assert f"nothing is to be done: `make monitor` says {action} (it is worse)" in (
        capsys.readouterr().out
    )


def test_plan_that_is_missing_damaged_or_of_another_champion_is_refused(planned, project) -> None:
    with pytest.raises(ProjectError, match="`make monitor` comes first"):
        act.main(project, [])
    with pytest.raises(ProjectError, match="another champion was promoted"):
        act.main(planned("retrain", "run-1"), [])
    for text in ("", "[]", "{}", '{"action": "none", "why": [], "champion": 1}'):
        project.monitoring_file.write_text(text, encoding="utf-8")
        with pytest.raises(ProjectError, match=r"monitoring\.json is damaged"):
            act.main(project, [])


def test_rollback_is_proposed_and_done_with_auto(planned, capsys, monkeypatch, hook) -> None:
    done = []
    monkeypatch.setattr(act, "rollback", lambda *_: done.append("back"))
    act.main(planned("rollback"), [])
    assert not done
    assert "to do: `make rollback`, or `make act AUTO=1` (it is worse)" in capsys.readouterr().out
    monkeypatch.delenv("WHY", raising=False)
    act.main(planned("rollback"), ["--auto"])
    assert done == ["back"]
    assert b"rolled back. it is worse" in hook.received[-1]
    monkeypatch.delenv("WHY")


@pytest.mark.parametrize("error", [SystemExit(1), ProjectError("no disk."), ValueError("a bug")])
def test_what_fails_stops_with_an_alert(error, planned, monkeypatch, hook) -> None:
    done = []

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(act, "current_shadow", lambda _: None)
    monkeypatch.setattr(act, "add_feedback", lambda _: 1_500)
    monkeypatch.setattr(act, "repro", fail)
    monkeypatch.setattr(act, "register", lambda *_: done.append("registered"))
    monkeypatch.setenv("WHY", "")
    with pytest.raises(ValueError if isinstance(error, ValueError) else ProjectError):
        act.main(planned("retrain"), [])
    assert not done
    (body,) = hook.received
    assert "`make act` could not retrain" in json.loads(body)["text"]


def test_retraining_goes_from_the_gate_into_the_shadow(planned, monkeypatch, capsys) -> None:
    done = []
    monkeypatch.setattr(act, "current_shadow", lambda _: None)
    monkeypatch.setattr(act, "add_feedback", lambda _: 1_600)
    monkeypatch.setattr(act, "repro", lambda _, steps: done.append(steps))
    monkeypatch.setattr(act, "register", lambda *_: done.append("register"))
    monkeypatch.setattr(act, "shadow", lambda _, arguments: done.append(arguments))
    monkeypatch.setattr(act, "require_record", lambda *_: {"run": "run-3"})
    monkeypatch.setenv("WHY", "")
    act.main(planned("retrain"), [])
    assert done == [["evaluate", "gate"], "register", ["--run", "run-3"]]
    assert "1600 rows with outcomes added" in capsys.readouterr().out
    monkeypatch.setattr(act, "require_record", lambda *_: {"run": "run-2"})
    with pytest.raises(ProjectError, match="no new row to learn from"):
        act.main(planned("retrain"), [])
