"""The log, the outcomes, the page and the live checks of a champion at work."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.champions import kept, latest, promoted
from support.small_table import make_raw
from tabwright.evaluation.held_out import Evaluation
from tabwright.evaluation.predictions import predictions_of
from tabwright.monitoring import feedback, monitor, outcomes, windows
from tabwright.monitoring.watch import collect
from tabwright.prediction.predict import predict
from tabwright.project.errors import ProjectError
from tabwright.project.files import md5, read_json, write_json
from tabwright.project.project import Project
from tabwright.registry import champion, live, reference, shadow
from tabwright.request_log.entry import Answer, Batch
from tabwright.request_log.log import Log, read_answers
from tabwright.selection.metrics import predict_scores

ROWS = 600


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1, with reference rows."""
    made = latest(project, trained)
    promoted(made, "run-1")
    made.test_file.parent.mkdir(parents=True)
    trained.test.to_parquet(made.test_file)
    keep_reference(made, trained)
    return made


def keep_reference(models: Project, trained) -> Path:
    """Keep what a promotion keeps of the held-out rows; return the folder."""
    scores = predict_scores(trained.model, trained.test, trained.schema)
    sample = predictions_of(models, trained.model, trained.schema, trained.test, scores)
    folder = champion.champion_folder(models, "run-1")
    made = Evaluation({"metric": sample.deciding, "test": {"roc_auc": 0.5}}, [], [], sample)
    reference.save_reference(models, made, folder)
    return folder


def predicted(models: Project, seed: int, rows: int = ROWS, **change: object) -> pd.DataFrame:
    """Predict new rows; the truth about them."""
    raw = make_raw(rows, seed).dropna(subset="bought").assign(**change)
    raw["customer_id"] = [f"{seed}-{number}" for number in range(len(raw))]
    path = models.root / f"new{seed}.csv"
    raw.drop(columns="bought").to_csv(path, index=False)
    predict(models, path, models.root / "out.csv")
    return raw[["customer_id", "bought"]]


def tell(models: Project, table: pd.DataFrame, capsys) -> str:
    """`make outcomes` of a table."""
    table.to_csv(path := models.root / "outcomes.csv", index=False)
    capsys.readouterr()
    outcomes.outcomes(models, ["--input", str(path)])
    return capsys.readouterr().out


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


def pair(models: Project, trained, worse: float = 0.0, rows: int = ROWS, failed: int = 0) -> object:
    """Log rows that the champion answered and a shadow of run-2 scored, worse by some noise."""
    entry = kept(models, "run-2")
    shadow.begin_shadow(models, entry, 0)
    typed = pd.concat([trained.train, trained.test])
    typed = typed.sample(rows, replace=True, random_state=3, ignore_index=True)
    scores = trained.model.predict_proba(typed[list(trained.schema.features)])
    noise = np.random.default_rng(4).uniform(0, 1, rows)[:, None]
    other = (1 - worse) * scores + worse * np.hstack([noise, 1 - noise])
    answers = [
        Answer(
            f"a{n}", f"k{n}", "1", "run-1", {}, "yes", scores[n].tolist(), "", "run-2",
            None if n < failed else other[n].tolist(),
        )
        for n in range(rows)
    ]  # fmt: skip
    made = Batch("b", "2026-01-01", "service", "1", rows, 0, 0, 1.0, 0, "run-2", 1.5)
    made = made._replace(at=entry["time"][:4] + "-12-31T00:00:00.000+00:00")
    Log(models.log_folder, 30).append(answers, [], made)
    write = [(f"k{n}", value) for n, value in enumerate(typed["bought"])]
    outcomes.log.add_outcomes(models.log_folder, write)
    return champion.load_champion(models, entry)


def test_shadow_that_is_as_good_passes_and_a_worse_one_does_not(models: Project, trained) -> None:
    paired, served = live.live_checks(models, pair(models, trained))
    assert paired.passed
    assert "on 600 live rows" in paired.words
    assert served.passed
    assert "scored 100.0% of 600 rows, 99% needed, in 1.5 times" in served.words


def test_worse_shadow_is_refused_at_the_live_check(models: Project, trained) -> None:
    paired, _ = live.live_checks(models, pair(models, trained, worse=0.6))
    assert not paired.passed
    assert "of the champion, version 1" in paired.words
    assert paired.words.endswith("worse")
    params = replace(models.params.evaluate, max_regression=0.9)
    models.__dict__["params"] = replace(models.params, evaluate=params)
    paired, _ = live.live_checks(models, champion.load_champion(models, shadow_entry(models)))
    assert paired.passed


