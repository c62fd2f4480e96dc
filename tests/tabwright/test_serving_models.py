"""Promotions, rollbacks and the shadow reach the running service, and no answer fails meanwhile."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.export_table import make_task
from support.owner import fit_model
from support.served import (
    ROW,
    Client,
    add_export,
    add_model,
    new_project,
    promote,
    service,
    set_shadow,
)
from support.small_table import make_raw
from support.waiting import wait_for
from tabwright.project.errors import ProjectError
from tabwright.project.files import read_json, write_text
from tabwright.project.project import Project
from tabwright.registry import champion
from tabwright.request_log import log
from tabwright.serving import answer, follow, models
from tabwright.serving.app import create_app


@pytest.fixture
def project(trained, tmp_path: Path, monkeypatch) -> Project:
    """A project with a champion, whose changes are looked for often."""
    monkeypatch.setattr(follow, "SECONDS", 0.02)
    return new_project(tmp_path, trained.model, trained.schema)


@contextmanager
def asked_all_the_time(client: Client) -> Iterator[list]:
    """Two clients that ask while the block runs; the answers."""
    answers, over = [], threading.Event()

    def ask() -> None:
        number = 0
        while not over.is_set():
            number += 1
            answers.append(client.predict(ROW | {"customer_id": f"C{number % 50}"}))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def versions(answers: list) -> set[str]:
    """The versions that answered."""
    return {one.json["model_version"] for one in answers}


def version(client: Client) -> str:
    """The version that answers."""
    return client.get("/ready").json["model_version"]


def test_promotion_rollback_and_shadow_are_taken_up_without_a_failed_answer(
    project: Project, trained, caplog
) -> None:
    other = replace(trained.schema, positive="no")
    entries = [
        add_model(project, trained.model, schema, run)
        for run, schema in (("run-2", trained.schema), ("run-3", other))
    ]
    with service(project) as client, asked_all_the_time(client) as answers:
        set_shadow(project, entries[0], 0.5)
        wait_for(lambda: versions(answers[-20:]) == {"1", "2"})
        promote(project, entries[0])
        wait_for(lambda: versions(answers[-20:]) == {"2"})
        assert client.get("/ready").json["shadow"] is None  # it was promoted
        project.shadow_file.unlink()
        promote(project, entries[1])
        wait_for(lambda: versions(answers[-1:]) == {"3"})
        promote(project, champion.promotion_log(project)[0] | {"what": "rolled back"})
        wait_for(lambda: versions(answers[-1:]) == {"1"})
        text = project.promotions_file.read_text(encoding="utf-8")
        write_text(project.promotions_file, text[: len(text) // 2])
        wait_for(lambda: "champion.json is damaged" in caplog.text)
        count = len(answers)
        wait_for(lambda: len(answers) > count + 5)
        assert versions(answers[-1:]) == {"1"}
        write_text(project.promotions_file, text)
        promote(project, entries[1])
        wait_for(lambda: versions(answers[-1:]) == {"3"})
    assert {one.status for one in answers} == {200}
    assert caplog.text.count("is damaged") == 1  # said once, though it was looked at often


def test_damaged_model_is_refused_until_it_is_mended(project: Project, trained, caplog) -> None:
    entry = add_model(project, trained.model, trained.schema, "run-2")
    model = champion.champion_folder(project, "run-2") / "model.skops"
    data = model.read_bytes()
    model.write_bytes(data[:-1])
    with service(project) as client:
        promote(project, entry)
        wait_for(lambda: "is not what was promoted" in caplog.text)
        assert client.predict(ROW).json["model_version"] == "1"
        model.write_bytes(data)  # as `make pull` brings it after the log
        wait_for(lambda: version(client) == "2")


def test_champion_with_another_contract_takes_other_rows(project: Project, trained) -> None:
    renamed = trained.schema.columns["remark"]
    columns = {n: c for n, c in trained.schema.columns.items() if n != "remark"} | {"text": renamed}
    rows = trained.train.rename(columns={"remark": "text"})
    schema = replace(trained.schema, columns=columns)
    model, _ = fit_model(rows, schema, trained.params)
    entry = add_model(project, model, schema, "run-2")
    with service(project) as client:
        assert client.predict(ROW).status == 200
        promote(project, entry)
        wait_for(lambda: version(client) == "2")
        new = {name if name != "remark" else "text": value for name, value in ROW.items()}
        assert client.predict(ROW).status == 422
        assert client.predict(new).json["model_version"] == "2"
        assert client.predict(ROW, "?version=1").json["model_version"] == "1"


@pytest.fixture
def shadowed(project: Project, trained) -> Project:
    """The project with a model in the shadow that has the classes in the other order."""
    other = replace(trained.schema, positive="no")
    set_shadow(project, add_model(project, trained.model, other, "run-2"))
    return project


def test_both_models_score_each_row_and_one_line_has_both(shadowed: Project) -> None:
    with service(shadowed) as client:
        answers = client.predict([ROW, ROW | {"visits": 40}]).json
    assert {one["model_version"] for one in answers} == {"1"}
    kept = log.read_answers(shadowed.root / "data" / "log")
    assert set(kept["shadow_run"]) == {"run-2"}
    for row in kept.itertuples():
        assert row.shadow_scores == pytest.approx(row.scores[::-1])
    assert log.read_batches(shadowed.root / "data" / "log")["shadow_seconds"].iloc[0] > 0


def test_share_answers_by_identifier(shadowed: Project, trained) -> None:
    set_shadow(shadowed, {**read_entry(shadowed)}, 0.3)
    rows = [ROW | {"customer_id": f"C{number}"} for number in range(200)]
    with service(shadowed) as client:
        first, second = (client.predict(rows).json for _ in range(2))
        asked = client.predict(rows, "?version=1").json
    versions = [one["model_version"] for one in first]
    assert versions == [one["model_version"] for one in second]  # a customer always has one model
    assert 0.2 < versions.count("2") / len(rows) < 0.4
    assert {one["model_version"] for one in asked} == {"1"}
    kept = log.read_answers(shadowed.root / "data" / "log")
    beside = kept[kept["shadow_run"].notna()]
    assert set(beside["run"] + beside["shadow_run"]) == {"run-1run-2", "run-2run-1"}


def read_entry(project: Project) -> dict:
    """The entry of the model in the shadow."""
    return {
        name: value for name, value in read_json(project.shadow_file).items() if name != "share"
    }


def test_shadow_that_fails_costs_no_answer(shadowed: Project, monkeypatch, caplog) -> None:
    score = models.predict_scores

    def scores(model, table, schema):
        if schema.positive == "no" and len(table) > 1:
            raise ValueError("broken")
        return score(model, table, schema)

    monkeypatch.setattr(models, "predict_scores", scores)
    with service(shadowed) as client:
        assert client.predict([ROW, ROW]).status == 200
    kept = log.read_answers(shadowed.root / "data" / "log")
    assert kept["shadow_run"].tolist() == ["run-2", "run-2"]
    assert kept["shadow_scores"].isna().all()
    assert "the model in the shadow failed" in caplog.text


def test_prediction_that_is_not_finite_is_refused(project: Project, monkeypatch) -> None:
    score = models.predict_scores

    def scores(model, table, schema):
        found = score(model, table, schema).copy()
        found[(table["visits"] == 13).to_numpy()] = float("nan")
        return found

    monkeypatch.setattr(models, "predict_scores", scores)
    with service(project) as client:
        refused = client.predict([ROW, ROW | {"visits": 13}])
        assert client.predict(ROW).status == 200
    assert refused.status == 422
    assert refused.json["detail"] == [{"row": 2, "column": None, "expected": answer.FINITE}]
    assert len(make_raw(1)) == len(log.read_answers(project.root / "data" / "log"))


@pytest.mark.parametrize("dates", [True, False])
def test_exported_model_answers_where_there_is_one(dates: bool, tmp_path: Path) -> None:
    task = make_task("binary")
    kinds = None if dates else ("numeric", "boolean", "category")
    columns = {
        name: column
        for name, column in task.schema.columns.items()
        if not kinds or name == "target" or column.type in kinds
    }
    task = task._replace(schema=replace(task.schema, columns=columns))
    model = task.fitted("boosting")
    project = new_project(tmp_path, model, task.schema)
    sent = task.rows.head(30)[list(task.schema.features)]
    moments = sent.select_dtypes("datetime")
    sent = sent.assign(**moments.astype("str").where(moments.notna(), None))
    rows = json.loads(sent.to_json(orient="records"))
    with service(project) as client:
        expected = client.predict(rows)
        assert client.get("/model").json["exported"] is False
        add_export(project, model, task.schema, "run-1")
        wait_for(lambda: client.get("/model").json["exported"])  # it is taken up as a champion is
        found, one = client.predict(rows), client.predict(rows[0])
    assert found.status == 200
    for before, after in zip(expected.json, found.json, strict=True):
        assert after["prediction"] == before["prediction"]
        assert after["probabilities"] == pytest.approx(before["probabilities"], abs=1e-9)
    assert one.json["probabilities"] == pytest.approx(found.json[0]["probabilities"], abs=1e-9)


def test_tampered_export_is_refused(tmp_path: Path) -> None:
    task = make_task("binary")
    model = task.fitted("linear")
    project = new_project(tmp_path, model, task.schema)
    path = add_export(project, model, task.schema, "run-1")
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ProjectError, match="is not what was exported"):
        create_app(project)
