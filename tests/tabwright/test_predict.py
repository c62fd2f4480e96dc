"""Batch prediction of files."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.small_table import make_raw
from tabwright.evaluation import predictions
from tabwright.io import read
from tabwright.prediction.predict_file import predict_file
from tabwright.project import files
from tabwright.project.errors import ProjectError

PREDICTED = ["predicted_bought", "probability_no", "probability_yes", "prediction_note"]


def predict(raw: pd.DataFrame, trained, folder: Path, name: str = "new.csv") -> pd.DataFrame:
    """Write rows to a CSV file, predict it, read the result."""
    source, output = folder / name, folder / f"out-{name}"
    raw.to_csv(source, index=False)
    counts = predict_file(source, output, trained.model, trained.schema)
    assert counts["rows"] == len(raw)
    text = {"customer_id": str, "extra": str}
    return pd.read_csv(output, dtype=text, keep_default_na=False)


def test_every_row_is_predicted_in_order_and_carried_through(trained, tmp_path: Path) -> None:
    extra = ["NA", "None", "007", "null", "1e3"] * 10
    new = make_raw(50, seed=7).drop(columns="bought").assign(extra=extra)
    result = predict(new, trained, tmp_path)
    assert result["customer_id"].tolist() == new["customer_id"].tolist()
    assert list(result.columns) == [*new.columns, *PREDICTED]
    assert result["extra"].tolist() == extra
    assert result[PREDICTED[1:3]].sum(axis=1).to_numpy() == pytest.approx(1)
    positive = result["probability_yes"] >= trained.facts["threshold"]["value"]
    assert ((result["predicted_bought"] == "yes") == positive).all()


def test_order_of_rows_and_columns_does_not_matter(trained, tmp_path: Path) -> None:
    new = make_raw(50, seed=7)
    before = predict(new, trained, tmp_path).set_index("customer_id")
    turned = new.iloc[::-1][list(reversed(new.columns))]
    after = predict(turned, trained, tmp_path, "turned.csv").set_index("customer_id")
    pd.testing.assert_frame_equal(before, after.loc[before.index, before.columns])


def test_pieces_give_what_the_whole_gives(trained, tmp_path: Path, monkeypatch) -> None:
    new = make_raw(50, seed=7)
    whole = predict(new, trained, tmp_path)
    monkeypatch.setattr(read, "BATCH_ROWS", 7)
    pd.testing.assert_frame_equal(predict(new, trained, tmp_path), whole)


def test_parquet_in_parquet_out(trained, tmp_path: Path) -> None:
    source, output = tmp_path / "new.parquet", tmp_path / "out.parquet"
    trained.unlabelled.to_parquet(source)
    predict_file(source, output, trained.model, trained.schema)
    result = pd.read_parquet(output)
    assert result["customer_id"].tolist() == trained.unlabelled["customer_id"].tolist()
    assert result["probability_yes"].between(0, 1).all()


def test_file_without_rows_gives_a_file_without_rows(trained, tmp_path: Path) -> None:
    result = predict(make_raw(50).head(0), trained, tmp_path)
    assert len(result) == 0
    assert list(result.columns)[-4:] == PREDICTED


def test_a_broken_row_is_kept_in_place_with_the_reason(trained, tmp_path: Path) -> None:
    new = make_raw(30, seed=7)
    whole = predict(new, trained, tmp_path)
    new.loc[25, "visits"] = "many"
    result = predict(new, trained, tmp_path)
    assert result.loc[25, PREDICTED].tolist() == ["", "", "", "visits: 'many' is not a number"]
    others = new.index != 25
    assert result.loc[others, "predicted_bought"].equals(whole.loc[others, "predicted_bought"])
    assert set(result.loc[others, "prediction_note"]) == {""}


def test_strict_prediction_names_broken_rows_and_writes_nothing(
    trained, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(read, "BATCH_ROWS", 7)
    new = make_raw(30, seed=7)
    new.loc[25, "visits"] = "many"
    source, output = tmp_path / "new.csv", tmp_path / "out-new.csv"
    new.to_csv(source, index=False)
    output.write_text("yesterday's predictions", encoding="utf-8")
    with pytest.raises(ProjectError, match="row 26, column 'visits': 'many'"):
        predict_file(source, output, trained.model, trained.schema, strict=True)
    assert output.read_text(encoding="utf-8") == "yesterday's predictions"
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", "out-new.csv"}


def test_columns_of_the_input_are_not_overwritten(trained, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="already has predicted_bought"):
        predict(make_raw(5).assign(predicted_bought="yes"), trained, tmp_path)


def test_prediction_that_is_no_number_is_left_empty(trained, tmp_path: Path, monkeypatch) -> None:
    values = np.array([[0.5, 0.5], [np.nan, np.inf]])
    monkeypatch.setattr(predictions, "predict_scores", lambda *_: values)
    result = predict(make_raw(2), trained, tmp_path)
    assert result["predicted_bought"].tolist() == ["yes", ""]
    assert "finite" in result.loc[1, "prediction_note"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    path.write_text("old", encoding="utf-8")
    with suppress(KeyboardInterrupt), files.replacing(path) as partial:
        partial.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert [(entry.name, entry.read_text(encoding="utf-8")) for entry in tmp_path.iterdir()] == [
        ("result.csv", "old")
    ]


def test_predictions_are_not_all_the_same(trained, tmp_path: Path) -> None:
    assert np.ptp(predict(make_raw(50, seed=7), trained, tmp_path)["probability_yes"]) > 0.5
