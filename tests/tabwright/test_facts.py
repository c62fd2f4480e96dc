"""The report and the model card describe the model that predicts."""

from pathlib import Path

import pytest



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


def facts(md5: str, value: float, best: str) -> dict:
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
    found = module("visualization.described")
    monkeypatch.setattr(module("models.champion"), "CHAMPIONS", tmp_path)
    monkeypatch.setattr(found, "_latest", lambda: facts("new", 0.95, "forest"))
    monkeypatch.setattr(found, "load_schema", lambda path: path)
    monkeypatch.setattr(found, "checks", lambda *_: ["a check"])
    monkeypatch.setattr(found, "metrics_of", lambda schema: {})
    evaluation = scores(0.81) | {"slices": [], "tests": [], "test_md5": "t"}
    record = {"run": "run-1", "model_md5": "old", "train_md5": "r", "params": {"seed": 1}}
    record |= {"training": {"best": "linear"}, "rows": {"train": 1}, "evaluation": evaluation}
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "schema.yaml").touch()

    def describe(md5: str | None, **changes: object) -> dict:
        decision = {"time": "2024", "what": "promoted", "version": "2", "run": "run-1"}
        decision |= {"by": "Ada", "why": "better", "model_md5": md5}
        monkeypatch.setattr(found, "in_force", lambda: decision if md5 else None)
        monkeypatch.setattr(found, "load_records", lambda: [record | changes])
        return found.described()

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
    assert found["schema"] == tmp_path / "run-1" / "schema.yaml"
    assert found["figures"] == tmp_path / "run-1" / "figures"
    champion, waiting = found["standing"]
    assert "version 2" in champion
    assert "0.95" not in champion
    assert "forest (run run-of-n) scores roc_auc 0.9500 (0.9000 to 1.0000)" in waiting
    assert "does not predict" in waiting


def test_page_of_another_model_than_the_champion_says_so(described: object) -> None:
    found = described("old", evaluation={})
    assert found["scores"]["test"]["roc_auc"] == 0.95
    assert found["standing"][0].startswith("This is NOT the champion")


def test_page_where_the_champion_is_not_pulled_says_so(described: object, tmp_path: Path) -> None:
    (tmp_path / "run-1" / "schema.yaml").unlink()
    found = described("old")
    assert found["hashes"]["model"] == "new"
    assert found["standing"][0].startswith("This is NOT the champion")
