"""Run other programs, such as DVC, in the project; why one fails is a sentence."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from .errors import ProjectError

DVC = (sys.executable, "-m", "dvc")
SHOWN_DVC = ".venv/Scripts/dvc" if os.name == "nt" else ".venv/bin/dvc"  # to type in the project
Arguments = list[str] | None


def command_parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of a command of the library, described by the docstring of its module."""
    return argparse.ArgumentParser(prog=f"python -m tabwright {command}", description=description)


def dvc(root: Path, *arguments: str, problem: str = "", shown: bool = False) -> str:
    """Run DVC in a project; see `run`."""
    return run(*DVC, *arguments, at=root, problem=problem, shown=shown)


def run(
    *command: str,
    at: Path,
    problem: str = "",
    shown: bool = False,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a command; on a terminal a clock appears after two seconds.

    Parameters
    ----------
    problem
        What to say when it fails, in front of what the command says.
    shown
        Let it print as it goes, in place of returning what it prints.

    Raises
    ------
    ProjectError
        When it fails.
    """
    pipe = None if shown else subprocess.PIPE
    process = subprocess.Popen(
        command,
        cwd=at,
        env=environment,
        stdout=pipe,
        stderr=pipe,
        encoding="utf-8",
        errors="replace",
    )
    output, errors = _wait(process, disable=shown or None)
    if process.returncode:
        why = (errors or output or "see above").strip().rpartition("ERROR: ")[2]  # DVC's last word
        what = problem or f"`{' '.join(command[2:])}` failed"
        raise ProjectError(f"{what}: {why}")
    return output or ""


def _wait(process: subprocess.Popen[str], disable: bool | None) -> tuple[str, str]:
    """What a process prints; its children end with it when this one is stopped."""
    import psutil
    from tqdm import tqdm

    try:
        with tqdm(disable=disable, bar_format="waiting: {elapsed}", delay=2, leave=False) as bar:
            while True:
                try:
                    return process.communicate(timeout=1)
                except subprocess.TimeoutExpired:
                    bar.update()
    except BaseException:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        raise
