"""Generate projects as a user does, by the cookiecutter command in a home of one's own, and use them."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bytecode

TEMPLATE = Path(__file__).parents[2]
MADE_LATER = {".git", ".venv"}
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
ACTIVATE = "Scripts/activate" if os.name == "nt" else "bin/activate"
SYSTEM = {"PATH", "SYSTEMROOT", "PATHEXT", "TEMP", "TMP", "TMPDIR"}
OF_PACKAGES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_", "UV_")  # where packages come from
TABLE = "\ufeffkey;weight (kg);colour;price\n" + "".join(
    f"k{n};{n % 17}.5;{'red' if n % 3 else 'blue'};{n % 17 * 3 + 10 * (n % 3 == 0)}\n"
    for n in range(200)
)
# the end of the command that finishes a project, as generation prints it
COMMIT = ' && git add --all && git commit --message "Set up the project"'


@dataclass(frozen=True)
class GeneratedProject:
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


def steps(output: str) -> dict[str, str]:
    """Read the report: what each step says, in order; each has its time."""
    return dict(re.findall(r"^  (\w+(?:,? \w+)?) +\d+\.\d s *(.*)$", output, re.MULTILINE))


def edit(project: Path, name: str, changes: dict[str, str]) -> None:
    """Replace words in a file, each of which is there."""
    path = next(project.glob(name))
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, (name, old)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class Generator:
    """Runs cookiecutter in `folder`; call it for a project, or `run` it to see it fail.

    `environment` is all that its commands inherit, so a test may change it. With `packages` they
    may install, from a package cache that all its projects share: uv's own if one is given.
    """

    def __init__(self, root: Path, *, packages: bool = False) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        (root / "home").mkdir()
        self.environment = {name: os.environ[name] for name in SYSTEM & os.environ.keys()} | {
            "HOME": str(root / "home"),
            "USERPROFILE": str(root / "home"),
            "PWD": str(self.folder),
            "PYTHONUTF8": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(root),
        }
        if packages:
            self.environment |= {
                "UV_CACHE_DIR": str(root / "uv"),
                "DVC_SITE_CACHE_DIR": str(root / "dvc"),
                **{n: value for n, value in os.environ.items() if n.startswith(OF_PACKAGES)},
            }

    def __call__(self, **answers: Any) -> GeneratedProject:
        """Generate a project, without its environment unless asked for."""
        before = set(self.folder.iterdir())
        if answers.get("venv"):
            self.share_bytecode()
        done = self.run(**{"venv": False, **answers})
        assert done.returncode == 0, done.stdout
        (path,) = set(self.folder.iterdir()) - before
        return GeneratedProject(path, done.stdout)

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

    def share_bytecode(self) -> None:
        """Let the next environment have what those of the projects have compiled."""
        if cache := self.environment.get("UV_CACHE_DIR"):
            bytecode.share(self.folder.glob("*/.venv"), Path(cache))

    def sh(self, project: Path, command: str, code: int = 0) -> str:
        """Run a command line in a project, by bash, and return all that it prints."""
        if "make setup" in command and not (project / ".venv").exists():
            self.share_bytecode()
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", command],
            cwd=project,
            env=self.environment | {"PWD": str(project)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert (done.returncode != 0) == bool(code), f"{command}\n{done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout
