"""The report and the model card describe the model that predicts."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from tabwright.project.project import Project
from tabwright.reports import facts as reports
from tabwright.tracking.names import run_name


def scores(value: float) -> dict:
    """What an evaluation gives."""
    interval = {"roc_auc": {"low": value - 0.05, "high": value + 0.05}}
    return {
        "metric": "roc_auc",
        "rows": 60,
        "test": {"roc_auc": value},
        "baseline": {"roc_auc": 0.5},
        "interval": interval,
        "gain": value - 0.5,
        "gain_interval": {"low": value - 0.55, "high": value - 0.45},
    }


def latest(md5: str, value: float, best: str) -> dict:
    """Of the latest model, as the files of training and evaluation have it."""
    return {
        "scores": scores(value),
        "candidates": {"best": best},
        "hashes": {"model": md5},
        "run": f"run-of-{md5}",
        "figures": Path("latest"),
    }


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """Say what is known: the latest model has 0.95; the champion, where there is one, 0.81."""
    project = Project(tmp_path)
    monkeypatch.setitem(vars(project), "params", SimpleNamespace(evaluate=None))
    monkeypatch.setattr(reports, "_latest", lambda _: latest("new", 0.95, "forest"))
    monkeypatch.setattr(reports, "load_schema", lambda path: path)
    monkeypatch.setattr(reports, "checks", lambda *_: ["a check"])
    monkeypatch.setattr(reports, "task_metrics", lambda *_, **__: {})
    evaluation = scores(0.81) | {"slices": [], "tests": [], "test_md5": "t"}
    record = {"run": "run-1", "model_md5": "old", "train_md5": "r", "params": {"seed": 1}}
    record |= {"training": {"best": "linear"}, "rows": {"train": 1}, "evaluation": evaluation}
    folder = project.champions_folder / "run-1"
    folder.mkdir(parents=True)
    (folder / "schema.yaml").touch()

    def describe(md5: str | None, **changes: object) -> dict:
        promotion = {"time": "2024", "what": "promoted", "version": "2", "run": "run-1"}
        promotion |= {"by": "Ada", "why": "better", "model_md5": md5}
        monkeypatch.setattr(reports, "current_champion", lambda _: promotion if md5 else None)
        monkeypatch.setattr(reports, "load_records", lambda _: [record | changes])
        return reports.collect_facts(project)

    return describe


def test_without_a_champion_it_is_the_latest(described: object) -> None:
    found = described(None)
    assert found["scores"]["test"]["roc_auc"] == 0.95
    assert "No model is promoted yet" in found["standing"][0]


def test_champion_that_is_the_latest_is_named(described: object) -> None:
    found = described("new")
    assert found["scores"]["test"]["roc_auc"] == 0.95
    (line,) = found["standing"]
    assert line.startswith("This is the champion")
    assert "version 2" in line


def test_champion_is_described_while_a_newer_model_waits(described: object, tmp_path: Path) -> None:
    found = described("old")
    assert found["scores"]["test"]["roc_auc"] == 0.81
    assert found["candidates"] == {"best": "linear"}
    assert found["hashes"] == {"train": "r", "model": "old", "test": "t"}
    assert found["schema"] == tmp_path / "models/champions/run-1" / "schema.yaml"
    assert found["figures"] == tmp_path / "models/champions/run-1" / "figures"
    champion, waiting = found["standing"]
    assert "version 2" in champion
    assert "0.95" not in champion
    assert (
        f"forest (run {run_name('run-of-new')}) scores roc_auc 0.9500 (0.9000 to 1.0000)" in waiting
    )
    assert "does not predict" in waiting


def test_page_of_another_model_than_the_champion_says_so(described: object) -> None:
    found = described("old", evaluation={})
    assert found["scores"]["test"]["roc_auc"] == 0.95
    assert found["standing"][0].startswith("This is NOT the champion")


def test_page_where_the_champion_is_not_pulled_says_so(described: object, tmp_path: Path) -> None:
    (tmp_path / "models/champions/run-1" / "schema.yaml").unlink()
    found = described("old")
    assert found["hashes"]["model"] == "new"
    assert found["standing"][0].startswith("This is NOT the champion")
