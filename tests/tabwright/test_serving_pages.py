"""Pages about the service: its model, its scores, its description and its form."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
from support.served import as_json, new_project, service
from support.small_table import make_raw
from tabwright.project.files import write_json
from tabwright.registry.champion import champion_folder
from tabwright.schema.rules import apply_contract
from tabwright.serving.columns import example


def test_pages_about_the_service(trained, tmp_path: Path) -> None:
    with service(new_project(tmp_path, trained.model, trained.schema)) as client:
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
