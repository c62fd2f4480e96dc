"""Copy this project into an existing Git repository, and overwrite nothing there.

Run by its path it needs a Python and Git, nothing else.
"""

import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIPPED = {".git", "__pycache__"}
ADD = "add its lines to yours: (echo; cat {new}) >> {name}"
KEEP = "keep yours"
COMPARE = "git diff --no-index {name} {new}"
TARGETS = re.compile(r"^([^\s.:#=][^:#=\n]*):(?!:?=)", re.MULTILINE)
RAW = re.compile(r"data/raw/(?!\.)(?!.*\.dvc$)")
HOW = {  # what to do with a file that both have
    ".dvcignore": ADD,
    ".gitattributes": ADD,
    ".gitignore": ADD,
    "LICENSE": KEEP,
    "README.md": KEEP,
    "Makefile": "git mv Makefile own.mk && cp {new} Makefile && echo 'include own.mk' >> Makefile",
    "pyproject.toml": "take the new one, with your dependencies in its list",
    "requirements.txt": "take the new one, with what yours asks for in pyproject.toml",
}


def adopt(project: Path, repository: Path) -> str:
    """Copy every file that the repository does not have.

    Parameters
    ----------
    project
        A project beside the repository, generated with `venv=false`.
    repository
        The top folder of a Git repository without uncommitted changes.

    Returns
    -------
    str
        What was copied, what collides, and what Git would not keep.

    Raises
    ------
    ValueError
        When the repository is none or has uncommitted changes, or the project has an environment.
    """
    _require_clean(project, repository)
    names = _files(project)
    copied, same, collides = [], 0, []
    for name in names:
        goal = repository / name
        if _in_the_way(repository, name):
            same_bytes = goal.is_file() and filecmp.cmp(project / name, goal, shallow=False)
            same += same_bytes
            collides += [] if same_bytes else [name]
        else:
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, goal)
            copied.append(name)
    lines = [f"{len(copied)} files copied, {same} are the same already"]
    if collides:
        lines.append("yours were left as they are; compare, and decide:")
        lines += [f"  {name}: {_advice(name, project, repository)}" for name in collides]
    if "Makefile" in collides and (shared := _targets(repository) & _targets(project)):
        lines += [f"in own.mk rename what would replace a new target: {', '.join(sorted(shared))}"]
    raw = [name for name in names if RAW.match(name)]
    kept = [name for name in copied if name not in raw]
    if ignored := _git(repository, "check-ignore", "--", *kept) if kept else "":
        lines.append("Git ignores these by a rule of yours, and would not keep them:")
        lines += [f"  {name}" for name in ignored.splitlines()]
    if tracked := _git(repository, "ls-files", "--", *raw) if raw else "":
        lines += [f"DVC keeps raw data, so Git must not: git rm --cached {tracked}"]
    return "\n".join(lines)


def _files(project: Path) -> list[str]:
    """The files of a project, but those of Git and of the environment."""
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not SKIPPED & {*path.parts})


def _in_the_way(repository: Path, name: str) -> bool:
    """Whether something is where a file would go: a file, a folder, or a link on the way to it."""
    goal = repository / name
    above = [folder for folder in goal.parents if folder.is_relative_to(repository)][:-1]
    taken = any(folder.is_symlink() or folder.is_file() for folder in above)
    return taken or os.path.lexists(goal)


def _advice(name: str, project: Path, repository: Path) -> str:
    """What to do with a file that both have, by commands for the repository."""
    new = Path(os.path.relpath(project / name, repository)).as_posix()
    return HOW.get(name, COMPARE).format(name=name, new=new)


def _targets(folder: Path) -> set[str]:
    """The targets of the Makefile of a folder."""
    text = (folder / "Makefile").read_text(encoding="utf-8", errors="replace")
    return {name for names in TARGETS.findall(text) for name in names.split()}


def _git(repository: Path, *words: str) -> str:
    """What git says, also where it finds nothing."""
    done = subprocess.run(
        ["git", "-C", str(repository), *words], capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout.strip()


def _require_clean(project: Path, repository: Path) -> None:
    if (project / ".venv").exists():
        raise ValueError("this project is in use already. Generate one with venv=false to copy.")
    top = _git(repository, "rev-parse", "--show-toplevel") if repository.is_dir() else ""
    if not top or Path(top).resolve() != repository.resolve():
        raise ValueError(f"{repository} is not the top folder of a Git repository.")
    if _git(repository, "status", "--porcelain"):
        raise ValueError(
            f"{repository} has uncommitted changes. Commit or stash them, so that `git status` "
            "then shows what was added, and nothing else."
        )


def main() -> None:
    """Copy the project that this file is part of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path, help="its top folder")
    try:
        print(adopt(Path(__file__).resolve().parents[5], parser.parse_args().repository))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
