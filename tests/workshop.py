"""Projects with an environment, and the commands their README names."""

import os
import subprocess
from pathlib import Path

from conftest import Bakery

PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
ACTIVATE = "Scripts/activate" if os.name == "nt" else "bin/activate"
TABLE = "\ufeffkey;weight (kg);colour;price\n" + "".join(
    f"k{n};{n % 17}.5;{'red' if n % 3 else 'blue'};{n % 17 * 3 + 10 * (n % 3 == 0)}\n"
    for n in range(200)
)


class Workshop(Bakery):
    """A bakery with a package cache for its projects, and the commands to use them with."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        passed = ("SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_", "UV_")
        self.environment |= {
            name: value for name, value in os.environ.items() if name.startswith(passed)
        }
        self.environment |= {
            "UV_CACHE_DIR": str(root / "uv"),
            "DVC_SITE_CACHE_DIR": str(root / "dvc"),
        }

    def sh(self, project: Path, command: str, code: int = 0) -> str:
        """Run a command line in the project and return all that it prints."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=project,
            env=self.environment | {"PWD": str(project)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert (done.returncode != 0) == bool(code), f"{command}\n{done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout
