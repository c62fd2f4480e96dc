"""Projects generated in this process, as each start of cookiecutter imports it for half the time."""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import traceback
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cookiecutter.cli import main

from .generator import TEMPLATE, GeneratedProject, Generator


class InProcess(Generator):
    """Calls what the cookiecutter command calls; answers that are typed go to the command itself."""

    def run(
        self, *options: str, typed: str | None = None, **answers: Any
    ) -> subprocess.CompletedProcess[str]:
        """Generate with answers as key=value, and say what the command says."""
        if typed is not None:
            return super().run(*options, typed=typed, **answers)
        home = Path(self.environment["HOME"])
        config = home / "config.yaml"  # cookiecutter looks up the home folder when it is imported
        folders = {name: str(home / name) for name in ("cookiecutters_dir", "replay_dir")}
        config.write_text(json.dumps(folders), encoding="utf-8")
        words = [f"{name}={answer}" for name, answer in answers.items()]
        arguments = ["--no-input", "--config-file", str(config), *options, str(TEMPLATE), *words]
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
            with (
                chdir(self.folder),
                patch.dict(os.environ, self.environment, clear=True),
                patch.object(subprocess, "Popen", partial(subprocess.Popen, **streams)),  # of hooks
                redirect_stdout(said),
                redirect_stderr(said),
            ):
                try:
                    code = main.main(arguments, "cookiecutter", standalone_mode=False) or 0
                except SystemExit as stop:
                    code = stop.code
                except Exception:
                    traceback.print_exc()
                    code = 1
            said.seek(0)
            return subprocess.CompletedProcess(arguments, code, said.read())


@cache
def generated(**answers: object) -> GeneratedProject:
    """The project for these answers, for all tests that only read it."""
    folder = Path(tempfile.mkdtemp(prefix="generated"))
    atexit.register(shutil.rmtree, folder)
    return InProcess(folder)(**answers)
