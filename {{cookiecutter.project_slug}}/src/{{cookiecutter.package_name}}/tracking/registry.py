"""Register, promote and take back models: `make register`, `promote`, `rollback`, `models`.

MLflow's registry has the versions and the aliases `challenger` and `champion`; what is in force is
`models/champion.json`, which the aliases follow.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from ..config import CHAMPION, MODEL, ROOT
from ..errors import ProjectError, explained
from ..files import md5
from ..models.champion import Decision, champion_before, decide_on, decisions, folder_of
from ..models.store import load_model
from .promotion import ask_the_gate
from .record import Record, find_record, now, record_of_model, short, user
from .runs import NAME, file_of_run, open_experiment

# After .runs, which sets MLflow up.
import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

CHALLENGER, CHAMPION_ALIAS = "challenger", "champion"
FILES = ("model.skops", "schema.yaml", "rows.npy")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--run", default="", help="a run's identifier, or how it begins")
    options = parser.parse_args(arguments)
    open_experiment()
    follow_decisions()
    COMMANDS[options.command](options.run)


def register(start: str) -> None:
    """Make the model of a run, or else the present one, the challenger."""
    record = find_record(start) if start else _record_of_present_model()
    version = version_of(record["run"]) or _new_version(record)
    _client().set_registered_model_alias(NAME, CHALLENGER, version.version)
    print(f"version {version.version} (run {short(record)}) is the challenger")


def promote(_: str) -> None:
    """Make the challenger the champion, if the gate lets it through."""
    version = _by_alias(CHALLENGER)
    if version is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    record = find_record(version.run_id)
    why = os.environ.get("FORCE", "")
    with TemporaryDirectory() as folder:
        files = fetch(record, Path(folder))
        failed = ask_the_gate(record, files)
        if failed and not why:
            raise ProjectError(
                f"version {version.version} is not promoted:\n"
                + "\n".join(f"  {check}" for check in failed)
                + '\nNothing has changed. FORCE="reason" promotes it all the same and keeps the reason.'
            )
        keep(record, files)
        schema_md5 = md5(files / "schema.yaml")
    decision = {
        "time": now(),
        "what": "promoted by force" if failed else "promoted",
        "version": version.version,
        "run": record["run"],
        "model_md5": record["model_md5"],
        "schema_md5": schema_md5,
        "by": user(),
        "why": why or os.environ.get("WHY", "") or record["why"],
        "failed": [str(check) for check in failed],
    }
    _decide(decision)
    print(f"version {version.version} (run {short(record)}) is the champion; commit models/")


def rollback(_: str) -> None:
    """Bring back the champion before the present one."""
    before = champion_before()
    if before is None:
        raise ProjectError(f"{CHAMPION.relative_to(ROOT)} has no champion before the present one.")
    decision = before | {
        "time": now(),
        "what": "rolled back",
        "by": user(),
        "why": os.environ.get("WHY", ""),
        "failed": [],
    }
    _decide(decision)
    print(f"version {decision['version']} (run {decision['run'][:8]}) is the champion again")


def show(_: str) -> None:
    """List versions with their aliases, then the decisions."""
    versions = _client().search_model_versions(f"name = '{NAME}'")
    aliases = _aliases()
    rows = []
    for version in sorted(versions, key=lambda version: int(version.version)):
        record = _record(version.run_id)
        rows.append(
            {
                "version": version.version,
                "alias": ", ".join(sorted(aliases.get(version.version, []))),
                "run": version.run_id[:8],
                "model": record.get("model", ""),
                "trained": record.get("started", "")[:16].replace("T", " "),
                "test": test_score(record),
                "why": record.get("why", ""),
            }
        )
    print(pd.DataFrame(rows).to_string(index=False) if rows else "no model is registered yet")
    for decision in decisions():
        why = f": {decision['why']}" if decision["why"] else ""
        print(
            f"{decision['time']}  version {decision['version']} (run {decision['run'][:8]}) "
            f"{decision['what']} by {decision['by']}{why}"
        )


COMMANDS = {"register": register, "promote": promote, "rollback": rollback, "models": show}


def follow_decisions() -> None:
    """Let the alias follow a decision that a kill kept from the registry.

    A decision that came with git, about a run this registry does not have, is left alone.
    """
    for decision in decisions()[-1:]:
        version = version_of(decision["run"])
        if version and _mark(decision) not in version.tags:
            _tell_registry(decision, version)


def fetch(record: Record, folder: Path) -> Path:
    """Bring the model of a run, its contract and the hashes of its rows from MLflow.

    Raises
    ------
    ProjectError
        When one is not there, or the model is not what was trained.
    """
    for name in FILES:
        if file_of_run(record["run"], name, folder) is None:
            raise ProjectError(
                f"MLflow has no {name} of run {short(record)}: it was logged elsewhere, or is lost. "
                "`make train` here makes a run that can be promoted."
            )
    if md5(folder / "model.skops") != record["model_md5"]:
        raise ProjectError(
            f"the model of run {short(record)} in MLflow is not what was trained: it is damaged. "
            "`make register` registers another."
        )
    load_model(folder / "model.skops")
    return folder


def keep(record: Record, files: Path) -> None:
    """Put a model and its contract below models/champions, for DVC to carry."""
    folder = folder_of(record["run"])
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in FILES[:2]:
            shutil.copy2(files / name, partial / name)
        partial.rename(folder)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "add", "--quiet", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProjectError(f"DVC could not take {folder.relative_to(ROOT)}: {done.stderr.strip()}")


def version_of(run: str) -> ModelVersion | None:
    """The version a run was registered as."""
    found = _client().search_model_versions(f"name = '{NAME}' and run_id = '{run}'")
    return found[0] if found else None


def test_score(record: Record) -> str:
    """The deciding metric on the held-out rows, with its interval."""
    if "evaluation" not in record:
        return ""
    scores = record["evaluation"]
    name = scores["metric"]
    return "{} {:.4f} ({low:.4f} to {high:.4f})".format(
        name, scores["test"][name], **scores["interval"][name]
    )


def _decide(decision: Decision) -> None:
    decide_on(decision)
    if version := version_of(decision["run"]):
        _tell_registry(decision, version)


def _tell_registry(decision: Decision, version: ModelVersion) -> None:
    client = _client()
    client.set_registered_model_alias(NAME, CHAMPION_ALIAS, version.version)
    if version.version in _aliases(CHALLENGER):
        client.delete_registered_model_alias(NAME, CHALLENGER)
    words = f"{decision['by']}: {decision['why']}"
    client.set_model_version_tag(NAME, version.version, _mark(decision), words)


def _mark(decision: Decision) -> str:
    return f"{decision['time']} {decision['what']}"


def _client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()
