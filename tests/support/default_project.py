"""One default project for all tests that only read it."""

import atexit
import shutil
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import tabwright

from .generator import Generator

PACKAGE = "my_ml_project"
LIBRARY = Path(tabwright.__file__).parents[1]  # to be on the path of a process


@cache
def default_project() -> Path:
    """The root of a project as it is generated, without an environment."""
    folder = Path(tempfile.mkdtemp(prefix="default-project"))
    atexit.register(shutil.rmtree, folder)
    return Generator(folder)().path


def owner_module(name: str) -> ModuleType:
    """Import a module of the owner's package, such as `models.candidates`."""
    source = str(default_project() / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    return import_module(f"{PACKAGE}.{name}")
