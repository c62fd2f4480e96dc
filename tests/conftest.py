"""Projects for the tests of all rooms."""

import os
import sys
from pathlib import Path

import pytest
from support.generator import Generator

# The library runs where it stands: bytecode there would get into generated projects. That of the
# processes which tests start is kept elsewhere, as compiling MLflow anew takes seconds.
sys.dont_write_bytecode = True
os.environ["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix, "bytecode"))
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Threads of OpenMP and OpenBLAS wait busily, which costs most where environments run side by side.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """Generate projects for one test."""
    return Generator(tmp_path)
