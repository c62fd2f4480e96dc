"""Answers of a running service, and refusals in the words of the schema."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from support.owner import make_dataset
from support.served import add_model, new_project, promote, service
from support.small_table import make_raw
from tabwright.dataset.clean import unchanged
from tabwright.request_log import log
from tabwright.serving.models import changes_rows

WITHIN = 1e-12
ROW = {
    "customer_id": "C1",
    "visits": 12,
    "spent": 30.5,
    "city": "Bern",
    "member": True,
    "joined": "2024-05-01",
    "remark": "quick delivery",
}


@pytest.fixture(scope="module")
def served(trained, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A running service and its project."""
    project = new_project(tmp_path_factory.mktemp("served"), trained.model, trained.schema)
    with service(project) as client:
        yield SimpleNamespace(project=project, client=client, log=project.root / "data" / "log")


def test_parquet_in_parquet_out(served, tmp_path: Path) -> None:
    new = make_raw(20, seed=5).drop(columns="bought")
    new.to_parquet(tmp_path / "new.parquet")
    answer = served.client.send("POST", "/predict/file", (tmp_path / "new.parquet").read_bytes())
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    (tmp_path / "out.parquet").write_bytes(answer.data)
    result = pd.read_parquet(tmp_path / "out.parquet")
    assert result["customer_id"].tolist() == new["customer_id"].tolist()
    assert result["probability_yes"].between(0, 1).all()


def test_answer_names_itself_and_its_model_and_the_log_has_it(served) -> None:
    first, second = (served.client.predict(ROW).json for _ in range(2))
    assert first["id"] != second["id"]  # the same customer, asked about twice
    assert first["model_version"] == "1"
    assert first["run"].count("-") == 2
    assert "note" not in first
    kept = log.read_answers(served.log).set_index("id").loc[[first["id"], second["id"]]]
    assert kept["key"].tolist() == ["C1", "C1"]
    assert kept["row"].iloc[0] == {name: ROW[name] for name in ROW if name != "customer_id"}
    assert kept["scores"].iloc[0] == list(first["probabilities"].values())
    assert set(kept["answer"]) == {first["prediction"]}
    assert set(kept["run"]) == {"run-1"}


def test_a_guess_warns_and_the_log_counts_it(served) -> None:
    odd = served.client.predict(ROW | {"visits": 1000, "city": "Rome"})
    assert odd.status == 200
    assert "is outside" in odd.json["note"]
    assert "city 'Rome' is new" in odd.json["note"]
    assert log.read_batches(served.log)["flagged"].sum() >= 1
    assert served.client.predict({**ROW, "city": None}).json["note"] == "city is empty"


def test_a_rule_refuses(trained, tmp_path: Path) -> None:
    columns = {
        name: replace(column, strict=name in ("visits", "city", "remark"))
        for name, column in trained.schema.columns.items()
    }
    project = new_project(tmp_path, trained.model, replace(trained.schema, columns=columns))
    with service(project) as client:
        answer = client.predict([ROW, ROW | {"visits": 1000, "city": "Rome", "remark": None}, ROW])
        assert client.predict(ROW).status == 200
    assert answer.status == 422
    said = {problem["column"]: problem["expected"] for problem in answer.json["detail"]}
    assert {problem["row"] for problem in answer.json["detail"]} == {2}
    assert said["visits"].startswith("a value from 0 to")
    assert said["city"] == "one of Bern, Graz, Lyon"
    assert said["remark"] == "a value"
    refused = log.read_refusals(project.log_folder, log.read_batches(project.log_folder))
    assert set(refused["column"]) == {"visits", "city", "remark"}
    assert log.read_answers(project.root / "data" / "log")["row"].map(len).tolist() == [6]


def without(name: str) -> dict:
    """The row without a column."""
    return {other: value for other, value in ROW.items() if other != name}


