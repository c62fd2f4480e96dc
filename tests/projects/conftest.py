"""The projects that several files of tests work in."""

from pathlib import Path

import pytest
from support.generator import Generator
from support.shop import make_shop


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    """Generates projects from one package cache."""
    return Generator(tmp_path_factory.mktemp("generated"), packages=True)


@pytest.fixture(scope="session")
def example(generator: Generator) -> Path:
    """The default project, with all its options on, after its whole pipeline has run."""
    names = {"project_slug": "example", "project_name": "Pingüins & co"}
    project = generator(venv=True, docs=True, serving=True, schedule="cron", **names)
    assert "not done" not in project.output
    generator.sh(project.path, "make all predict")
    return project.path


@pytest.fixture(scope="session")
def shop(generator: Generator) -> Path:
    """A project whose second model is the champion."""
    return make_shop(generator)
