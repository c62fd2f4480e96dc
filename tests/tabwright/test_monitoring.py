"""The log, the outcomes, the page and the live checks of a champion at work."""

import numpy as np
import pandas as pd
import pytest
from support.at_work import champion_at_work, keep_reference, predicted, tell
from support.champions import kept, promoted
from support.small_table import make_raw
from tabwright.monitoring import monitor, outcomes, windows
from tabwright.monitoring.watch import collect
from tabwright.prediction.predict import predict
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5, read_json, write_json
from tabwright.project.project import Project
from tabwright.registry import champion, reference, shadow
from tabwright.request_log.log import read_answers
from tabwright.selection.metrics import predict_scores


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1, with reference rows."""
    return champion_at_work(project, trained)


def test_reference_has_the_same_bytes_and_the_scores_of_the_model(models: Project, trained) -> None:
    folder = champion.champion_folder(models, "run-1")
    before = md5(folder / "reference.parquet")
    keep_reference(models, trained)
    assert md5(folder / "reference.parquet") == before
    found = reference.load_reference(models, champion.model_in_use(models))
    assert found.rows["bought"].tolist() == trained.test["bought"].tolist()
    expected = trained.model.predict_proba(trained.test[list(trained.schema.features)])
    assert np.array_equal(found.y_pred, expected)


def test_reference_of_many_rows_is_a_sample(models: Project, trained, monkeypatch) -> None:
    monkeypatch.setattr(reference, "MAX_ROWS", 10)
    keep_reference(models, trained)
    found = reference.load_reference(models, champion.model_in_use(models))
    assert len(found.rows) == 10
    again = predict_scores(trained.model, found.rows, trained.schema)
    assert np.allclose(found.y_pred, again, rtol=0, atol=1e-12)


def test_outcomes_come_late_twice_and_partly(models: Project, capsys) -> None:
    truth = predicted(models, 7, rows=50)
    assert tell(models, truth.head(10), capsys).startswith(
        "10 outcomes of 10 rows kept, 10 of them of a logged answer, 0 of an unknown id"
    )
    turned = truth.head(3).assign(bought="yes")
    unknown = pd.DataFrame({"customer_id": ["nobody"], "bought": ["no"]})
    bad = pd.DataFrame({"customer_id": truth["customer_id"].iloc[[4, 5]], "bought": ["maybe", ""]})
    said = tell(models, pd.concat([turned, unknown, bad]), capsys)
    assert "4 outcomes of 6 rows kept, 3 of them of a logged answer, 1 of an unknown id" in said
    assert "1 rows have no outcome" in said
    assert "'maybe', expected one of" in said
    known = read_answers(models.log_folder).set_index("key")["outcome"].dropna()
    expected = truth.head(10).set_index("customer_id")["bought"]
    expected.iloc[:3] = "yes"
    assert known.loc[expected.index].tolist() == expected.tolist()
    assert len(known) == 10


def test_id_of_an_answer_comes_before_the_identifier(models: Project, capsys) -> None:
    truth = predicted(models, 7, rows=20)
    tell(models, truth.assign(bought="no"), capsys)
    batch = read_json(models.root / "out.csv.origin.json")["log"]
    tell(models, pd.DataFrame({"id": [f"{batch}-1"], "bought": ["yes"]}), capsys)
    known = read_answers(models.log_folder).set_index("id")["outcome"]
    assert known[f"{batch}-1"] == "yes"
    assert set(known.drop(f"{batch}-1")) == {"no"}


def test_outcomes_without_a_key_or_a_target_are_refused(models: Project, capsys) -> None:
    for columns in (["customer_id"], ["bought"]):
        with pytest.raises(ProjectError, match="'bought' and 'id' with the ids of answers"):
            tell(models, make_raw(5)[columns], capsys)
    with pytest.raises(ProjectError, match="name the file"):
        outcomes.outcomes(models, ["--input", ""])


def test_a_person_is_forgotten(models: Project, capsys) -> None:
    truth = predicted(models, 7, rows=20)
    tell(models, truth, capsys)
    key = truth["customer_id"].iloc[0]
    outcomes.forget(models, ["--id", key])
    assert "1 logged answer deleted" in capsys.readouterr().out
    assert key not in read_answers(models.log_folder)["key"].tolist()
    with pytest.raises(ProjectError, match="whose rows"):
        outcomes.forget(models, ["--id", ""])


def watch(models: Project, capsys) -> tuple[str, dict, str]:
    """What `make monitor` says, its JSON and its page."""
    capsys.readouterr()
    monitor.main(models, [])
    page = models.monitoring_report_file
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return capsys.readouterr().out, read_json(models.monitoring_file), text


def test_monitor_says_what_cannot_be_said(models: Project, capsys) -> None:
    said, found, page = watch(models, capsys)
    assert "has no row that this champion has predicted" in said
    assert "No row is in the log" in page
    predicted(models, 7, rows=1)
    said, found, page = watch(models, capsys)
    assert found["action"] == "none"
    assert "1 rows are few" in page
    assert "No outcome is known" in page
    (champion.champion_folder(models, "run-1") / "reference.parquet").unlink()
    said, found, page = watch(models, capsys)
    assert "promoted without reference rows" in said
    models.promotions_file.write_text("[]", encoding="utf-8")
    said, found, _ = watch(models, capsys)
    assert "no model is promoted yet" in said
    assert found["action"] == "none"


def test_page_shows_a_planted_change_and_the_live_score(models: Project, capsys) -> None:
    tell(models, predicted(models, 7), capsys)
    for seed in (8, 9):
        tell(models, predicted(models, seed, city="Oslo"), capsys)
    said, found, page = watch(models, capsys)
    assert found["action"] == "look"
    assert "city: it has values that the held-out rows do not have, in the newest" in said
    assert found["outcomes"] == found["answers"] > 1_000
    assert [len(found[name]) for name in ("windows", "windows_with_outcomes")] == [3, 3]
    (line,) = found["live"]
    assert line["low"] < line["score"] < line["high"]
    for part in ("<strong>Live score:</strong>", "<strong>city:</strong>", "persistent", "Oslo"):
        assert part in page
    assert page.count("<figure") == page.count("<figcaption>") >= 3
    assert "new9.csv" in page
    assert "customer_id" not in page
    assert "9-1" not in page.replace("9-1px", "")[: page.index("<img")]
    assert "Why rows were rejected" not in page


def test_page_says_why_rows_were_rejected(models: Project, capsys) -> None:
    predicted(models, 7, rows=40)
    path = models.root / "odd.csv"
    odd = pd.read_csv(models.root / "new7.csv", dtype=str).head(3)
    odd.loc[:1, "visits"] = "many"
    odd.to_csv(path, index=False)
    predict(models, path, models.root / "out.csv")
    assert '<td>visits</td><td>a number</td><td class="number">2</td>' in watch(models, capsys)[2]


def test_windows_do_not_split_a_batch() -> None:
    sizes = [300, 40, 700, 200, 200, 200, 50]
    at = np.repeat([f"2026-01-0{day}" for day in range(1, 8)], sizes)
    answers = pd.DataFrame({"at": at, "source": "service"})
    found = windows.split_windows(answers)
    assert [len(rows) for rows in found] == [700, 650]
    assert found[-1][-1] == len(answers) - 1
    few = windows.split_windows(answers.head(300))
    assert [len(rows) for rows in few] == [300]
    assert windows.split_windows(answers.head(0)) == []
    many = pd.DataFrame({"at": np.arange(30_000).astype(str), "source": "service"})
    assert [len(rows) for rows in windows.split_windows(many)] == [2_500] * 12


def test_plan_is_written_for_other_programs(models: Project, capsys) -> None:
    predicted(models, 7, rows=50)
    _, found, _ = watch(models, capsys)
    assert list(found)[:2] == ["action", "why"]
    assert found["champion"]["version"] == "1"
    write_json(models.root / "again.json", found)  # plain numbers and text throughout


def test_previous_champion_in_the_shadow_is_known_as_such(models: Project) -> None:
    before = promoted(models, "run-2") and champion.promotion_log(models)[0]
    shadow.begin_shadow(models, before, 0)
    state = collect(models).state
    assert state.is_former
    assert state.shadow.startswith("version 1")
    assert str(state.pair) == "0 of 500 rows that both scored have an outcome"
    shadow.begin_shadow(models, kept(models, "run-3"), 0)
    assert not collect(models).state.is_former