REFUSED = {
    "text for a number": (ROW | {"visits": "12 secret"}, "visits", "a number"),
    "truth for a number": (ROW | {"visits": True}, "visits", "a number"),
    "word for a truth": (ROW | {"member": "secret"}, "member", "true or false"),
    "no date": (ROW | {"joined": "secret"}, "joined", "a date written like %Y-%m-%d"),
    "fraction for text": (ROW | {"city": 1.5}, "city", "text"),
    "list for text": (ROW | {"remark": ["secret"]}, "remark", "text"),
    "missing column": (without("visits"), "visits", "a value"),
    "misspelt column": (
        ROW | {"visit": 3},
        "visit",
        "a column of the schema (did you mean visits?)",
    ),
    "the target": (ROW | {"bought": "yes"}, "bought", "a column of the schema"),
    "no row": (3, None, "an object with a value for each column"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_says_where_and_never_repeats_the_value(name: str, served) -> None:
    row, column, expected = REFUSED[name]
    for body, number in ((row, 1), ([ROW, row], 2)):
        answer = served.client.predict(body)
        assert answer.status == 422
        assert answer.json == {"detail": [{"row": number, "column": column, "expected": expected}]}
    assert "secret" not in served.client.get("/metrics").data.decode()


HOSTILE = {
    "nothing": b"",
    "null": b"null",
    "half": b'{"visits": ',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"visits":' * 50_000,
    "not a number": json.dumps(ROW | {"visits": float("nan")}).encode(),
    "infinite": json.dumps(ROW | {"visits": float("inf")}).encode(),
    "1e400": json.dumps(ROW).replace("12", "1e400").encode(),
    "10 ** 400": json.dumps(ROW | {"visits": 10**400}).encode(),
    "10 ** 400 for text": json.dumps(ROW | {"city": 10**400}).encode(),
    "1e39, beyond single precision": json.dumps(ROW | {"visits": 1e39}).encode(),
    "invalid UTF-8": json.dumps(ROW).encode().replace(b"quick", b"\xff\xfe"),
    "half a surrogate": json.dumps(ROW).replace("quick", "\\ud800").encode(),
    "half a surrogate as a name": json.dumps(ROW).replace("visits", "\\udfff").encode(),
    "many unknown columns": json.dumps(ROW | dict.fromkeys(map(str, range(50_000)))).encode(),
    "UTF-16": json.dumps(ROW).encode("utf-16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_body_is_refused_and_the_next_is_answered(name: str, served) -> None:
    answer = served.client.send("POST", "/predict", HOSTILE[name])
    assert answer.status == 422
    assert 1 <= len(answer.json["detail"]) <= 100
    assert served.client.predict(ROW).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\0" * 1000,
        b"\0" * 100,
        b"a,b\n1,2\n",
        b'"',
        b"\xff\xfe\x00",
        b"PK\x03\x04",
    ],
)
def test_file_that_cannot_be_predicted_is_refused(body: bytes, served) -> None:
    answer = served.client.send("POST", "/predict/file", body)
    assert answer.status == 422
    assert "/tmp" not in answer.data.decode()
    assert served.client.predict(ROW).status == 200


def test_file_whose_rows_are_all_bad_is_refused_without_its_values(served) -> None:
    raw = make_raw(3).drop(columns="bought").assign(visits="secret")
    answer = served.client.send("POST", "/predict/file", raw.to_csv(index=False).encode())
    assert answer.status == 422
    assert answer.json["detail"][2] == {"row": 3, "column": "visits", "expected": "a number"}
    assert "secret" not in answer.data.decode()


def test_empty_list_and_texts_of_any_kind(served) -> None:
    assert served.client.predict([]).json == []
    odd = ROW | {"remark": "\0 \u2028 '; drop table answers", "customer_id": 7}
    assert served.client.predict(odd).status == 200
    assert served.client.predict(ROW | {"city": 7}).json["note"] == "city '7' is new"


def test_clean_is_applied_to_the_cells_of_a_file(trained, tmp_path: Path) -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows[rows["remark"] != "test"]
        return rows.assign(visits=rows["visit"].str.removesuffix("x"), joined=rows["since"])

    raw = without("visits") | {"visit": "12x", "since": "2024-05-01"}
    del raw["joined"]
    with service(new_project(tmp_path, trained.model, trained.schema), clean) as client:
        answer = client.predict(raw)
        number = client.predict(raw | {"visit": 12})
        refused = client.predict([raw | {"visit": "manyx"}, raw | {"remark": "test"}, raw])
    with service(new_project(tmp_path / "plain", trained.model, trained.schema)) as client:
        expected = client.predict(ROW).json["probabilities"]
    assert answer.json["probabilities"] == pytest.approx(expected, abs=WITHIN)
    assert number.json["probabilities"] == answer.json["probabilities"]
    detail = [tuple(problem.values()) for problem in refused.json["detail"]]
    assert detail == [(1, "visits", "a number"), (2, None, "a row that clean() keeps")]
    kept = log.read_answers(tmp_path / "data" / "log")
    assert kept["row"].iloc[0]["visits"] == "12"


def test_request_that_fails_fails_no_other(trained, tmp_path: Path, monkeypatch) -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        if (rows["remark"] == "break").any():
            raise ValueError("a bug of the owner")
        return rows.copy()

    project = new_project(tmp_path, trained.model, trained.schema)
    with service(project, clean) as client:
        statuses = [client.predict(ROW | {"remark": word}).status for word in ("a", "break", "b")]
        assert client.metric("failures_total") == 1
    assert statuses == [200, 500, 200]
    assert log.read_batches(project.root / "data" / "log")["failed"].tolist() == [0, 1, 0]


def test_versions_that_are_kept_answer_by_name(trained, tmp_path: Path) -> None:
    project = new_project(tmp_path, trained.model, trained.schema)
    other = replace(trained.schema, positive="no")
    promote(project, add_model(project, trained.model, other, "run-2"))
    with service(project) as client:
        newest, first = client.predict(ROW).json, client.predict(ROW, "?version=1").json
        unknown = client.predict(ROW, "?version=9")
        assert client.get("/model?version=1").json["run_id"] == "run-1"
    assert (newest["model_version"], first["model_version"]) == ("2", "1")
    assert list(newest["probabilities"]) == ["yes", "no"]
    assert list(first["probabilities"]) == ["no", "yes"]
    assert unknown.status == 404
    assert unknown.json == {"detail": "no such version; kept are: 1, 2"}


def test_clean_of_the_template_changes_nothing() -> None:
    assert not changes_rows(unchanged)
    assert not changes_rows(make_dataset.clean)
    assert changes_rows(lambda rows: rows.dropna())
