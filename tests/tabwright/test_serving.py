"""Answers of the service: those of batch prediction, and refusals in the schema's words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from support.owner import fit_model, make_dataset
from support.served import Client, add_model, new_project, promote, service
from support.small_table import PARAMS, make_raw
from tabwright.dataset.clean import unchanged
from tabwright.io.source import Source
from tabwright.prediction.predict_file import predict_file
from tabwright.project.files import write_json
from tabwright.registry.champion import champion_folder
from tabwright.request_log import log
from tabwright.schema.column import Column
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.serving.columns import example
from tabwright.serving.models import changes_rows
from tabwright.serving.request import RowReader

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


def as_json(raw: pd.DataFrame, schema: Schema) -> list[dict]:
    """Raw cells as a client of the service has them."""

    def cell(value, kind: str):
        if pd.isna(value):
            return None
        return {"numeric": float, "boolean": "yes".__eq__}.get(kind, str)(value)

    columns = {name: column.type for name, column in schema.columns.items() if name in raw}
    return [
        {name: cell(value, columns[name]) for name, value in row.items()}
        for row in raw.to_dict("records")
    ]


@pytest.mark.parametrize("target", ["bought", "city", "spent"])
def test_rows_and_files_are_answered_as_batches_are(target: str, trained, tmp_path: Path) -> None:
    schema, model = trained.schema, trained.model
    if target != "bought":  # several classes; values, with dates and text
        table = make_raw().dropna(subset=target)
        schema = infer_schema(table, target, Source())
        model, _ = fit_model(apply_contract(table, schema)[0], schema, PARAMS)
    new = make_raw(40, seed=5).drop(columns=target)
    new.loc[new.index[0], "visits"] = "99"  # outside the range of the schema
    source, output = tmp_path / "new.csv", tmp_path / "out.csv"
    new.to_csv(source, index=False)
    predict_file(source, output, model, schema)
    batch = pd.read_csv(output, keep_default_na=False)
    project = new_project(tmp_path / "project", model, schema)
    with service(project) as client:
        rows = client.predict(as_json(new, schema))
        file = client.send("POST", "/predict/file", source.read_bytes())
    assert (rows.status, file.status) == (200, 200)
    logged = log.read_answers(project.log_folder)
    assert (len(logged), set(logged["source"])) == (2 * len(new), {"service"})
    halves = logged["answer"][: len(new)], logged["answer"][len(new) :]
    known = sorted(halves[1])
    assert sorted(halves[0]) == (pytest.approx(known, rel=WITHIN) if target == "spent" else known)
    assert file.data == output.read_bytes()
    predicted = batch[f"predicted_{target}"]
    assert len(set(predicted)) > 1
    assert [row.get("note", "") for row in rows.json] == batch["prediction_note"].tolist()
    if target == "spent":
        found = pd.DataFrame(rows.json)[["prediction", "low", "high"]].to_numpy()
        expected = batch[["predicted_spent", "predicted_spent_low", "predicted_spent_high"]]
        assert abs(found / expected.to_numpy() - 1).max() < WITHIN
    else:
        assert [row["prediction"] for row in rows.json] == predicted.tolist()
        found = pd.DataFrame([row["probabilities"] for row in rows.json])
        expected = batch[[f"probability_{label}" for label in found.columns]]
        assert abs(found.to_numpy() - expected.to_numpy()).max() < WITHIN


def test_parquet_in_parquet_out(served, tmp_path: Path) -> None:
    new = make_raw(20, seed=5).drop(columns="bought")
    new.to_parquet(tmp_path / "new.parquet")
    answer = served.client.send("POST", "/predict/file", (tmp_path / "new.parquet").read_bytes())
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    (tmp_path / "out.parquet").write_bytes(answer.data)
    result = pd.read_parquet(tmp_path / "out.parquet")
    assert result["customer_id"].tolist() == new["customer_id"].tolist()
    assert result["probability_yes"].between(0, 1).all()


def test_typed_table_of_rows_is_that_of_a_file(trained) -> None:
    new = make_raw(60, seed=9).drop(columns="bought")
    reader = RowReader(trained.schema, raw=False, max_rows=100)
    rows = reader.read(json.dumps(as_json(new, trained.schema)).encode())
    of_rows, _ = apply_contract(reader.cells(rows), trained.schema, target=False)
    of_file, _ = apply_contract(new, trained.schema, target=False)
    pd.testing.assert_frame_equal(of_rows, of_file[of_rows.columns], check_exact=True)


def test_rows_that_need_no_check_are_those_the_schema_says_nothing_about() -> None:
    columns = {
        "size": Column("numeric", nullable=False, range=[0, 10]),
        "price": Column("numeric", range=[-1, 5.5]),
        "weight": Column("numeric"),
        "kind": Column("category", categories=["a", "b", "NA", ""]),
        "place": Column("category", nullable=False, categories=["7", "x y", "é"]),
        "member": Column("boolean"),
        "target": Column("category", categories=["no", "yes"]),
    }
    schema = Schema("target", "classification", columns, Source(missing=["", "NA"]))
    reader = RowReader(schema, raw=False, max_rows=5000)
    random = np.random.default_rng(1)
    numbers = [0, 10, 10.0001, -1, 5.5, 1e29, 3, 1.5, 2, None]
    cells = {name: numbers if column.type == "numeric" else [] for name, column in columns.items()}
    cells |= {"kind": ["a", "b", "NA", "", "c", None], "place": ["7", 7, "x y", "é", "e", None]}
    cells |= {"member": [True, False, None]}
    del cells["target"]
    rows = [{n: each[random.integers(len(each))] for n, each in cells.items()} for _ in range(2000)]
    read = [(row, *reader.read(json.dumps(row).encode())) for row in rows]
    plain = [one for _, one in read if reader.are_plain([one])]
    others = [(row, one) for row, one in read if not reader.are_plain([one])]
    typed, problems = apply_contract(reader.cells(plain), schema, target=False)
    assert problems.empty
    pd.testing.assert_frame_equal(reader.cells(plain), typed, check_exact=True)
    _, problems = apply_contract(reader.cells([one for _, one in others]), schema, target=False)
    for number in {*range(len(others))} - {*problems["rejected_row"]}:
        row, _ = others[number]  # it is typed as something else than it was sent as
        assert row["kind"] in ("NA", "") or row["place"] == 7
    assert 100 < len(plain) < 1900


@pytest.mark.parametrize(
    "column",
    [Column("text"), Column("category"), Column("numeric", missing=["-1"]), Column("datetime")],
)
def test_some_columns_always_need_the_check(column: Column) -> None:
    target = Column("category", categories=["no", "yes"])
    schema = Schema("target", "classification", {"x": column, "target": target})
    reader = RowReader(schema, raw=False, max_rows=10)
    (read,) = reader.read(b'{"x": null}')
    assert not reader.are_plain([read])


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
    refused = log.read_refusals(project.root / "data" / "log")
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


def test_pages_about_the_service(served, trained) -> None:
    client: Client = served.client
    model = client.get("/model").json
    assert (model["model_version"], model["commit"], model["trained"]) == (
        "1",
        "c" * 40,
        "2026-01-01T12:00:00Z",
    )
    assert model["scores"] == {"roc_auc": 0.9}
    assert model["schema"]["columns"]["city"]["categories"] == ["Bern", "Graz", "Lyon"]
    assert client.get("/health").json == {"status": "alive"}
    assert client.get("/ready").json["ready"] is True
    assert client.get("/nothing").status == 404
    assert client.get("/predict").status == 405
    document = json.loads(client.get("/openapi.json").data)
    row = document["components"]["schemas"]["Row"]
    assert set(row["required"]) == {"city", "joined", "member", "remark", "visits"}
    assert client.predict(row["example"]).status == 200
    files = document["paths"]["/predict/file"]["post"]
    assert list(files["requestBody"]["content"]) == ["application/octet-stream"]
    assert next(iter(files["responses"]["200"]["content"])) == "application/octet-stream"
    rows = as_json(make_raw(), trained.schema)
    assert not any(row["example"].items() <= each.items() for each in rows)


def test_scores_are_those_of_the_promotion(trained, tmp_path: Path) -> None:
    project = new_project(tmp_path, trained.model, trained.schema)
    scores = {"metric": "roc_auc", "test": {"roc_auc": 0.7}, "interval": {"roc_auc": {"low": 0.6}}}
    write_json(champion_folder(project, "run-1") / "metrics.json", scores)
    with service(project) as client:
        model = client.get("/model").json
    assert {"metric": model["metric"], "test": model["scores"], "interval": model["interval"]} == (
        scores
    )


def test_form_escapes_names_and_fetches_nothing(trained, tmp_path: Path) -> None:
    columns = dict(trained.schema.columns)
    columns["visits"] = replace(columns["visits"], description='<script>alert("x")</script>')
    project = new_project(tmp_path, trained.model, replace(trained.schema, columns=columns))
    with service(project) as client:
        page = client.get("/docs")
    assert page.status == 200
    text = page.data.decode()
    assert "<script>alert" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert all(f'data-name="{name}"' in text for name in trained.schema.features)
    assert '<textarea data-name="remark"' in text  # a line would lose its breaks


def test_example_satisfies_the_schema(trained) -> None:
    _, problems = apply_contract(
        pd.DataFrame([example(trained.schema)]), trained.schema, target=False
    )
    assert problems.empty


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
