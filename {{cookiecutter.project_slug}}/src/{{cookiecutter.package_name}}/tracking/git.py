"""What git knows of the inputs of a run: the commit they come from, and what is not in it."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from ..config import ROOT

# All that decides what a run does; what the pipeline writes is not among it.
INPUTS = (
    "src",
    "data",
    "params.yaml",
    "dvc.yaml",
    "pyproject.toml",
    "requirements*.txt",
    "references/schema.yaml",
)


def git(*arguments: str, **environment: str) -> str | None:
    """What git prints; None where it fails, or where there is no git."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    # A file in another encoding comes through a patch unharmed.
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def commit() -> str:
    """The present commit, or nothing where there is none."""
    return (git("rev-parse", "HEAD") or "").strip()


def snapshot() -> str:
    """The git tree of the inputs as they are now, committed or not; nothing without a commit.

    Neither the working tree nor git's own index changes.
    """
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git("read-tree", "HEAD", **index)
        git("add", "--all", "--", *INPUTS, **index)
        return (git("write-tree", **index) or "").strip() if commit() else ""


def uncommitted(tree: str) -> str:
    """The patch from the present commit to a snapshot; empty where they are alike."""
    return git("diff", "--binary", "--no-color", "--no-ext-diff", "HEAD", tree) or ""


def is_committed(tree: str) -> bool:
    """Whether the inputs in a snapshot are those of the present commit."""
    return _alike(tree, "HEAD")


def is_as_now(tree: str) -> bool:
    """Whether the inputs in a snapshot are as they are now, committed or not."""
    return _alike(tree, snapshot())


def changed_since(tree: str) -> list[str]:
    """The inputs in which a snapshot differs from the present commit."""
    return (git("diff", "--name-only", tree, "HEAD", "--", *INPUTS) or "").splitlines()


def _alike(tree: str, other: str) -> bool:
    return bool(tree) and git("diff", "--quiet", tree, other, "--", *INPUTS) is not None
