"""A project whose Python is a stub: the Makefile and what calls it are real, and each step is a line."""

import os
import re
import subprocess
from pathlib import Path

from .generator import TEMPLATE, GeneratedProject, Generator

# `make predict` looks at the data again.
DAY = ["pull", "data", "data", "predict", "monitor", "act", "push"]
UPTO_MONITOR = DAY[: DAY.index("monitor") + 1]
STUB = """#!/bin/sh
# What make starts: it notes which step it is, fails where it is told to, and act trains if it is told to.
case "$*" in
*install.py*) step=setup; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*" prepare"*) exit 0 ;;
*predict_model*) step=predict ;;
*"repro data"*) step=data ;;
*) step=$3; shift 3 ;;
esac
if test "$step" = alert; then step="alert $2"; fi
echo "$step" >> "$RECORD"
test "$step" = act && test "$TRAIN" && echo '{}' > models/shadow.json
if test "$step" = "$FAIL"; then echo "error: why it fails" >&2; exit 1; fi
"""


def blocks(section: str) -> list[str]:
    """The shell blocks of a section of docs/schedule.md; of the top, with its title."""
    page = (TEMPLATE / "docs/schedule.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in re.split("^##? ", page, flags=re.MULTILINE)[1:])
    return re.findall("^```bash\n(.*?)^```$", sections[section], re.MULTILINE | re.DOTALL)


class Scheduled:
    """A generated project, and a folder for commands that stand in for others."""

    def __init__(self, generator: Generator, *, bare: bool = False, **answers: object) -> None:
        self.project: GeneratedProject = generator(**answers)
        self.path, root = self.project.path, generator.folder.parent
        self.bin, self.record = root / "bin", root / "record"
        (self.path / "models/champion.json").write_text('[{"run": "x"}]\n', encoding="utf-8")
        self.add("python3", STUB)
        self.add("timeout", '#!/bin/sh\nshift\nexec "$@"\n')  # not on every system
        if not bare:
            python = self.path / ".venv/bin/python"
            python.parent.mkdir(parents=True)
            python.write_text(STUB, encoding="utf-8")
            python.chmod(0o755)
        self.environment = generator.environment | {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "RECORD": str(self.record),
            "PAUSE": "0",
        }

    def add(self, name: str, script: str) -> None:
        """Put a command on the path."""
        self.bin.mkdir(exist_ok=True)
        (self.bin / name).write_text(script, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def run(self, *command: str, at: Path | None = None, **variables: str) -> tuple[int, list[str]]:
        """Run a command; its exit code, and the steps that ran."""
        self.record.unlink(missing_ok=True)
        done = subprocess.run(
            command,
            cwd=at or self.path,
            env=self.environment | variables,
            capture_output=True,
            encoding="utf-8",
        )
        self.said = done.stdout + done.stderr
        ran = self.record.read_text(encoding="utf-8") if self.record.exists() else ""
        return done.returncode, ran.splitlines()

    def git(self, *words: str, at: Path | None = None) -> str:
        """Run git and return what it says."""
        who = ["-c", "user.name=x", "-c", "user.email=x@y"]
        code, _ = self.run("git", *who, *words, at=at)
        assert code == 0, self.said
        return self.said

    def publish(self) -> Path:
        """Commit the project into a repository that others clone."""
        origin = self.path.parent / "origin.git"
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "start")
        self.git("clone", "--quiet", "--bare", ".", str(origin))
        return origin
