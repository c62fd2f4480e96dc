"""Repeat a run of any age in a copy of the project, and compare: `make reproduce RUN=calm-otter`.

A clone gets its code, environment and data, and runs its pipeline.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from configobj import ConfigObj  # as DVC reads its settings
from ruamel.yaml import YAML

from ..project.commands import Arguments, command_parser, dvc, run
from ..project.dvc_storage import DvcStorage
from ..project.environment import sqlite_uri
from ..project.errors import ProjectError
from ..project.files import A_DAY, is_stale, read_json, temporary_name
from ..project.git import commit, git, snapshot
from ..project.project import Project
from ..tracking.record import Record, find_record, patch_file, short
from ..workspace.install import PYTHON, InstallError, install
from .verdict import compare_runs

# Variables of the shell that another version of the project must not see.
FOREIGN = ("GIT_", "MLFLOW_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("reproduce", __doc__)
    parser.add_argument("--run", default="", help="its name or identifier, or how it begins")
    record = find_record(project, parser.parse_args(arguments).run)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folders = project.root / ".dvc" / "tmp" / "reproduce"
    remove_leftovers(folders)
    folder = folders / f"{short(record)}.{temporary_name()}"
    storage = DvcStorage(project.root)
    print("  checkout", flush=True)
    clone = check_out(project, record, folder)
    patch = patch_file(project, record["run"]) if record["dirty"] else None
    inputs = snapshot(project.root, record["commit"], patch)
    print("  environment", flush=True)
    install_environment(clone)
    print("  data", flush=True)
    fetch_data(clone, record, storage)
    print("  pipeline", flush=True)
    again = run_pipeline(clone, record) | {"inputs": inputs, "dirty": record["dirty"]}
    known = record.get("evaluation", {}).get("predictions_md5")
    then = storage.find(known) if known else None
    text, reproduced = compare_runs(record, again, then, Project(clone).test_predictions_file)
    print(f"\n{text}")
    if not reproduced:
        print(f"{project.short(folder)} has the results, until the next `make reproduce`.")
        sys.exit(1)
    shutil.rmtree(folder)


def remove_leftovers(folders: Path) -> None:
    """Delete the folders of earlier calls that were stopped, or that found a difference."""
    for folder in folders.glob("*.*"):
        if is_stale(folder, folder.name.partition(".")[2]):
            shutil.rmtree(folder)


def check_out(project: Project, record: Record, folder: Path) -> Path:
    """Clone the project as it was at the run; the clone shares git's objects and no settings."""
    name, base, patch = short(record), record["commit"], patch_file(project, record["run"])
    changes = f"{project.short(patch)} (what run {name} had not committed)"
    if not base:
        raise ProjectError(f"run {name} does not record a commit: commit, and train again.")
    if not commit(project.root, base):
        raise ProjectError(
            f"commit {base[:8]} of run {name} is not in this clone: `git fetch --all` (with "
            f"--unshallow where the clone is shallow), or ask {record['user']} to push it."
        )
    if record["dirty"] and not patch.is_file():
        raise ProjectError(
            f"{changes} is missing: `git checkout` it, or ask {record['user']} to commit it."
        )
    top = git(project.root, "rev-parse", "--show-toplevel") or ""
    prefix = git(project.root, "rev-parse", "--show-prefix") or ""
    bare = ("git", "-c", "core.hooksPath=/dev/null")
    new = ("clone", "--quiet", "--shared", "--no-checkout", "--template=")
    _run(*bare, *new, top.rstrip("\n"), str(folder), at=project.root)
    _run(*bare, "checkout", "--quiet", "--detach", base, at=folder)
    if record["dirty"]:
        problem = f"{changes} does not apply to commit {base[:8]}: `git checkout` it"
        apply = ("git", "apply", "--index", "--whitespace=nowarn", str(patch))
        _run(*apply, at=folder, problem=problem)
    return folder / prefix.rstrip("\n")


def install_environment(clone: Path) -> None:
    """Make the environment that the lock files there pin."""
    try:
        install(clone, uv=(sys.executable, "-m", "uv"), python=sys.executable)
    except InstallError as error:
        raise ProjectError(f"the environment of the run cannot be installed: {error}") from None


def fetch_data(clone: Path, record: Record, storage: DvcStorage) -> None:
    """Check out the raw data, from this project's cache or else from the remote."""
    # `dvc config` refuses a path with letters beyond ASCII.
    settings = {"cache": {"dir": str(Path(storage.cache.path).parents[1])}}
    with (clone / ".dvc" / "config.local").open("wb") as file:
        ConfigObj(settings, encoding="utf-8").write(file)
    for name, known in record["data"].items():
        storage.fetch(known)
        if storage.missing(known):
            raise ProjectError(
                f"{name} of run {short(record)} (MD5 {known}) is neither in DVC's cache nor in the "
                f"remote: ask {record['user']} to `make push` where the run was made."
            )
        if storage.damaged(known):
            raise ProjectError(
                f"DVC's cache has a damaged {name}: restore it by make verify REPAIR=1."
            )
        dvc(clone, "checkout", name)


def run_pipeline(clone: Path, record: Record) -> Record:
    """Run every step again, and return the record that the training writes."""
    pin_search(clone / "params.yaml", record["settings_tried"])
    runs = clone / "reports" / "runs"
    before = set(runs.glob("*.json"))
    stages = YAML(typ="safe").load(clone / "dvc.yaml")["stages"]
    model = "calibrate" if "calibrate" in stages else "train"  # in older projects
    last = "evaluate" if "evaluation" in record else model
    python = str(clone / PYTHON)
    command = (python, "-m", "dvc", "repro", "--force", "--no-run-cache", "--no-commit", last)
    _run(*command, at=clone, problem=f"the pipeline of run {short(record)} stopped", shown=True)
    (new,) = set(runs.glob("*.json")) - before
    return read_json(new)


def pin_search(params: Path, tried: int) -> None:
    """Search as many combinations as then, however long that takes."""
    if tried:
        yaml = YAML()
        tree = yaml.load(params)
        tree["train"]["search"] |= {"n_iter": tried, "timeout": A_DAY}
        yaml.dump(tree, params)


def environment(clone: Path) -> dict[str, str]:
    """The environment variables for the clone, without those that point to this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    database = sqlite_uri(clone / "mlflow.db")
    return kept | {
        "PATH": f"{(clone / PYTHON).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_REGISTRY_URI": database,
        "MLFLOW_TRACKING_URI": database,
    }


def _run(
    *command: str, at: Path, problem: str = "the run cannot be repeated", shown: bool = False
) -> str:
    return run(*command, at=at, problem=problem, shown=shown, environment=environment(at))
