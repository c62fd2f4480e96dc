"""Repeat a run of any age beside the project, and compare: `make reproduce RUN=1a2b3c4d`.

Its code, its environment, its data and its pipeline, in a clone.
"""

import argparse
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import yaml
from configobj import ConfigObj  # as DVC reads its settings

from ..project.errors import ProjectError, cli_errors
from ..project.files import is_stale, temporary_name
from ..project.environment import sqlite_uri
from ..project.git import commit, git, snapshot
from ..tracking.record import Record, find_record, patch_file, short
from ..project.commands import run
from ..project.dvc_storage import cache, dvc, fetch, dvc_hash, objects, tracked_outputs, find_object
from .verdict import compare_runs

FOLDER = project.root / ".dvc" / "tmp" / "reproduce"
BIN = "Scripts" if os.name == "nt" else "bin"
A_DAY = 24 * 60 * 60  # seconds
# What the shell may hold and another version of the project must not see.
FOREIGN = ("GIT_", "MLFLOW_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="", help="its identifier, or how that begins")
    record = find_record(parser.parse_args(arguments).run)
    remove_leftovers()
    folder = FOLDER / f"{short(record)}.{temporary_name()}"
    print("  checkout", flush=True)
    project = check_out(record, folder)
    inputs = snapshot(record["commit"], patch_file(record["run"]) if record["dirty"] else None)
    print("  environment", flush=True)
    install(project)
    print("  data", flush=True)
    fetch_data(project, record)
    print("  pipeline", flush=True)
    again = run_pipeline(project, record) | {"inputs": inputs, "dirty": record["dirty"]}
    then = find_object(record["evaluation"]["predictions_md5"]) if "evaluation" in record else None
    text, reproduced = compare_runs(record, again, then, project / project.test_predictions_file.relative_to(project.root))
    print(f"\n{text}")
    if not reproduced:
        print(f"{folder.relative_to(project.root)} has what came out, until the next `make reproduce`.")
        sys.exit(1)
    shutil.rmtree(folder)


def remove_leftovers() -> None:
    """Delete the folders of calls that were stopped, or that ended with a difference."""
    for folder in FOLDER.glob("*.*"):
        if is_stale(folder, folder.name.partition(".")[2]):
            shutil.rmtree(folder)


def check_out(record: Record, folder: Path) -> Path:
    """Make the project as the run found it, in a clone that shares objects and no settings."""
    name, base, patch = short(record), record["commit"], patch_file(record["run"])
    ask, changes = f"or ask {record['user']} to", patch.relative_to(project.root)
    if not base:
        raise ProjectError(f"run {name} has no commit that tells its code: commit, and train anew.")
    if not commit(base):
        raise ProjectError(
            f"commit {base[:8]} of run {name} is not in this clone: `git fetch --all` (with "
            f"--unshallow where the clone is shallow), {ask} push it."
        )
    if record["dirty"] and not patch.is_file():
        raise ProjectError(
            f"{changes}, which run {name} had not committed, is missing: `git checkout` it, {ask} "
            "commit it."
        )
    top, prefix = (git("rev-parse", f"--show-{which}") or "" for which in ("toplevel", "prefix"))
    bare = ("git", "-c", "core.hooksPath=/dev/null")
    new = ("clone", "--quiet", "--shared", "--no-checkout", "--template=")
    _run(*bare, *new, top.rstrip("\n"), str(folder))
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


def install(project: Path) -> None:
    """Make the environment that the lock files there pin."""
    there = ("--quiet", "--python", str(project / ".venv" / BIN / "python"))
    locks = [path.name for path in sorted(project.glob("requirements*.txt"))]
    for command in (
        ("venv", "--quiet", "--python", sys.executable, ".venv"),
        ("pip", "sync", *there, "--require-hashes", *locks),
        ("pip", "install", *there, "--no-deps", "--no-build-isolation", "--editable", "."),
    ):
        problem = "the environment of the run cannot be installed"
        _run(sys.executable, "-m", "uv", *command, at=project, problem=problem)


def fetch_data(project: Path, record: Record) -> None:
    """Bring the raw data, from this project's cache or else from the remote."""
    # DVC itself would refuse letters beyond ASCII in the path of its cache.
    settings = {"cache": {"dir": str(Path(cache().path).parents[1])}}
    with (project / ".dvc" / "config.local").open("wb") as file:
        ConfigObj(settings, encoding="utf-8").write(file)
    for name, out in tracked_outputs(project).items():
        if not (out.stage.is_data_source and name.startswith("data/")):
            continue
        known = out.hash_info.value
        fetch(objects(known))
        if not dvc("checkout", name, at=project):
            raise ProjectError(
                f"{name} of run {short(record)} (MD5 {known}) is neither in DVC's cache nor in the "
                f"remote: ask {record['user']} to `make push` where the run was made."
            )
        if dvc_hash(project / name) != known:
            raise ProjectError(f"DVC's cache has a damaged {name}: mend it, make verify REPAIR=1.")


def run_pipeline(project: Path, record: Record) -> Record:
    """Run every step anew, and give the record that the training there writes."""
    pin_search(project / "params.yaml", record["settings_tried"])
    runs = project / "reports" / "runs"
    before = set(runs.glob("*.json"))
    last = "evaluate" if "evaluation" in record else "train"
    python = str(project / ".venv" / BIN / "python")
    command = (python, "-m", "dvc", "repro", "--force", "--no-run-cache", "--no-commit", last)
    _run(*command, at=project, problem=f"the pipeline of run {short(record)} stopped", shown=True)
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
    *command: str, at: Path = project.root, problem: str = "the run cannot be repeated", shown: bool = False
) -> str:
    return run(*command, at=at, problem=problem, shown=shown, environment=environment(at))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cli_errors():
        main()
