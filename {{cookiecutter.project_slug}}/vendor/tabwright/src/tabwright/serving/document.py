"""What the service says about itself: the OpenAPI document, the form at /docs, the facts at /model."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, PackageLoader
from pydantic import BaseModel

from ..project.files import read_json
from ..project.project import Project
from ..registry.champion import SCORES, champion_folder
from .columns import describe_column, example
from .models import Served, ServedModel
from .request import Problem

Responses = dict[int | str, dict[str, Any]]
REF = "#/components/schemas/{model}"
TEXT, NUMBER = {"type": "string"}, {"type": "number"}
BYTES = {"schema": {"type": "string", "format": "binary"}}
SENT = {"application/octet-stream": BYTES}
# Clients are made from the first: a file read as text would be another file.
RETURNED = SENT | {"text/csv": BYTES, "application/vnd.apache.parquet": BYTES}


class Failure(BaseModel):
    """Why a request is not answered."""

    detail: str


class Refusal(BaseModel):
    """What is wrong in a request, in the words of the schema."""

    detail: list[Problem]


BUSY: Responses = {
    503: {"model": Failure, "description": "Too many requests: come back after `Retry-After` s."},
    504: {"model": Failure, "description": "It took too long."},
}
KNOWN: Responses = BUSY | {
    401: {"model": Failure, "description": "The key is missing or wrong."},
    404: {"model": Failure, "description": "There is no such version."},
}
READ: Responses = KNOWN | {
    413: {"model": Refusal, "description": "The body or the list of rows is too long."},
    422: {"model": Refusal, "description": "The schema rejects a row; nothing is predicted."},
}


def describe_api(app: FastAPI, served: Served) -> dict[str, Any]:
    """The OpenAPI document, with the rows and the answers of the champion."""
    model = served.champion
    document = get_openapi(title=app.title, version=f"{model.used.version or 0}", routes=app.routes)
    row = model.reader.model.model_json_schema(ref_template=REF)
    document["components"]["schemas"] |= {"Row": row, "Answer": _answer(model)}
    rows, files = (document["paths"][path]["post"] for path in ("/predict", "/predict/file"))
    bodies = {"application/json": {"schema": _one_or_many("Row")}}
    rows["requestBody"] = {"required": True, "content": bodies}
    rows["responses"]["200"]["content"] = {"application/json": {"schema": _one_or_many("Answer")}}
    files["requestBody"] = {"required": True, "content": SENT}
    files["responses"]["200"]["content"] = RETURNED
    return document


def _answer(model: ServedModel) -> dict[str, Any]:
    """The schema of an answer: a class with its probabilities, or a value."""
    classes = model.schema.classes if model.schema.task == "classification" else []
    found: dict[str, Any] = {"id": TEXT, "prediction": NUMBER}
    if classes:
        chances = _object(dict.fromkeys(classes, NUMBER))
        found |= {"prediction": TEXT | {"enum": classes}, "probabilities": chances}
    found |= {"model_version": {"type": ["string", "null"]}, "run": TEXT}
    made = _object(found)
    made["properties"] |= {"note": TEXT} | ({} if classes else {"low": NUMBER, "high": NUMBER})
    return made


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with all of some properties and no others."""
    shape = {"type": "object", "properties": dict(properties), "required": list(properties)}
    return shape | {"additionalProperties": False}


def _one_or_many(name: str) -> dict[str, Any]:
    one = {"$ref": REF.format(model=name)}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def form_page(title: str, served: Served, *, with_key: bool) -> str:
    """The page with a form for a row, and one for a file."""
    model = served.champion
    made_up = example(model.schema)
    fields = [
        {
            "name": name,
            "type": column.type,
            "said": describe_column(column),
            "values": column.categories or [],
            "required": not column.nullable,
            "example": made_up[name],
        }
        for name, column in model.schema.features.items()
    ]
    pages = Environment(loader=PackageLoader(__package__, "."), autoescape=True)
    page = pages.get_template("form.html.jinja")
    facts = {"title": title, "target": model.schema.target, "model": str(model.used)}
    return page.render(fields=fields, with_key=with_key, **facts)


def model_facts(project: Project, served: Served) -> dict[str, Any]:
    """Where a model comes from, how good it is, and what it takes."""
    model = served.champion
    entry, schema = model.entry, model.schema
    record = _content(project.runs_folder / f"{entry['run']}.json")
    kept = _content(champion_folder(project, entry["run"]) / SCORES)
    scores = kept or record.get("evaluation", {})
    return model.names | {
        "run_id": entry["run"],
        "commit": entry.get("commit"),
        "trained": record.get("started"),
        "promoted": entry.get("time"),
        "exported": model.exported,
        "metric": scores.get("metric"),
        "scores": scores.get("test"),
        "interval": scores.get("interval"),
        "schema": {
            "target": schema.target,
            "task": schema.task,
            "classes": schema.classes,
            "columns": {name: column.as_dict() for name, column in schema.features.items()},
        },
        "shadow": served.shadow and served.shadow.names,
    }


def _content(path: Path) -> dict[str, Any]:
    """The content of a JSON file, if it is here."""
    return dict(read_json(path)) if path.is_file() else {}
