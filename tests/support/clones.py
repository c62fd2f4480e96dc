"""A project after a run and two clones of it, and what changes them as the steps of a run do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tabwright.workspace.checkout import configure_git

from .default_project import default_project

CLONES = ("ada's", "ben")
LOCK = "schema: '2.0'\nstages:\n  train:\n    cmd: train\n    params:\n      params.yaml:\n        seed: {}\n"
CARD = "score {}\n\n<!-- yours: limits -->\n{}\n<!-- end -->\n\nrows {}\n"


def git(folder: Path, *command: str, code: int = 0) -> str:
    """Run git in a folder and return all that it prints."""
    own = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *own, *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def entry(run: str, version: int, what: str = "promoted") -> dict:
    """A line of the promotion log."""
    named = {"run": run, "version": str(version), "what": what}
    return named | {"model_md5": "", "schema_md5": ""}


def write(root: Path, number: int, log: list[dict], limits: str = "none") -> None:
    """Write what the steps of a run write, each run differently."""
    (root / "dvc.lock").write_text(LOCK.format(number), encoding="utf-8")
    for name in ("metrics", "warnings", "candidates"):
        text = json.dumps({"value": number}) + "\n"
        (root / f"reports/{name}.json").write_text(text, encoding="utf-8")
    (root / "reports/model_card.md").write_text(CARD.format(number, limits, number), "utf-8")
    (root / "references/data_dictionary.md").write_text(f"| {number} |\n", encoding="utf-8")
    (root / f"reports/runs/{number}.json").write_text(
        f'{{"run": "{number}", "started": ""}}\n', "utf-8"
    )
    (root / "models/champion.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def keep(root: Path, message: str) -> None:
    """Commit all."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--no-verify", "--message", message)


def make_clones(folder: Path) -> None:
    """Make a project after a run, and its clones, set up but for the environment, which is this one."""
    origin = folder / "origin"
    shutil.copytree(default_project(), origin)
    write(origin, 0, [entry("base", 1)])
    git(origin, "init", "--quiet", "--initial-branch=main")
    keep(origin, "start")
    git(origin, "config", "receive.denyCurrentBranch", "updateInstead")
    for name in CLONES:
        root = folder / name
        git(folder, "clone", "--quiet", str(origin), str(root))
        git(root, "config", "pull.rebase", "false")
        python = root / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        configure_git(root)
