"""Bake projects as a user does: by the cookiecutter command, in a home of one's own."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

TEMPLATE = Path(__file__).parents[1]
MADE_LATER = {".git", ".venv"}


@dataclass(frozen=True)
class Project:
    """A generated project and what its generation printed."""

    path: Path
    output: str

    def read(self, name: str) -> str:
        """Read one of its text files."""
        return (self.path / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Read all its files, but those of git and of the environment."""
        paths = (path for path in self.path.rglob("*") if path.is_file())
        relative = {path.relative_to(self.path): path for path in paths}
        return {
            name.as_posix(): path.read_bytes()
            for name, path in sorted(relative.items())
            if name.parts[0] not in MADE_LATER
        }


class Bakery:
    """Runs cookiecutter in `folder`; call it for a project, or `run` it to see it fail.

    `environment` is all that the command inherits, so a test may change it.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        (root / "home").mkdir()
        kept = {"PATH", "SYSTEMROOT", "PATHEXT", "TEMP", "TMP", "TMPDIR"} & os.environ.keys()
        self.environment = {name: os.environ[name] for name in kept} | {
            "HOME": str(root / "home"),
            "USERPROFILE": str(root / "home"),
            "PWD": str(self.folder),
            "PYTHONUTF8": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(root),
        }

    def __call__(self, **answers: Any) -> Project:
        """Generate a project, without its environment unless asked for."""
        before = set(self.folder.iterdir())
        done = self.run(**{"venv": False, **answers})
        assert done.returncode == 0, done.stdout
        (path,) = set(self.folder.iterdir()) - before
        return Project(path, done.stdout)

    def run(
        self, *options: str, typed: str | None = None, **answers: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run cookiecutter with answers as key=value, or as lines typed at its questions."""
        words = [f"{name}={answer}" for name, answer in answers.items()]
        mode = ["--no-input"] if typed is None else []
        return subprocess.run(
            [sys.executable, "-m", "cookiecutter", *mode, *options, str(TEMPLATE), *words],
            cwd=self.folder,
            env=self.environment,
            input=typed or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )


def computed(**answers: str) -> dict[str, Any]:
    """All answers with the private ones, as cookiecutter works them out."""
    context = generate_context(str(TEMPLATE / "cookiecutter.json"), extra_context=answers)
    return dict(prompt_for_config(context, no_input=True))


@pytest.fixture
def bake(tmp_path: Path) -> Bakery:
    """Generate projects for one test."""
    return Bakery(tmp_path)


def hook(name: str) -> ModuleType:
    """Import a hook as it stands in the repository, unrendered."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pre() -> ModuleType:
    """The hook that checks answers."""
    return hook("pre_gen_project")


@pytest.fixture(scope="session")
def post() -> ModuleType:
    """The hook that finishes the project."""
    return hook("post_gen_project")
