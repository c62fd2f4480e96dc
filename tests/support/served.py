"""A project with promoted models, its service in a thread, and a client."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import uvicorn
from sklearn.base import BaseEstimator
from tabwright.dataset.clean import Clean, unchanged
from tabwright.export.models import to_onnx
from tabwright.export.runtime import MODEL
from tabwright.project.files import md5, write_json
from tabwright.project.project import Project
from tabwright.registry import champion
from tabwright.schema.schema import Schema, save_schema
from tabwright.selection.persistence import RECORDED, save_model
from tabwright.serving.app import create_app
from tabwright.tracking.record import save_record, source_code

from support.small_table import PARAMS, set_params
from support.waiting import PATIENCE, wait_for

ROW = {  # of the small table
    "visits": 12,
    "city": "Bern",
    "member": True,
    "joined": "2024-05-01",
    "remark": "quick delivery",
}


def add_model(project: Project, model: BaseEstimator, schema: Schema, run: str) -> dict[str, Any]:
    """Keep a model as that of a run; return its entry for the promotion log."""
    folder = champion.champion_folder(project, run)
    folder.mkdir(parents=True, exist_ok=True)
    save_schema(schema, folder / "schema.yaml")
    made = save_model(model, folder / "model.skops", source_code(project))
    record = made | {
        "run": run,
        "started": "2026-01-01T12:00:00Z",
        "commit": "c" * 40,
        "dirty": False,
    }
    scores = {
        "metric": "roc_auc",
        "test": {"roc_auc": 0.9},
        "interval": {"roc_auc": {"low": 0.8, "high": 1.0}},
    }
    save_record(project, record | {"evaluation": scores})
    return {name: record[name] for name in ("run", *RECORDED)} | {
        "version": run.rpartition("-")[2],
        "schema_md5": md5(folder / "schema.yaml"),
        "time": "2026-01-02T12:00:00Z",
        "what": "promoted",
        "by": "Ada",
        "why": "",
        "failed": [],
    }


def add_export(project: Project, model: BaseEstimator, schema: Schema, run: str) -> Path:
    """Export the model of a run, as `make export` does after its checks; return the file."""
    path = champion.champion_folder(project, run) / MODEL
    path.write_bytes(to_onnx(model, schema).SerializeToString())
    entry = {"onnx_md5": md5(path), "model_md5": md5(path.with_name("model.skops"))}
    write_json(project.export_file, {run: entry})
    return path


def new_project(folder: Path, model: BaseEstimator, schema: Schema) -> Project:
    """A project whose champion is a model, as version 1."""
    project = Project(folder)
    set_params(project, PARAMS)
    promote(project, add_model(project, model, schema, "run-1"))
    return project


def promote(project: Project, entry: dict[str, Any]) -> None:
    """Append to the promotion log."""
    champion.record_promotion(project, entry, champion.promotion_log(project))


def set_shadow(project: Project, entry: dict[str, Any], share: float = 0) -> None:
    """Let a model predict in the shadow."""
    write_json(project.shadow_file, entry | {"share": share})


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


@contextmanager
def service(project: Project, clean: Clean = unchanged) -> Iterator["Client"]:
    """The service of a project on a free port, until the block ends."""
    config = uvicorn.Config(create_app(project, clean), port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    assert thread.is_alive()
    try:
        yield Client(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Client:
    """Sends requests to a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> SimpleNamespace:
        """The status, headers, bytes and, where it is JSON, value of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get("content-type", "") == "application/json"
        value = json.loads(data) if is_json else None
        return SimpleNamespace(status=answer.status, headers=answer.headers, data=data, json=value)

    def predict(self, rows: Any, query: str = "", **headers: str) -> SimpleNamespace:
        """Ask for the predictions of a row, or of a list of rows."""
        return self.send("POST", f"/predict{query}", json.dumps(rows).encode(), headers)

    def get(self, path: str) -> SimpleNamespace:
        """Ask for a page."""
        return self.send("GET", path)

    def metric(self, name: str) -> float:
        """The value of a metric, the sum of those with this name; 0 if there is none."""
        lines = self.get("/metrics").data.decode().splitlines()
        return sum(
            float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))
        )
