"""One generated project, whose modules are imported where it stands."""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest
from conftest import Bakery

Module = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """Import a module of the default project, such as `models.comparison`."""
    root = Bakery(tmp_path_factory.mktemp("machinery"))().path
    (package,) = (root / "src").glob("*/__init__.py")
    sys.path.insert(0, str(root / "src"))
    return lambda name: import_module(f"{package.parent.name}.{name}")
