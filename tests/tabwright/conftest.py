"""A project in a temporary folder, a small table, its schema, and a model of it."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from support.clones import CLONES, git, make_clones
from support.owner import build_features, fit_model
from support.small_table import PARAMS, make_raw, set_params, split_table
from tabwright.io.source import Source
from tabwright.project.project import Project
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema

# A few words need no more, and models are fitted faster.
build_features.WORDS = build_features.PIECES = 512


@pytest.fixture(autouse=True)
def _no_tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the address that MLflow leaves in this process and its environment: it may be `./mlflow.db`."""
    if "mlflow" in sys.modules:
        sys.modules["mlflow"].set_tracking_uri(None)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with settings and no files."""
    made = Project(tmp_path)
    set_params(made, PARAMS)
    return made


@pytest.fixture
def raw() -> pd.DataFrame:
    """Raw rows."""
    return make_raw()


@pytest.fixture
def schema(raw: pd.DataFrame) -> Schema:
    """The schema inferred from the raw rows."""
    return replace(infer_schema(raw, "bought", Source()), positive="yes")


@pytest.fixture(scope="session")
def trained() -> SimpleNamespace:
    """A model with all that belongs to it; tests must not change any of it."""
    table = make_raw()
    schema = replace(infer_schema(table, "bought", Source()), positive="yes")
    typed, problems = apply_contract(table, schema)
    assert problems.empty
    rows = split_table(typed, schema)
    model, facts = fit_model(rows["train"], schema, PARAMS)
    return SimpleNamespace(
        raw=table,
        schema=schema,
        **rows,
        model=model,
        scores=facts["candidates"],
        facts=facts,
        params=PARAMS,
    )


@pytest.fixture(scope="session")
def made_clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project and its clones; `clones` are copies."""
    folder = tmp_path_factory.mktemp("made_clones")
    make_clones(folder)
    return folder


@pytest.fixture
def clones(made_clones: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the two clones, of a copy of the project."""
    for name in ("origin", *CLONES):
        shutil.copytree(made_clones / name, tmp_path / name)
    ada, ben = (tmp_path / name for name in CLONES)
    for root in (ada, ben):
        git(root, "remote", "set-url", "origin", str(tmp_path / "origin"))
    return ada, ben
