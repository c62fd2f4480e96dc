"""The hooks as modules, and projects for answers of all kinds."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from support.generator import TEMPLATE, GeneratedProject, Generator
from support.in_process import InProcess
from support.pairwise import Answers, pairwise
from support.template import hook

OPTIONS = {
    "license": ["MIT", "BSD-3-Clause", "Apache-2.0", "none"],
    "raw_data": [
        "example",
        "table.csv",
        "https://host/table.csv",
        "s3://bucket/book.xlsx#Sheet 1",
        "postgresql://me@host/shop#orders",
        "mysql+pymysql://me@host/shop#SELECT * FROM orders",
    ],
    "dvc_remote": [
        "../storage",
        "none",
        "s3://bucket/x",
        "gs://bucket",
        "azure://box",
        "ssh://host/x",
        "webdav://host/x",
        "webdavs://host/x",
    ],
    "serving": [False, True],
    "docs": [False, True],
    "ci": ["none", "github", "gitlab"],
    "schedule": json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))[
        "schedule"
    ],
}


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """Generate projects for one test."""
    return InProcess(tmp_path)


@pytest.fixture(scope="session")
def pre() -> ModuleType:
    """The hook that checks answers."""
    return hook("pre_gen_project")


@pytest.fixture(scope="session")
def post() -> ModuleType:
    """The hook that finishes the project."""
    return hook("post_gen_project")


@pytest.fixture(
    scope="session", params=pairwise(OPTIONS), ids=lambda row: "-".join(map(str, row.values()))
)
def answers(request: pytest.FixtureRequest) -> Answers:
    """One row of the matrix."""
    return request.param


@pytest.fixture(scope="session")
def project(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> GeneratedProject:
    """The project for one row."""
    generator = InProcess(tmp_path_factory.mktemp("tree"))
    (generator.folder / "table.csv").write_text("a,sex\n1,x\n2,y\n", encoding="utf-8")
    return generator(**answers if answers["raw_data"] == "example" else answers | {"target": "sex"})
