"""Checkers of the files that run a project every day, and faults that these must find."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from cronsim import CronSim

BIN = Path(sys.executable).parent


def every_day(line: str) -> None:
    """Hold that a line of cron is one, and means once a day."""
    times = CronSim(line, datetime(2026, 1, 1))
    first, second = next(times), next(times)
    assert (second - first).total_seconds() == 86_400, line


def checked(*command: str | Path) -> str:
    """Run a checker, and return what it says."""
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def valid(path: Path, *schema: str) -> None:
    """Hold that a file is valid by a schema that comes with check-jsonschema, and its options."""
    checked(sys.executable, "-m", "check_jsonschema", "--builtin-schema", *schema, path)


def fault(path: Path, old: str, new: str) -> None:
    """Put a fault into a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
