"""Repeat a run of any age in a copy of the project, and compare: `make reproduce RUN=1a2b3c4d`.

Its code, its environment, its data and its pipeline, in a clone.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from configobj import ConfigObj  # as DVC reads its settings
from ruamel.yaml import YAML

from ..project.commands import Arguments, command_parser, run
from ..project.dvc_storage import DvcStorage, dvc, tracked_outputs
from ..project.environment import sqlite_uri
from ..project.errors import ProjectError
from ..project.files import is_stale, temporary_name
from ..project.git import commit, git, snapshot
from ..project.project import Project
from ..tracking.record import Record, find_record, patch_file, short
from ..workspace.install import PYTHON, InstallError, install
from .verdict import compare_runs

A_DAY = 24 * 60 * 60  # seconds
# What the shell may hold and another version of the project must not see.
FOREIGN = ("GIT_", "MLFLOW_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("reproduce", __doc__)
    parser.add_argument("--run", default="", help="its identifier, or how that begins")
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
        print(f"{project.short(folder)} has what came out, until the next `make reproduce`.")
        sys.exit(1)
    shutil.rmtree(folder)


def remove_leftovers(folders: Path) -> None:
    """Delete the folders of calls that were stopped, or that ended with a difference."""
    for folder in folders.glob("*.*"):
        if is_stale(folder, folder.name.partition(".")[2]):
            shutil.rmtree(folder)


def check_out(project: Project, record: Record, folder: Path) -> Path:
    """Make the project as the run found it, in a clone that shares objects and no settings."""
    name, base, patch = short(record), record["commit"], patch_file(project, record["run"])
    ask, changes = f"or ask {record['user']} to", project.short(patch)
    if not base:
        raise ProjectError(f"run {name} does not record a commit: commit, and train again.")
    if not commit(project.root, base):
        raise ProjectError(
            f"commit {base[:8]} of run {name} is not in this clone: `git fetch --all` (with "
            f"--unshallow where the clone is shallow), {ask} push it."
        )
    if record["dirty"] and not patch.is_file():
        raise ProjectError(
            f"{changes}, which run {name} had not committed, is missing: `git checkout` it, {ask} "
            "commit it."
        )
    top = git(project.root, "rev-parse", "--show-toplevel") or ""
    prefix = git(project.root, "rev-parse", "--show-prefix") or ""
    bare = ("git", "-c", "core.hooksPath=/dev/null")
    new = ("clone", "--quiet", "--shared", "--no-checkout", "--template=")
    _run(*bare, *new, top.rstrip("\n"), str(folder), at=project.root)
    _run(*bare, "checkout", "--quiet", "--detach", base, at=folder)
    if record["dirty"]:
        problem = (
            f"{changes} does not apply to commit {base[:8]}. It has changed since it was written: "
            "`git checkout` it"
        )
        _run(
            "git", "apply", "--index", "--whitespace=nowarn", str(patch), at=folder, problem=problem
        )
    return folder / prefix.rstrip("\n")


def install_environment(clone: Path) -> None:
    """Make the environment that the lock files there pin."""
    try:
        install(clone, uv=(sys.executable, "-m", "uv"), python=sys.executable)
    except InstallError as error:
        raise ProjectError(f"the environment of the run cannot be installed: {error}") from None


def fetch_data(clone: Path, record: Record, storage: DvcStorage) -> None:
    """Bring the raw data, from this project's cache or else from the remote."""
    # DVC itself would refuse letters beyond ASCII in the path of its cache.
    settings = {"cache": {"dir": str(Path(storage.cache.path).parents[1])}}
    with (clone / ".dvc" / "config.local").open("wb") as file:
        ConfigObj(settings, encoding="utf-8").write(file)
    for name, out in tracked_outputs(clone).items():
        if not (out.stage.is_data_source and name.startswith("data/")):
            continue
        known = out.hash_info.value
        storage.fetch(storage.objects(known))
        if not dvc(clone, "checkout", name):
            raise ProjectError(
                f"{name} of run {short(record)} (MD5 {known}) is neither in DVC's cache nor in the "
                f"remote: ask {record['user']} to `make push` where the run was made."
            )
        if storage.hash(clone / name) != known:
            raise ProjectError(
                f"DVC's cache has a damaged {name}: restore it by make verify REPAIR=1."
            )


def run_pipeline(clone: Path, record: Record) -> Record:
    """Run every step again, and give the record that the training there writes."""
    pin_search(clone / "params.yaml", record["settings_tried"])
    runs = clone / "reports" / "runs"
    before = set(runs.glob("*.json"))
    last = "evaluate" if "evaluation" in record else "train"
    python = str(clone / PYTHON)
    command = (python, "-m", "dvc", "repro", "--force", "--no-run-cache", "--no-commit", last)
    _run(*command, at=clone, problem=f"the pipeline of run {short(record)} stopped", shown=True)
    (new,) = set(runs.glob("*.json")) - before
    return json.loads(new.read_text(encoding="utf-8"))


def pin_search(params: Path, tried: int) -> None:
    """Let the search try as many combinations as it tried then, however long that takes."""
    if tried:
        yaml = YAML()
        tree = yaml.load(params)
        tree["train"]["search"] |= {"n_iter": tried, "timeout": A_DAY}
        yaml.dump(tree, params)


def environment(clone: Path) -> dict[str, str]:
    """The variables of this process without what would lead back to this clone."""
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
