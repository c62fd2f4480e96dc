"""The inputs of a run in git: their commit, and uncommitted changes."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import ProjectError

# Everything a run depends on, and nothing that the pipeline writes.
INPUTS = (
    "src",
    "vendor",
    "data",
    "params.yaml",
    "dvc.yaml",
    "pyproject.toml",
    "requirements*.txt",
    "references/schema.yaml",
)

CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
MERGED = (
    "params.yaml",
    "dvc.yaml",
    "dvc.lock",
    "references/schema.yaml",
    "models/champion.json",
    "models/shadow.json",
    "models/export.json",
)


def git(root: Path, *arguments: str, **environment: str) -> str | None:
    """What git prints; None if it exits with 1, or if there is no git or no repository.

    Raises
    ------
    ProjectError
        When git fails otherwise, in its own words.
    """
    plain = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}  # in English, without prompts
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env=os.environ | plain | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    why = " ".join(done.stderr.decode("utf-8", "replace").split())
    if done.returncode > 1 and "not a git repository (or any" not in why:
        raise ProjectError(f"`git {arguments[0]}` stopped: {why.removeprefix('fatal: ')}")
    # Files in another encoding stay intact in a patch.
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def commit(root: Path, name: str = "HEAD") -> str:
    """The hash of a commit, the current one by default; empty if there is none."""
    return (git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") or "").strip()


def last_author(root: Path, *paths: str) -> str:
    """Who made the last commit of some files; empty where nobody did."""
    found = commit(root) and git(root, "log", "-1", "--format=%an", "--", *paths)
    return (found or "").strip()


def commit_hint(root: Path, message: str, *before: str) -> str:
    """Commands that commit what has changed; empty where nothing has, or there is no git."""
    if not git(root, "status", "--porcelain", "--", "."):
        return ""
    commands = (*before, "git add --all", f"git commit --message {shlex.quote(message)}")
    return f"to keep this: {' && '.join(commands)}"


def require_merged(root: Path, *paths: Path) -> None:
    """Refuse files with the conflict markers of a merge, by default all that commands read.

    Raises
    ------
    ProjectError
        With the name of each, and how to resolve it.
    """
    found = paths or (
        *(root / name for name in MERGED),
        *root.glob("reports/runs/*.json"),
        *root.glob("data/*/*.dvc"),
        *root.glob("models/champions/*.dvc"),
    )
    marked = [path for path in found if path.is_file() and CONFLICT.search(path.read_bytes())]
    if marked:
        raise ProjectError(
            "\n".join(_resolve(path.relative_to(root).as_posix()) for path in marked)
        )


@contextmanager
def require_readable(root: Path, path: Path, remedy: str) -> Iterator[None]:
    """Refuse a JSON file whose content raises an error in the block, and say how to restore it.

    Raises
    ------
    ProjectError
        With the remedy, or of a file that was not merged, with that of `require_merged`.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        require_merged(root, path)
        name = path.relative_to(root).as_posix()
        raise ProjectError(f"{name} is damaged ({error!r}): {remedy}.") from error


def _resolve(name: str) -> str:
    said = f"{name} has the conflict markers of a merge (<<<<<<<)"
    if name.endswith((".lock", ".json", ".dvc")):
        then = "make pull" if name.endswith(".dvc") else "make all"
        return f"{said}: `git checkout --ours {name}` or `--theirs` keeps one side; then `{then}`."
    return f"{said}: keep what is right, delete the markers, then `git add {name}`."


def snapshot(root: Path, base: str = "", patch: Path | None = None) -> str:
    """The git tree of the inputs alone, as they are now, or in a commit with a patch applied.

    It is a hash of their content, the same in every clone. Neither the working tree nor git's index
    changes. It is empty without a commit, or if the patch does not apply.
    """
    if not commit(root, base or "HEAD"):
        return ""
    with TemporaryDirectory() as folder:
        aside = partial(git, root, GIT_INDEX_FILE=str(Path(folder, "index")))
        aside("read-tree", base or "HEAD")
        if not base:
            known = ("ls-files", "--cached", "--others", "--exclude-standard", "--")
            aside("add", "--all", "--", *(name for name in INPUTS if aside(*known, name)))
        if patch and aside("apply", "--cached", "--whitespace=nowarn", str(patch)) is None:
            return ""
        others = (":/", *(f":!{name}" for name in INPUTS))
        aside("rm", "-r", "--force", "--cached", "--quiet", "--ignore-unmatch", *others)
        return (aside("write-tree") or "").strip()


def uncommitted(root: Path, tree: str) -> str:
    """The patch from the current commit to a snapshot; empty if they are equal."""
    plain = ("--binary", "--no-color", "--no-ext-diff")
    return (git(root, "diff", *plain, "HEAD", tree, "--", *INPUTS) or "") if tree else ""


def is_committed(root: Path, tree: str) -> bool:
    """Whether the inputs in a snapshot are those of the current commit."""
    return bool(tree) and tree == snapshot(root, "HEAD")


def is_as_now(root: Path, tree: str) -> bool:
    """Whether the inputs in a snapshot are as they are now, committed or not."""
    return bool(tree) and tree == snapshot(root)


def changed_since(root: Path, tree: str) -> list[str]:
    """The inputs in which a snapshot differs from the current commit, if git still has it."""
    try:
        return (git(root, "diff", "--name-only", tree, "HEAD", "--", *INPUTS) or "").splitlines()
    except ProjectError:
        return []
