"""Projects for the tests of all rooms."""

from pathlib import Path

import pytest
from support.generator import Generator


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """Generate projects for one test."""
    return Generator(tmp_path)
