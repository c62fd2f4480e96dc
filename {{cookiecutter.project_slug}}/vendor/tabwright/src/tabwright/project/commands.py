"""Run other programs, such as DVC, in the project; why one fails is a sentence."""

import argparse
import subprocess
import sys
from pathlib import Path

import psutil

from .errors import ProjectError

DVC = (sys.executable, "-m", "dvc")
Arguments = list[str] | None


def command_parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of a command of the library, described by the docstring of its module."""
    return argparse.ArgumentParser(prog=f"python -m tabwright {command}", description=description)


def run(
    *command: str,
    at: Path,
    problem: str = "",
    shown: bool = False,
    environment: dict[str, str] | None = None,
) -> str:
    """What a command prints, unless it is shown.

    Raises
    ------
    ProjectError
        With the problem, and what the command says, when it fails.
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
    try:
        said, errors = process.communicate()
    except BaseException:  # nobody needs what its children go on with
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        raise
    if process.returncode:
        why = (errors or said or "see above").strip().rpartition("ERROR: ")[2]  # DVC's last word
        what = problem or f"`{' '.join(command[2:])}` failed"
        raise ProjectError(f"{what}: {why}")
    return said or ""
