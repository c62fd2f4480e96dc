"""What is said of a run and its repetition, and that the number of cores changes neither."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from joblib import parallel_config
from support.owner import PROJECT, fit_model
from support.small_table import make_raw, split_table, with_train
from tabwright.io.source import Source
from tabwright.reproduction import reproduce, verdict
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.selection import metrics, persistence
from tabwright.selection.sources import SourceCode
from threadpoolctl import threadpool_limits

TABLE = pd.DataFrame({"y": ["a", "b"], "predicted_y": ["a", "a"], "probability_a": [0.9, 0.6]})


def run(**changes: object) -> dict:
    """A record like those of reports/runs."""
    return {
        "run": "run-of-today",
        "commit": "first commit",
        "dirty": False,
        "inputs": "7ree",
        "data": {"data/raw/a.csv": "raw file"},
        "train_md5": "aaaa",
        "schema_md5": "bbbb",
        "lock_md5": "cccc",
        "platform": "Linux-6.1-x86_64, Python 3.13.1",
        "seed": 42,
        "model_md5": "dddd",
        "cv": {"metric": "roc_auc", "mean": 0.9},
        "evaluation": {
            "test": {"roc_auc": 0.8, "f1": float("nan")},
            "test_md5": "eeee",
            "predictions_md5": "ffff",
        },
    } | changes


def scored(roc_auc: float, predictions: str = "ffff") -> dict:
    """The evaluation in a record."""
    test = {"roc_auc": roc_auc, "f1": float("nan")}
    return {"test": test, "test_md5": "eeee", "predictions_md5": predictions}


@pytest.mark.parametrize(
    ("changes", "reproduced", "words"),
    [
        ({}, True, "every result is identical."),
        ({"inputs": "other", "seed": 7}, True, "every result is identical."),
        ({"evaluation": scored(0.8 + 1e-9)}, True, "within 1e-06."),
        (
            {"evaluation": scored(0.81), "lock_md5": "x", "data": {}},
            False,
            "different results in test_roc_auc. Inputs that differ: data/raw/a.csv, environment.",
        ),
        (
            {"cv": {"metric": "roc_auc", "mean": 0.7}},
            False,
            "different results in cv_roc_auc. All inputs",
        ),
        ({"evaluation": scored(0.8, "gggg")}, False, "different results in test predictions"),
    ],
)
def test_verdict_names_what_differs(
    changes: dict, reproduced: bool, words: str, tmp_path: Path
) -> None:
    text, good = verdict.compare_runs(run(), run(**changes), None, tmp_path / "none")
    assert good is reproduced
    assert words in text
    assert ("NOT" in text) is not reproduced


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"probability_a": [0.9 + 1e-9, 0.6]}, "within 1e-06"),
        ({"probability_a": [0.9, 0.5]}, "different by up to 0.1"),
        ({"predicted_y": ["a", "b"]}, "different by up to 0, another class in 1 of 2 rows"),
        ({"more": [1, 2]}, "different: 2 rows then, 2 now, or other columns"),
    ],
)
def test_predictions_are_compared_row_by_row(change: dict, said: str, tmp_path: Path) -> None:
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    TABLE.to_parquet(old)
    TABLE.assign(**change).to_parquet(new)
    assert verdict.compare_tables(old, new) == said
    again = run(evaluation=scored(0.8, "gggg"), model_md5="zzzz")
    text, good = verdict.compare_runs(run(), again, old, new)
    assert good is said.startswith("within")
    assert "other bytes, see the predictions" in text


def test_a_run_that_was_never_evaluated_is_judged_by_its_model() -> None:
    record = run()
    del record["evaluation"]
    text, good = verdict.compare_runs(record, record | {"model_md5": "zzzz"}, None, Path())
    assert not good
    assert "never evaluated" in text
    assert verdict.compare_runs(record, record, None, Path())[1]


def test_the_search_ends_where_it_ended_then(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    before = "seed: 1\ntrain:\n  search:\n    n_iter: 20\n    timeout: 60\n  threshold: cost 5\n"
    params.write_text(before, encoding="utf-8")
    reproduce.pin_search(params, 0)
    assert params.read_text(encoding="utf-8") == before
    reproduce.pin_search(params, 3)
    assert "n_iter: 3\n" in params.read_text(encoding="utf-8")
    assert "timeout: 86400\n" in params.read_text(encoding="utf-8")


def test_nothing_leads_the_repetition_back_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "MLFLOW_TRACKING_URI", "PYTHONPATH", "VIRTUAL_ENV", "MLFLOW_RUN_ID"):
        monkeypatch.setenv(name, "here")
    told = reproduce.environment(tmp_path)
    assert "here" not in told.values()
    assert told["MLFLOW_TRACKING_URI"].endswith(f"{tmp_path.name}/mlflow.db")
    assert told["PATH"].startswith(str(tmp_path / ".venv"))


@pytest.mark.parametrize("target", ["bought", "spent"])
def test_any_number_of_cores_gives_the_same_model(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_raw(400)
    schema = infer_schema(table, target, Source())
    params = with_train(n_iter=0, candidates=["linear", "forest", "boosting", "voting"])
    params = replace(params, data=replace(params.data, target=target))
    rows = split_table(apply_contract(table, schema)[0], schema, params)
    found = set()
    for cores in (1, 4):
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", str(cores))
        with threadpool_limits(cores), parallel_config(n_jobs=cores):
            model, _ = fit_model(rows["train"], schema, params)
            predicted = metrics.predict_scores(model, rows["test"], schema)
        persistence.save_model(model, tmp_path / "model.skops", SourceCode(PROJECT / "src"))
        found.add(((tmp_path / "model.skops").read_bytes(), predicted.tobytes()))
    assert len(found) == 1
