"""What `make predict` keeps in the request log, and that keeping it costs no prediction."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.champions import kept, latest, promoted
from support.small_table import make_raw
from tabwright.io import read
from tabwright.prediction import batch_log
from tabwright.prediction.predict import predict
from tabwright.project.files import read_json
from tabwright.project.project import Project
from tabwright.registry import shadow
from tabwright.registry.live import typed_answers
from tabwright.request_log.log import read_answers, read_batches, read_refusals
from tabwright.schema.rules import apply_contract

ROWS = 60


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1."""
    made = latest(project, trained)
    promoted(made, "run-1")
    return made


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A file of rows to predict, one of which cannot be."""
    raw = make_raw(ROWS, seed=7).drop(columns="bought")
    raw.loc[10, "visits"] = "many"
    raw.loc[[20, 21], "city"] = "Oslo"
    raw.to_csv(path := tmp_path / "new.csv", index=False)
    return path


def test_answers_are_the_rows_and_scores_of_the_output(
    models: Project, new: Path, trained, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    predict(models, new, output)
    answers = read_answers(models.log_folder)
    assert len(answers) == ROWS - 1
    raw = pd.read_csv(new, dtype=str).drop(index=10)
    expected, _ = apply_contract(raw, trained.schema, target=False)
    features = list(trained.schema.features)
    found = typed_answers(answers, trained.schema)[features]
    order = pd.Index(answers["key"]).get_indexer(raw["customer_id"])
    pd.testing.assert_frame_equal(
        found.iloc[order].reset_index(drop=True), expected[features].reset_index(drop=True)
    )
    table = pd.read_csv(output).drop(index=10)
    scores = np.array(answers["scores"].tolist())[order]
    assert np.array_equal(scores, table[["probability_no", "probability_yes"]].to_numpy())
    assert answers["answer"].iloc[order].tolist() == table["predicted_bought"].tolist()
    assert answers["note"].iloc[order].tolist() == table["prediction_note"].fillna("").tolist()
    log = read_json(tmp_path / "out.csv.origin.json")["log"]
    assert answers["id"].iloc[order].tolist() == [f"{log}-{row + 1}" for row in raw.index]
    (batch,) = read_batches(models.log_folder).to_dict("records")
    assert (batch["rows"], batch["flagged"], batch["rejected"]) == (ROWS, 2, 1)
    assert batch["source"] == "new.csv"
    assert batch["seconds"] > 0
    (refusal,) = read_refusals(models.log_folder, read_batches(models.log_folder)).to_dict(
        "records"
    )
    assert (refusal["column"], refusal["rule"], refusal["rows"]) == ("visits", "a number", 1)


def test_the_same_file_counts_once_and_another_model_counts_anew(
    models: Project, new: Path, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv"):
        predict(models, new, tmp_path / name)
    assert len(read_answers(models.log_folder)) == ROWS - 1
    assert len(read_batches(models.log_folder)) == 1
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_of_many_rows_evenly_spaced_ones_are_kept(
    models: Project, new: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(batch_log, "MAX_ROWS", 20)
    monkeypatch.setattr(read, "BATCH_ROWS", 7)
    predict(models, new, tmp_path / "out.csv")
    ids = read_answers(models.log_folder)["id"].str.rpartition("-")[2].astype(int)
    assert sorted(ids) == list(range(1, ROWS + 1, 4))
    assert read_batches(models.log_folder)["rows"].tolist() == [ROWS]


def test_held_out_rows_and_a_log_of_no_days_are_not_logged(
    models: Project, new: Path, trained, tmp_path: Path, monkeypatch
) -> None:
    models.test_file.parent.mkdir(parents=True)
    trained.test.to_parquet(models.test_file)
    predict(models, models.test_file, tmp_path / "out.csv")
    monkeypatch.setenv("SERVE_LOG_DAYS", "0")
    predict(models, new, tmp_path / "out.csv")
    assert not models.log_folder.exists()
    assert "log" not in read_json(tmp_path / "out.csv.origin.json")


@pytest.mark.parametrize("fault", ["no folder", "damaged", "days"])
def test_a_log_that_fails_is_one_line_and_no_failed_prediction(
    fault: str, models: Project, new: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    predict(models, new, tmp_path / "before.csv")
    for path in models.log_folder.glob("*"):
        path.unlink() if fault == "no folder" else path.write_bytes(b"no database at all" * 99)
    if fault == "no folder":
        models.log_folder.rmdir()
        models.log_folder.write_text("", encoding="utf-8")
    if fault == "days":
        monkeypatch.setenv("SERVE_LOG_DAYS", "a month")
    capsys.readouterr()
    predict(models, new, tmp_path / "out.csv")
    said = capsys.readouterr()
    assert "59 rows" in said.out
    (line,) = said.err.splitlines()
    assert line.startswith("new.csv is not in the log: ")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "before.csv").read_bytes()


def test_shadow_scores_the_rows_that_are_kept(
    models: Project, new: Path, tmp_path: Path, capsys
) -> None:
    entry = kept(models, "run-2")
    shadow.begin_shadow(models, entry, 0.5)
    predict(models, new, tmp_path / "out.csv")
    answers = read_answers(models.log_folder)
    assert set(answers["run"]) == {"run-1"}
    assert set(answers["shadow_run"]) == {"run-2"}
    assert answers["shadow_scores"].tolist() == answers["scores"].tolist()
    (batch,) = read_batches(models.log_folder).to_dict("records")
    assert batch["shadow_run"] == "run-2"
    assert batch["shadow_seconds"] > 0
    (models.champions_folder / "run-2" / "model.skops").unlink()
    predict(models, new, tmp_path / "out.csv")
    assert "the model in the shadow failed: " in capsys.readouterr().err
    assert read_answers(models.log_folder)["shadow_scores"].isna().all()