def shadow_entry(models: Project) -> champion.Promotion:
    """The entry of the model in the shadow."""
    return shadow.current_shadow(models).entry


def test_too_few_rows_and_failures_are_counted(models: Project, trained) -> None:
    paired, served = live.live_checks(models, pair(models, trained, rows=400, failed=5))
    assert not paired.passed
    assert paired.words.startswith("395 rows")
    assert "105 are missing" in paired.words
    assert not served.passed
    assert "98.8%" in served.words


def test_slow_shadow_is_refused(models: Project, trained, monkeypatch) -> None:
    used = pair(models, trained)
    monkeypatch.setattr(live, "MAX_SLOWER", 1.4)
    assert not live.live_checks(models, used)[1].passed


def test_without_a_shadow_there_is_nothing_to_check(models: Project, trained) -> None:
    used = pair(models, trained)
    other = replace(used, run="run-3")
    assert live.live_checks(models, other) == []
    shadow.end_shadow(models)
    assert len(live.live_checks(models, used)) == 2  # it ran
    models.promotions_file.write_text("[]", encoding="utf-8")
    assert live.live_checks(models, used) == []


@pytest.fixture
def folder(models: Project, trained, monkeypatch) -> Path:
    """A folder of raw files, from which the clean rows come."""
    raw = models.root / "raw"
    raw.mkdir()
    make_raw().to_csv(raw / "raw.csv", index=False)
    data = replace(models.params.data, raw="raw")
    models.__dict__["params"] = replace(models.params, data=data)
    models.clean_file.parent.mkdir(parents=True)
    pd.concat([trained.train, trained.test]).to_parquet(models.clean_file)
    monkeypatch.setattr(feedback, "dvc", lambda *_, **__: "")
    return raw


def test_rows_with_outcomes_go_beside_the_raw_file_once(
    models: Project, folder: Path, trained, capsys
) -> None:
    truth = predicted(models, 7, rows=60)
    tell(models, truth.head(20), capsys)
    assert feedback.add_feedback(models) == 20
    first, made = sorted(folder.iterdir())
    assert first.name == "raw.csv"
    table = pd.read_csv(made, dtype=str)
    assert list(table.columns) == list(make_raw().columns)
    assert dict(zip(table["customer_id"], table["bought"], strict=True)) == dict(
        zip(truth["customer_id"].head(20), truth["bought"].head(20), strict=True)
    )
    given = pd.read_csv(models.root / "new7.csv", dtype=str).head(20)
    assert set(table["remark"]) == set(given["remark"])
    assert set(table["joined"]) == set(given["joined"])
    answers = read_answers(models.log_folder)
    typed = live.typed_answers(answers[answers["outcome"].notna()], trained.schema)
    clean = pd.concat([pd.read_parquet(models.clean_file), typed])
    clean.drop(columns="customer_id").to_parquet(models.clean_file)  # as `make data` would
    assert feedback.add_feedback(models) == 0


def test_rows_that_would_be_read_otherwise_are_refused(
    models: Project, folder: Path, capsys, monkeypatch
) -> None:
    tell(models, predicted(models, 7, rows=20), capsys)

    def twice(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(visits=rows["visits"].astype(float) * 2)

    monkeypatch.setattr(feedback, "find_clean", lambda _: twice)
    with pytest.raises(ProjectError, match="another 'visits' than they were predicted with"):
        feedback.add_feedback(models)
    make_raw().drop(columns="city").to_csv(folder / "raw.csv", index=False)
    with pytest.raises(ProjectError, match=r"clean\(\) makes city"):
        feedback.add_feedback(models)
    assert [path.name for path in folder.iterdir()] == ["raw.csv"]
    data = replace(models.params.data, raw="raw/raw.csv")
    models.__dict__["params"] = replace(models.params, data=data)
    with pytest.raises(ProjectError, match=r"is one file.*`mkdir raw/raw`"):
        feedback.add_feedback(models)


def test_parquet_gets_a_parquet_file_of_its_types(models: Project, folder: Path, capsys) -> None:
    (folder / "raw.csv").unlink()
    raw = make_raw()
    raw = raw.assign(visits=raw["visits"].astype(int), spent=raw["spent"].astype(float))
    raw["joined"] = pd.to_datetime(raw["joined"])
    raw.to_parquet(folder / "raw.parquet")
    tell(models, predicted(models, 7, rows=20), capsys)
    count = feedback.add_feedback(models)
    *_, made = sorted(folder.iterdir())
    table = pd.read_parquet(made)
    assert (len(table), table["visits"].dtype.kind) == (count, "i")
    assert table["joined"].dtype == raw["joined"].dtype


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
