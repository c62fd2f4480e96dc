"""Install what the lock files pin, and the project itself, into `.venv`.

Run by its path it needs a Python and nothing else: `make setup` does so before anything is there.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PYTHON = Path(".venv", "Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = ("vendor/tabwright", ".")  # the first is not in runs that are older than it
# What the calling shell may hold and the tools must not see: another environment or repository.
FOREIGN = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
KEPT = (
    "kept, though no lock file names it: {}. To share it, name it in pyproject.toml, then `make lock "
    "setup`; `make setup EXACT=1` removes it."
)
REMOVED = "removed, as no lock file names it: {}"
OFFLINE = re.compile(
    "name resolution|failed to lookup|getaddrinfo|(tcp|not|new) connect|unreachable|timed out"
    "|connection (refused|reset|to server)",
    re.IGNORECASE,
)


class InstallError(Exception):
    """A tool failed: the line of its output that says why, and all of the output."""

    def __init__(self, output: str) -> None:
        super().__init__(reason(output))
        self.output = output.strip()


def install(root: Path, uv: Sequence[str] = (), python: str = "", exact: bool = False) -> str:
    """Install the pinned packages and the project itself; a `.venv` that is there is kept.

    Parameters
    ----------
    root
        The folder of the project.
    uv
        The command that starts uv; if empty, the uv on PATH, or else one that pip installs into
        `.venv`.
    python
        The interpreter of a new `.venv`; if empty, uv chooses, or it is the one that runs this.
    exact
        Remove packages that no lock file names.

    Returns
    -------
    str
        What was done with such packages; empty if there are none.

    Raises
    ------
    InstallError
        When a tool fails. A `.venv` that could not be made is removed.
    """
    uv = [*uv] or [path for path in [shutil.which("uv")] if path]
    if not (root / PYTHON).exists():
        shutil.rmtree(root / ".venv", ignore_errors=True)  # what is there is no environment
        try:
            uv = _make(root, uv, python)
        except BaseException:
            shutil.rmtree(root / ".venv", ignore_errors=True)
            raise
    elif not uv:
        uv = _own_uv(root)
    there = ("--quiet", "--python", str(PYTHON))
    locks = sorted(path.name for path in root.glob("requirements*.txt"))
    packages = [name for name in PACKAGES if (root / name).exists()]
    editable = [word for name in packages for word in ("--editable", name)]
    others = _not_locked(root, uv, locks)
    pinned = [word for name in locks for word in ("--requirement", name)]
    how = ("sync", *locks) if exact else ("install", "--no-deps", *pinned)
    run(root, *uv, "pip", *how, *there, "--require-hashes")
    run(root, *uv, "pip", "install", *there, "--no-deps", "--no-build-isolation", *editable)
    return (REMOVED if exact else KEPT).format(", ".join(others)) if others else ""


def _not_locked(root: Path, uv: list[str], locks: list[str]) -> list[str]:
    """Packages that somebody has installed and no lock file names, with their versions."""
    listed = run(root, *uv, "pip", "freeze", "--exclude-editable", "--python", str(PYTHON))
    text = "\n".join((root / name).read_text(encoding="utf-8") for name in locks)
    known = {*re.findall(r"^([\w.-]+)", text, re.MULTILINE), "pip", "setuptools", "wheel"}
    return [line for line in listed.splitlines() if re.split("[= @]", line)[0] not in known]


def _make(root: Path, uv: list[str], python: str) -> list[str]:
    """Make `.venv`, and return how to start uv then."""
    if uv:
        run(root, *uv, "venv", "--quiet", *(["--python", python] if python else []), ".venv")
        return uv
    if sys.version_info < (3, 11):  # noqa: UP036 (this runs by any Python)
        raise InstallError(f"Python 3.11 or newer is needed, and {sys.executable} is older")
    run(root, python or sys.executable, "-m", "venv", ".venv")
    return _own_uv(root)


def _own_uv(root: Path) -> list[str]:
    """The uv in `.venv`; pip installs it where it is missing."""
    uv = root / PYTHON.with_stem("uv")
    if not uv.exists():
        pip = (str(root / PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check")
        if not shutil.which("pip", path=str(uv.parent)):  # uv makes environments without pip
            run(root, str(root / PYTHON), "-m", "ensurepip")
        run(root, *pip, "install", "--retries", "2", "uv")
    return [str(uv)]


def run(root: Path, *command: str) -> str:
    """Run a command in the project and return what it prints.

    Raises
    ------
    InstallError
        When it is not on this machine, or fails.
    """
    tool = shutil.which(command[0])
    if tool is None:
        raise InstallError(f"{command[0]} is not on this machine")
    result = subprocess.run(
        [tool, *command[1:]],
        cwd=root,
        env={name: value for name, value in os.environ.items() if name not in FOREIGN},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode:
        raise InstallError(result.stderr.strip() or result.stdout.strip() or f"{command[0]} failed")
    return result.stdout.strip()


def reason(output: str) -> str:
    """Pick the line of a tool's output that says why it failed: the last that is no advice."""
    lines = [line.strip(" \t│├╰─▶") for line in output.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("WARNING", "[", "hint:"))]
    last = telling[-1] if telling else ""
    last = re.sub("^(error|fatal|caused by|cause): *", "", last, flags=re.IGNORECASE)
    return f"no answer from the network ({last})" if OFFLINE.search(output) else last


def main() -> None:
    """Install into the project that this file is part of."""
    try:
        note = install(Path(__file__).resolve().parents[5], exact="--exact" in sys.argv)
        print(note, end="\n" * bool(note))
    except InstallError as error:
        print(error.output, file=sys.stderr)
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: stopped; the same command starts again.")


if __name__ == "__main__":
    main()
