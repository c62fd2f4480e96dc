"""Projects whose raw data is elsewhere, and their modules, run by this environment."""

import os
import subprocess
import sys
from typing import Any

from conftest import Bakery, Project


class Fetched:
    """Generates such projects when called; `run` is their owner's command."""

    def __init__(self, bake: Bakery, environment: dict[str, str]) -> None:
        self.bake = bake
        self.environment = environment

    def __call__(self, **answers: Any) -> Project:
        """Generate a project, and tell DVC that there is no git."""
        answers = {"project_slug": "p", "package_name": "p_code", "target": "y"} | answers
        project = self.bake(**answers)
        self._call(project, "dvc", "config", "--local", "core.no_scm", "true")
        return project

    def run(self, project: Project, name: str, fails: bool = False) -> str:
        """Run a command or a step; all that it says, which is one line when it fails."""
        step = "." in name
        done = self._call(project, *([f"p_code.{name}"] if step else ["tabwright", name]))
        assert bool(done.returncode) == fails, done.stdout
        if fails:
            (line,) = done.stdout.strip().splitlines()
            assert line.startswith("error: ")
            assert line.endswith(".")
        return done.stdout

    def _call(self, project: Project, *words: str) -> subprocess.CompletedProcess[str]:
        packages = [project.path / "src", project.path / "vendor/tabwright/src"]
        own = {"PYTHONPATH": os.pathsep.join(map(str, packages)), "DVC_NO_ANALYTICS": "1"}
        own["DVC_SITE_CACHE_DIR"] = str(self.bake.folder / "dvc")
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
