"""Projects for the tests of all rooms."""

import os
import sys
from pathlib import Path

import pytest
from support.generator import Generator

# The library runs where it stands: bytecode there would get into generated projects.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """Generate projects for one test."""
    return Generator(tmp_path)
