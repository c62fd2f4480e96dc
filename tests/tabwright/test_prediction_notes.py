"""A prediction file comes out whole and in order, with a note where there is something to say."""

import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from support.predictor import Fitted, Predictor, fit, table
from tabwright.evaluation import predictions
from tabwright.io import read
from tabwright.prediction import predict
from tabwright.project.errors import ProjectError
from tabwright.schema.rules import apply_contract

NOTE = "prediction_note"
NAMES = ["baseline", "linear", "forest", "boosting"]


@pytest.fixture
def predicted(tmp_path: Path) -> Predictor:
    """Predictions of files in a folder of the test."""
    return Predictor(tmp_path)


@pytest.fixture(scope="module")
def linear() -> Fitted:
    """A model of classes."""
    return fit()


@pytest.mark.parametrize("target", ["bought", "spent"])
@pytest.mark.parametrize("name", NAMES)
def test_what_training_has_not_seen_is_predicted_and_flagged(
    predicted: Predictor, name: str, target: str
) -> None:
    new = table(8)
    new.loc[1:, ["age", "city", "street", "member", "joined", "remark"]] = [
        ["130", "Graz", "lane 1", "no", "2031-05-01", "nothing of the kind"],
        ["", "Bern", "street 1", "no", "2024-01-01", "a good visit"],
        ["30", "", "street 1", "no", "2024-01-01", "a good visit"],
        ["30", "Bern", "", "no", "2024-01-01", "a good visit"],
        ["30", "Bern", "street 1", "", "2024-01-01", "a good visit"],
        ["30", "Bern", "street 1", "no", "", "a good visit"],
        ["30", "Bern", "street 1", "no", "2024-01-01", ""],
    ]
    with warnings.catch_warnings(action="error"):
        result = predicted(new, fit(name, target))
    assert result["key"].tolist() == new["key"].tolist()
    assert (result[f"predicted_{target}"] != "").all()
    assert result.columns[-1] == NOTE
    empty = [f"{column} is empty" for column in ("age", "city", "street", "member", "joined")]
    assert result[NOTE].tolist()[2:] == [*empty, "remark is empty"]
    assert result[NOTE][0] == ""
    assert "city 'Graz' is new" in result[NOTE][1]
    assert "age 130 is outside 0 to 80" in result[NOTE][1]


def test_rows_that_cannot_be_predicted_stand_in_place_with_the_reason(
    predicted: Predictor, linear, capsys: pytest.CaptureFixture[str]
) -> None:
    new = table(6).drop(columns=["bought", "spent"])
    new.loc[1, ["age", "city"]] = ["abc", "Graz"]
    new.loc[3, "joined"] = "soon"
    new.loc[4, "city"] = "Graz"
    lines = new.to_csv(index=False).splitlines()
    lines[3] += ",more,"
    lines[6] = "00005,33"
    result = predicted("\n".join(lines) + "\n", linear)
    assert result["key"].tolist() == new["key"].tolist()
    assert result["age"][5] == "33"
    assert (result["predicted_bought"] == "").tolist() == [False, True, True, True, False, True]
    assert (result["probability_yes"] == "").tolist() == [False, True, True, True, False, True]
    assert result[NOTE].tolist() == [
        "",
        "age: 'abc' is not a number; city 'Graz' is new",
        f"expected 7 cells, not 9: {lines[3]!r}",
        "joined: 'soon' is not a date written like %Y-%m-%d",
        "city 'Graz' is new",
        "expected 7 cells, not 2: '00005,33'",
    ]
    said = capsys.readouterr().out
    assert "2 rows of" in said
    assert "1 of them flagged, 4 not predicted" in said


