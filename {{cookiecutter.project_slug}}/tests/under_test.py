"""The modules under test, each by the name of its file. Renaming the package changes no test."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

SRC = Path(__file__).parents[1] / "src"
TWICE = {"rows": "models.rows", "contract": "data.contract.rules"}  # or by another name
PACKAGE = next(SRC.glob("*/__init__.py")).parent


def __getattr__(name: str) -> ModuleType:
    """The module that `from under_test import name` asks for."""
    if name in TWICE:
        return import_module(f"{PACKAGE.name}.{TWICE[name]}")
    found = [path for path in PACKAGE.rglob("*.py") if path.stem == name]
    if len(found) != 1:
        raise AttributeError(f"{len(found)} modules are called {name}")
    return import_module(".".join(found[0].relative_to(SRC).with_suffix("").parts))
