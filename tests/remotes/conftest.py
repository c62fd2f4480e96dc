"""Projects with data, which is put under DVC once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.generator import Generator
from support.project_with_data import ProjectWithData


@pytest.fixture(scope="session")
def added(tmp_path_factory: pytest.TempPathFactory) -> ProjectWithData:
    """A project that has put data under DVC."""
    root = tmp_path_factory.mktemp("added")
    generator = Generator(root)
    made = ProjectWithData(generator().path, root / "home", generator.environment)
    made.add()
    return made


@pytest.fixture
def generate(
    generator: Generator, added: ProjectWithData, tmp_path: Path
) -> Callable[..., ProjectWithData]:
    """Generate a project with data under DVC."""

    def generate(**answers: str) -> ProjectWithData:
        made = ProjectWithData(generator(**answers).path, tmp_path / "home", generator.environment)
        made.take(added)
        return made

    return generate
