"""The template's own code, as it stands in the repository."""

import importlib.util
import json
from types import ModuleType
from typing import Any

from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

from local_extensions import for_post_gen, for_pre_gen

from .generator import TEMPLATE


def computed(**answers: str) -> dict[str, Any]:
    """All answers with the private ones, as cookiecutter works them out."""
    context = generate_context(str(TEMPLATE / "cookiecutter.json"), extra_context=answers)
    return dict(prompt_for_config(context, no_input=True))


def hook_answers(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as hooks see them."""
    return json.loads(json.dumps(for_post_gen(for_pre_gen({}, answers))))


def hook(name: str) -> ModuleType:
    """Import a hook, unrendered."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
