"""What the benchmarks share: run a command and measure it, generate a project, print a table."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"
PROJECT = "my-ml-project"  # the folder the default answers give
COMMIT = ("git", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--no-verify", "-qm", "x")


@dataclass
class Run:
    """What a finished command did."""

    seconds: float
    code: int
    output: str
    peak_mb: float
    cpu: float

    def check(self) -> "Run":
        """Stop the benchmark when the command failed."""
        if self.code:
            sys.exit(f"{self.output}\nexit code {self.code}")
        return self


def run(*command: object, cwd: Path = ROOT, **env: object) -> Run:
    """Run a command to its end; `peak_mb` is the largest process among it and its children.

    `cpu` is the seconds that all of them took of the processor, little changed by other work.

    Settings of Python in the calling shell do not count: PYTHONDONTWRITEBYTECODE alone makes every
    start slower by seconds.
    """
    plain = {
        name: value
        for name, value in os.environ.items()
        if name != "VIRTUAL_ENV" and not name.startswith("PYTHON")
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=plain | {"PWD": str(cwd)} | {name: str(value) for name, value in env.items()},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        file.seek(0)
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds, process.returncode, file.read(), usage.ru_maxrss / unit, cpu)


def generate(folder: Path, *answers: str) -> Run:
    """Generate a project into `folder` with the cookiecutter of this Python."""
    command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--output-dir", folder)
    return run(*command, *answers)


def new_project(folder: Path) -> Path:
    """Generate a project that is ready to work in, with the default answers."""
    tell("generating a project")
    made = generate(folder).check()
    if "not done" in made.output:
        sys.exit(made.output)
    return folder / PROJECT


def make_venv(folder: Path, *packages: str) -> Path:
    """A fresh virtual environment with packages from the index; returns its programs' folder."""
    run(sys.executable, "-m", "venv", folder).check()
    run(folder / BIN / "python", "-m", "pip", "install", "--quiet", *packages).check()
    return folder / BIN


def row(cells: Iterable[object]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def head(names: Sequence[str]) -> str:
    """The first two lines of a Markdown table."""
    return f"{row(names)}\n|{'---|' * len(names)}"


def median(values: Sequence[float]) -> str:
    """Median of some seconds, with the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Ratio of the medians."""
    return f"{statistics.median(ours) / statistics.median(theirs):.2f}"


def machine() -> str:
    """The machine in a few words, for the reader of the numbers."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def tell(text: str) -> None:
    """Progress, beside the table."""
    print(text, file=sys.stderr, flush=True)
