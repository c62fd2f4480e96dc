"""Make this checkout ready to work in; safe to repeat."""

import os
import subprocess
import sys
from pathlib import Path

from ..config import ROOT, load_params
from ..errors import ProjectError, explained

REMOTE = "storage"


def main() -> None:
    in_git = _run("git", "rev-parse", "--git-dir") is not None
    # DVC insists on git unless told that there is none.
    _dvc("config", "--local", *(["--unset", "core.no_scm"] if in_git else ["core.no_scm", "true"]))
    _find_remote()
    _add_raw_data()
    if in_git and os.name != "nt" and (ROOT / ".git").exists():
        _run(sys.executable, "-m", "pre_commit", "install", check=True)
    from ..tracking import create_database

    create_database()


def _find_remote() -> None:
    """In a clone of a folder on this machine, use the folder's DVC remote when ours is not there."""
    url = _dvc("config", f"remote.{REMOTE}.url")
    origin = _run("git", "config", "remote.origin.url")
    if not url or not origin or not Path(origin).is_dir() or "://" in url:
        return
    here, there = ROOT / ".dvc" / url, Path(origin) / ".dvc" / url
    if not here.exists() and there.exists():
        _dvc("remote", "modify", "--local", REMOTE, "url", str(there.resolve()))


def _add_raw_data() -> None:
    """Put the raw file under DVC, unless it is."""
    raw = ROOT / load_params().data.raw
    pointer = raw.with_name(raw.name + ".dvc")
    if not raw.exists():
        if not pointer.exists():
            print(f"{raw.relative_to(ROOT)} is not there yet: put it there, then `make setup`")
        return
    _run(sys.executable, "-m", "dvc", "add", "--quiet", str(raw), check=True)


def _dvc(*arguments: str) -> str | None:
    return _run(sys.executable, "-m", "dvc", *arguments)


def _run(*command: str, check: bool = False) -> str | None:
    """What the command prints; None when it fails, unless it must not."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    if done.returncode and check:
        why = (done.stderr or done.stdout).strip()
        raise ProjectError(f"`{' '.join(command[1:])}` failed: {why}")
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == "__main__":
    with explained():
        main()
