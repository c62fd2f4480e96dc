"""The steps that repeat a run: its code, its environment, its data, its pipeline, in a copy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import yaml
from configobj import ConfigObj  # as DVC reads its settings

from ..config import ROOT
from ..errors import ProjectError
from ..tracking import sqlite_uri
from ..tracking.git import commit, git, snapshot
from ..tracking.record import Record, patch_of, short
from ..workspace.storage import cache, dvc, fetch, hash_of, objects, recorded

BIN = "Scripts" if os.name == "nt" else "bin"
A_DAY = 24 * 60 * 60  # seconds
# What the shell may hold and another version of the project must not see.
FOREIGN = ("GIT_", "MLFLOW_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def check_out(record: Record, folder: Path) -> tuple[Path, str]:
    """Make the project as the run found it, in a clone that shares objects and no settings.

    Returns
    -------
    project : Path
        Where in the clone the project is.
    inputs : str
        The git tree of the inputs with the uncommitted changes; of an older run, of all files.
    """
    run, base, patch = short(record), record["commit"], patch_of(record["run"])
    if not base:
        raise ProjectError(f"run {run} has no commit that tells its code: commit, and train anew.")
    if not commit(base):
        raise ProjectError(
            f"commit {base[:8]} of run {run} is not in this clone: `git fetch --all` (with "
            f"--unshallow where the clone is shallow), or ask {record['user']} to push it."
        )
    if record["dirty"] and not patch.is_file():
        raise ProjectError(
            f"{patch.relative_to(ROOT)}, which run {run} had not committed, is missing: "
            f"`git checkout` it, or ask {record['user']} to commit it."
        )
    top, prefix = (git("rev-parse", f"--show-{which}") or "" for which in ("toplevel", "prefix"))
    bare = ("-c", "core.hooksPath=/dev/null")
    new = ("clone", "--quiet", "--shared", "--no-checkout", "--template=")
    _run("git", *bare, *new, top.rstrip("\n"), str(folder))
    _run("git", *bare, "checkout", "--quiet", "--detach", base, at=folder)
    if record["dirty"]:
        problem = (
            f"{patch.relative_to(ROOT)} does not apply to commit {base[:8]}. It has changed since "
            "it was written: `git checkout` it"
        )
        _run("git", "apply", "--index", "--whitespace=nowarn", str(patch), at=folder, or_=problem)
    if "inputs" in record:
        inputs = snapshot(base, patch if record["dirty"] else None)
    else:
        inputs = _run("git", "write-tree", at=folder).strip()
    return folder / prefix.rstrip("\n"), inputs


def install(project: Path) -> None:
    """Make the environment that the lock files there pin."""
    uv, problem = (sys.executable, "-m", "uv"), "the environment of the run cannot be installed"
    there = ("--quiet", "--python", str(project / ".venv" / BIN / "python"))
    locks = [path.name for path in sorted(project.glob("requirements*.txt"))]
    alone = ("--no-deps", "--no-build-isolation", "--editable", ".")
    _run(*uv, "venv", "--quiet", "--python", sys.executable, ".venv", at=project, or_=problem)
    _run(*uv, "pip", "sync", *there, "--require-hashes", *locks, at=project, or_=problem)
    _run(*uv, "pip", "install", *there, *alone, at=project, or_=problem)


def fetch_data(project: Path, record: Record) -> None:
    """Bring the raw data, from this project's cache or else from the remote."""
    # DVC itself would refuse letters beyond ASCII in the path of its cache.
    settings = {"cache": {"dir": str(Path(cache().path).parents[1])}}
    with (project / ".dvc" / "config.local").open("wb") as file:
        ConfigObj(settings, encoding="utf-8").write(file)
    for name, out in recorded(project).items():
        if not (out.stage.is_data_source and name.startswith("data/")):
            continue
        known = out.hash_info.value
        fetch(objects(known))
        if not dvc("checkout", name, at=project):
            raise ProjectError(
                f"{name} of run {short(record)} (MD5 {known}) is neither in DVC's cache nor in the "
                f"remote: ask {record['user']} to `make push` where the run was made."
            )
        if hash_of(project / name) != known:
            raise ProjectError(f"DVC's cache has a damaged {name}: mend it, make verify REPAIR=1.")


def run_pipeline(project: Path, record: Record) -> Record:
    """Run every step anew, and give the record that the training there writes."""
    pin_search(project / "params.yaml", record["settings_tried"])
    runs = project / "reports" / "runs"
    before = set(runs.glob("*.json"))
    last = "evaluate" if "evaluation" in record else "train"
    command = ("-m", "dvc", "repro", "--force", "--no-run-cache", "--no-commit", last)
    problem = f"the pipeline of run {short(record)} stopped, see above"
    python = str(project / ".venv" / BIN / "python")
    _run(python, *command, at=project, or_=problem, shown=True)
    (new,) = set(runs.glob("*.json")) - before
    return json.loads(new.read_text(encoding="utf-8"))


def pin_search(params: Path, tried: int) -> None:
    """Let the search end after as many settings as it tried then, whatever the clock says."""
    if tried:
        tree = yaml.safe_load(params.read_text(encoding="utf-8"))
        tree["train"] |= {"search_iterations": tried, "search_seconds": A_DAY}
        text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
        params.write_text(text, encoding="utf-8")


def environment(project: Path) -> dict[str, str]:
    """The variables of this process without what would lead back to this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    database = sqlite_uri(project / "mlflow.db")
    return kept | {
        "PATH": f"{project / '.venv' / BIN}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_REGISTRY_URI": database,
        "MLFLOW_TRACKING_URI": database,
    }


def _run(
    *command: str, at: Path = ROOT, or_: str = "the run cannot be repeated", shown: bool = False
) -> str:
    """What a command prints, unless it is shown; when it fails, a ProjectError with the reason."""
    pipe = None if shown else subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=at, env=environment(at), stdout=pipe, stderr=pipe, text=True
    )
    try:
        said, errors = process.communicate()
    except BaseException:  # nobody needs what its children go on with
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        raise
    if process.returncode:
        why = f": {(errors or said).strip()}" if errors or said else "."
        raise ProjectError(or_ + why)
    return said or ""
