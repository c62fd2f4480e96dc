"""The template's own code, as it stands in the repository, and answers for it."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

from local_extensions import for_post_gen, for_pre_gen

from .generator import TEMPLATE

CONTEXT = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
PRIVATE = ("__unknown", "__source", "__select")
ANSWERS = {
    "project_name": "P",
    "project_slug": "p",
    "package_name": "p_code",
    "description": "d",
    "author_name": "Ada",
    "license": "MIT",
    "raw_data": "example",
    "target": "sex",
    "dvc_remote": "none",
    "serving": False,
    "docs": False,
    "ci": "none",
    "schedule": "none",
    "venv": True,
    "__source": "none",
    "__raw_path": "example",
    "__select": "",
    "__raw_file": "penguins.csv",
    "__remote": "none",
    "__unknown": "",
    "_optional": {},
}


def computed(**answers: str) -> dict[str, Any]:
    """All answers with the private ones, as cookiecutter works them out."""
    context = generate_context(str(TEMPLATE / "cookiecutter.json"), extra_context=answers)
    return dict(prompt_for_config(context, no_input=True))


def hook_answers(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as hooks see them."""
    return json.loads(json.dumps(for_post_gen(for_pre_gen({}, answers))))


def given(question: str, answer: object, **others: str) -> dict:
    """Good answers but one, as the hooks see them."""
    answers = ANSWERS | {question: answer}
    if question == "raw_data":
        private = computed(raw_data=str(answer), target="sex")
        answers |= {name: private[name] for name in ANSWERS if "raw" in name or name in PRIVATE}
    return hook_answers(answers | others)


def created(folder: Path) -> dict[str, str]:
    """What cookiecutter adds to the answers, and cruft does not."""
    return {"_output_dir": str(folder), "_repo_dir": str(TEMPLATE), "_template": str(TEMPLATE)}


def hook(name: str) -> ModuleType:
    """Import a hook, unrendered."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
