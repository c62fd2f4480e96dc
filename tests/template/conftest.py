"""The hooks, as modules."""

from types import ModuleType

import pytest
from support.template import hook


@pytest.fixture(scope="session")
def pre() -> ModuleType:
    """The hook that checks answers."""
    return hook("pre_gen_project")


@pytest.fixture(scope="session")
def post() -> ModuleType:
    """The hook that finishes the project."""
    return hook("post_gen_project")
