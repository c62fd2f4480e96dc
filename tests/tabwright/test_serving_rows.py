"""Rows of requests: typed and answered as those of a file are by batch prediction."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.owner import fit_model
from support.served import as_json, new_project, service
from support.small_table import PARAMS, make_raw
from tabwright.io.source import Source
from tabwright.prediction.predict_file import predict_file
from tabwright.request_log import log
from tabwright.schema.column import Column
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.serving.request import RowReader

WITHIN = 1e-12


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