def test_pieces_give_what_the_whole_gives(
    predicted: Predictor, linear, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = table(60).to_csv(index=False).splitlines()
    for number in (1, 7, 8, 20, 33, 60):
        lines[number] += ",more"
    text = "\n".join(lines) + "\n"
    whole = predicted(text, linear)
    assert whole["key"].tolist() == table(60)["key"].tolist()
    assert (whole["predicted_bought"] == "").sum() == 6
    monkeypatch.setattr(read, "BATCH_ROWS", 7)
    pd.testing.assert_frame_equal(predicted(text, linear), whole)


def test_strict_refuses_a_file_with_a_flagged_row(predicted: Predictor, linear) -> None:
    new = table(6)
    new.loc[4, "city"] = "Graz"
    predicted(new, linear)
    (predicted.folder / "out.csv").unlink()
    before = set(predicted.folder.iterdir())
    with pytest.raises(ProjectError, match="row 5, column 'city': 'Graz'"):
        predicted(new, linear, "--strict")
    assert set(predicted.folder.iterdir()) == before
    assert len(predicted(table(6), linear, "--strict")) == 6


def test_a_file_of_which_no_row_can_be_predicted_is_refused(predicted: Predictor, linear) -> None:
    with pytest.raises(ProjectError, match="in 6 of 6 rows, nothing is predicted"):
        predicted(table(6).assign(age="old"), linear)
    assert not (predicted.folder / "out.csv").exists()


def test_a_missing_column_is_an_error_for_the_file(predicted: Predictor, linear) -> None:
    with pytest.raises(ProjectError, match="missing from the file: 'age'"):
        predicted(table(6).drop(columns="age"), linear)


def test_a_declared_rule_leaves_a_row_without_a_prediction(predicted: Predictor) -> None:
    model, agreed = deepcopy(fit())
    agreed.columns["city"].strict = True
    new = table(4)
    new.loc[2, "city"] = "Graz"
    result = predicted(new, (model, agreed))
    assert (result["predicted_bought"] == "").tolist() == [False, False, True, False]
    assert result[NOTE][2] == "city 'Graz' is new"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", ["1e39", "-1.7976931348623157e308", "1e25"])
def test_one_absurd_number_costs_one_row_at_most(
    predicted: Predictor, name: str, number: str
) -> None:
    new = table(4)
    new.loc[2, "age"] = number
    result = predicted(new, fit(name, "spent"))
    assert (result["predicted_spent"] != "").sum() >= 3
    assert f"age {number} is outside" in result[NOTE][2]


def test_a_prediction_without_end_is_left_empty(predicted: Predictor, monkeypatch) -> None:
    fitted = fit(target="spent")
    values = np.array([1.5, np.inf, 2.5])
    monkeypatch.setattr(predictions, "predict_scores", lambda *_: values)
    result = predicted(table(3), fitted)
    assert result["predicted_spent"].tolist() == ["1.5", "", "2.5"]
    assert "finite" in result[NOTE][1]


def test_a_footnote_of_a_workbook_keeps_its_place(predicted: Predictor, linear) -> None:
    source, output = predicted.folder / "new.xlsx", predicted.folder / "out.csv"
    new = table(6).astype({"age": int})
    note = pd.DataFrame([["as of May", *[None] * (new.shape[1] - 1)]], columns=new.columns)
    pd.concat([new, note]).to_excel(source, index=False)
    counts = predict.predict_file(source, output, *linear)
    result = pd.read_csv(output, dtype=str, keep_default_na=False)
    assert len(result) == counts["rows"]
    assert (result["predicted_bought"].head(6) != "").all()
    assert result["age"].head(6).tolist() == new["age"].astype("str").tolist()
    assert result[NOTE].tail(len(result) - 6).ne("").all()


def test_a_row_that_is_scored_must_have_a_finite_prediction(
    predicted: Predictor, linear, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, agreed = linear
    typed = apply_contract(table(2), agreed, target=False)[0]
    values = np.array([[0.5, 0.5], [0.5, np.nan]])
    monkeypatch.setattr(predictions, "predict_scores", lambda *_: values)
    with pytest.raises(ProjectError, match="no finite prediction for row 2"):
        predictions.predict_table(typed[["key"]], typed, model, agreed)


def test_parquet_keeps_types_and_has_the_note(predicted: Predictor, linear) -> None:
    source, output = predicted.folder / "new.parquet", predicted.folder / "out.parquet"
    new = table(6).astype({"age": int}).assign(count=range(6))
    new.loc[2, "joined"] = "soon"
    new.to_parquet(source)
    predict.predict_file(source, output, *linear)
    result = pd.read_parquet(output)
    assert pq.read_schema(output).field("count").type == "int64"
    assert result["predicted_bought"].isna().tolist() == [False, False, True, False, False, False]
    assert result[NOTE].notna().tolist() == [False, False, True, False, False, False]


def test_a_column_of_the_name_of_the_note_is_not_overwritten(predicted: Predictor, linear) -> None:
    with pytest.raises(ProjectError, match=f"already has {NOTE}"):
        predicted(table(6).assign(**{NOTE: "mine"}), linear)
