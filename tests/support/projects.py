"""Projects without an environment of their own, whose commands run in this process."""

import os
import runpy
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import patch

from .generator import GeneratedProject, Generator

PACKAGE = "p_code"


class Projects:
    """Generates projects when called; `run` is their owner's command."""

    def __init__(self, generator: Generator, environment: dict[str, str]) -> None:
        self.generator = generator
        self.environment = environment

    def __call__(self, **answers: Any) -> GeneratedProject:
        """Generate a project, and tell DVC that there is no git."""
        answers = {"project_slug": "p", "package_name": PACKAGE, "target": "y"} | answers
        project = self.generator(**answers)
        (project.path / ".dvc/config.local").write_text("[core]\n    no_scm = true\n", "utf-8")
        return project

    def run(self, project: GeneratedProject, *words: str, fails: bool = False) -> str:
        """Run a module with its arguments; all that it says, which is one line when it fails."""
        said, code = StringIO(), None
        own = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(self.generator.folder / "dvc")}
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]  # of another project
        with (
            chdir(project.path),
            patch.dict(os.environ, own | self.environment),
            patch.multiple(sys, argv=[*words], path=[str(project.path / "src"), *sys.path]),
            patch.object(sys, "excepthook", sys.excepthook),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            try:
                runpy.run_module(words[0], run_name="__main__")
            except SystemExit as stop:
                code = stop.code
        text = f"{said.getvalue()}{code or ''}"
        assert bool(code) == fails, text
        if fails:
            (line,) = text.strip().splitlines()
            assert line.startswith("error: ")
            assert line.endswith(".")
        return text
