"""The servers that `serving.py` measures, and the champion they answer with.

    python benchmarks/servers.py KIND FOLDER PORT

runs one of them, or prints the milliseconds of a bare prediction.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
from common import ROOT, tell

(PROJECT,) = ROOT.glob("{{*}}")
LIBRARY = PROJECT / "vendor/tabwright/src"
sys.path[:0] = [str(ROOT / "tests"), str(LIBRARY)]
sys.dont_write_bytecode = True
BODIES = 200
BARE, NAIVE, MLFLOW = "bare prediction", "naive endpoint", "mlflow models serve"
PROGRAMS = (
    f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow asks for uvicorn
)
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(LIBRARY), "PATH": PROGRAMS}


def make_champion(name: str, folder: Path, *, with_mlflow: bool) -> list[dict[str, Any]]:
    """Write the projects of a table, with and without export; return rows as a client sends them."""
    import pandas as pd
    from sklearn.frozen import FrozenEstimator
    from support.orders import orders
    from support.owner import candidates
    from support.served import add_export, add_model, new_project
    from tabwright.io.source import Source
    from tabwright.project.errors import ProjectError
    from tabwright.schema.guess import infer_schema
    from tabwright.schema.rules import apply_contract
    from tabwright.selection.candidate import voting_ensemble
    from tabwright.selection.metrics import predict_scores

    if name == "penguins":
        raw = pd.read_csv(PROJECT / "data/raw/penguins.csv", dtype="str", na_values=["NA"])
        target = "sex"
    else:
        raw, target = orders(20_000).astype("str"), "returned"
        raw = raw.mask(raw == "nan")
    raw = raw[raw[target].notna()]
    schema = infer_schema(raw, target, Source())
    typed, _ = apply_contract(raw, schema)
    features = list(schema.features)
    parts = {}
    for kind in ("linear", "forest", "boosting"):
        model = candidates.candidates(schema, 0)[kind].pipeline
        parts[kind] = FrozenEstimator(model.fit(typed[features], typed[target]))
    model, *others = (
        voting_ensemble(parts, weights, schema).pipeline.fit(typed[features], typed[target])
        for weights in ([1, 1, 1], [3, 1, 1], [1, 1, 3])
    )
    scores = [predict_scores(each, typed.head(BODIES), schema) for each in (model, *others)]
    expected = [
        {
            str(n): dict(zip(schema.classes, row.tolist(), strict=True))
            for n, row in enumerate(rows, start=1)
        }
        for rows in zip(*scores, strict=True)
    ]
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")
    typed.head(1).to_pickle(folder / "row.pickle")
    project = new_project(folder / "plain", model, schema)
    for number, other in enumerate(others, start=2):
        add = add_model(project, other, schema, f"run-{number}")
        (folder / f"entry-{number}.json").write_text(json.dumps(add), encoding="utf-8")
    exported = new_project(folder / "export-new", model, schema)
    try:
        add_export(exported, model, schema, "run-1")
        exported.root.rename(folder / "export")
    except ProjectError as error:
        tell(f"{name}: no export, {error}")
    if with_mlflow:
        save_for_mlflow(model, typed[features].head(100), folder / "mlflow")
    kinds = {name: column.type for name, column in schema.features.items()}
    return [
        {name: as_json(cell, kinds[name]) for name, cell in each.items()}
        for each in raw[features].head(BODIES).to_dict("records")
    ]


def as_json(cell: Any, kind: str) -> Any:
    """A cell as a client of the service has it."""
    if isinstance(cell, float):  # of text, only what is missing
        return None
    return {"numeric": float, "boolean": "yes".__eq__}.get(kind, str)(cell)


def save_for_mlflow(model: Any, rows: Any, folder: Path) -> None:
    """The model as MLflow serves it; the owner's module goes into the pickle, for it has no path."""
    import cloudpickle
    import mlflow
    from support.owner import build_features

    cloudpickle.register_pickle_by_value(build_features)
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="cloudpickle",
        pip_requirements=[],
        signature=mlflow.models.infer_signature(rows, model.predict(rows)),
    )


def serve(kind: str, folder: Path, port: int) -> None:
    """Run a server, or print the milliseconds of a bare prediction."""
    import pandas as pd
    import support.owner  # noqa: F401 (the models refer to it)
    from tabwright.project.project import Project

    project = Project(folder / ("export" if "export" in kind else "plain"))
    if kind.startswith("service"):
        from tabwright.serving.app import create_app, run

        run(create_app(project))
        return
    from tabwright.registry.champion import model_in_use

    model, typed = model_in_use(project).model, pd.read_pickle(folder / "row.pickle")
    if kind == BARE:
        times = []
        for _ in range(100):
            began = time.perf_counter()
            model.predict_proba(typed)
            times.append(1000 * (time.perf_counter() - began))
        print(statistics.median(times))
        return
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/predict")
    def predict(sent: dict) -> dict[str, float]:
        table = pd.DataFrame([sent]).astype(typed.dtypes[list(sent)])
        return dict(zip(model.classes_, model.predict_proba(table)[0].tolist(), strict=True))

    @app.get("/health")
    def health() -> str:
        return "alive"

    uvicorn.run(app, port=port, access_log=False)


def bare(folder: Path) -> float:
    """Milliseconds of a bare prediction of a row, in a process with one thread for numbers."""
    command = [sys.executable, __file__, BARE, str(folder), "0"]
    return float(subprocess.run(command, env=ONE_THREAD, check=True, capture_output=True).stdout)


def load(
    port: int, path: str, file: Path, clients: int, seconds: float, pid: int
) -> dict[str, float]:
    """Ask a server for some seconds."""
    words = [Path(__file__).with_name("load.py"), port, path, file, clients, seconds, pid]
    found = subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True)
    said: dict[str, float] = json.loads(found.stdout)
    return said


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def started(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """A server: its port and process."""
    port = free_port()
    settings = {"SERVE_PORT": str(port), "SERVE_LOG_DAYS": "0" if "without" in kind else "30"}
    command = [sys.executable, __file__, kind, str(folder), str(port)]
    if kind == MLFLOW:
        command = [sys.executable, "-m", *"mlflow models serve --env-manager local -p".split()]
        command += [str(port), "-m", str(folder / "mlflow")]
    with (folder / f"{kind}.log").open("w") as log:
        process = subprocess.Popen(command, env=ONE_THREAD | settings, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port, "/health") or process.poll() is not None)
        if process.poll() is not None:
            sys.exit((folder / f"{kind}.log").read_text("utf-8"))
        yield port, process.pid
    finally:
        if process.poll() is None:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.terminate()
        process.wait()


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited in vain")
        time.sleep(0.05)


def answers(port: int, path: str) -> Any:
    """The answer to a request; None where there is none."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
