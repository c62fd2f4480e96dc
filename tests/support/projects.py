"""Projects without an environment of their own, whose commands run in this one."""

import os
import subprocess
import sys
from typing import Any

from .generator import GeneratedProject, Generator


class Projects:
    """Generates projects when called; `run` is their owner's command."""

    def __init__(self, generator: Generator, environment: dict[str, str]) -> None:
        self.generator = generator
        self.environment = environment

    def __call__(self, **answers: Any) -> GeneratedProject:
        """Generate a project, and tell DVC that there is no git."""
        answers = {"project_slug": "p", "package_name": "p_code", "target": "y"} | answers
        project = self.generator(**answers)
        self._call(project, "dvc", "config", "--local", "core.no_scm", "true")
        return project

    def run(self, project: GeneratedProject, *words: str, fails: bool = False) -> str:
        """Run a module with its arguments; all that it says, which is one line when it fails."""
        done = self._call(project, *words)
        assert bool(done.returncode) == fails, done.stdout
        if fails:
            (line,) = done.stdout.strip().splitlines()
            assert line.startswith("error: ")
            assert line.endswith(".")
        return done.stdout

    def _call(self, project: GeneratedProject, *words: str) -> subprocess.CompletedProcess[str]:
        source = [project.path / "src", project.path / "vendor/tabwright/src"]
        own = {"PYTHONPATH": os.pathsep.join(map(str, source)), "DVC_NO_ANALYTICS": "1"}
        own["DVC_SITE_CACHE_DIR"] = str(self.generator.folder / "dvc")
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=project.path,
            env=os.environ | own | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=100,
        )
