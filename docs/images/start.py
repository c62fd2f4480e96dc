"""Run the two commands of the README in a copy of the template, and draw what they print.

    python docs/images/start.py

Needs cookiecutter, and the package registry. Writes start.svg beside this file.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDTH = 108  # characters of a line
# What is shown; a dot stands for what is left out.
SHOWN = re.compile(
    r"\$ |Preparing|  (git|environment|DVC, MLflow|first commit) | +wrote |    \d+ numeric"
    r"|\d+ rows|data checks| +[a-z ]+ \d?  ?\w+ [\d.]+ \+/- |best: "
)
LEFT_OUT = (".git", ".tox", ".venv", "__pycache__", "_build", ".*_cache")


def commands() -> list[str]:
    """The lines of the README that make the first project, but the one that installs cookiecutter."""
    text = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(
        "^```bash\n(python3 -m pip install cookiecutter\n.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    return block.splitlines()[1:]


def record(command: str) -> list[str]:
    """Run a command in a copy of the template, and return the lines that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "template")
        shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*LEFT_OUT))
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=clone,
            env=os.environ | {"PATH": path, "HOME": folder, "GIT_CEILING_DIRECTORIES": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=True,
        )
        return [line.replace(f"{folder}/", "~/") for line in done.stdout.splitlines()]


def shorten(lines: list[str]) -> list[str]:
    """Keep the lines that tell what happened, with dots for the others."""
    kept: list[str] = []
    for line in lines:
        if SHOWN.match(line):
            kept.append(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")
        elif kept and kept[-1] != "  …":
            kept.append("  …")
    return kept


def draw(lines: list[str]) -> str:
    """Draw lines as a terminal; those that begin with `$` are typed."""
    rows = []
    for number, line in enumerate(lines):
        kind = "typed" if line.startswith("$ ") else "said"
        rows.append(f'<text class="{kind}" x="16" y="{44 + 17 * number}">{escape(line)}</text>')
    height = 44 + 17 * len(lines)
    style = (
        "text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}"
        ".said{fill:#c9d1d9}.typed{fill:#7ee787;font-weight:600}"
    )
    dots = "".join(
        f'<circle cx="{18 + 18 * n}" cy="15" r="5" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="880" viewBox="0 0 880 {height}">\n'
        f"<style>{style}</style>\n"
        f'<rect width="880" height="{height}" rx="8" fill="#0d1117"/>\n{dots}\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


def main() -> None:
    """Record and draw."""
    lines = []
    for command in commands():
        lines += [f"$ {command}", *record(command)]
    (HERE / "start.svg").write_text(draw(shorten(lines)), "utf-8")


if __name__ == "__main__":
    main()
