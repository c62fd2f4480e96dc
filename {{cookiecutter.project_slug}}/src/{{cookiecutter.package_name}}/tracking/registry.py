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

import mlflow
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..config import CHAMPION, MODEL, ROOT
from ..data.contract.schema import load_schema
from ..errors import ProjectError, explained
from ..files import md5
from ..models.champion import (
    Decision,
    ModelInUse,
    champion_before,
    decide_on,
    decisions,
    folder_of,
    in_words,
)
from ..models.store import load_model
from .promotion import ask_the_gate
from .record import (
    Record,
    find_record,
    load_records,
    now,
    record_of_model,
    short,
    test_score,
    user,
)
from .runs import NAME, file_of_run, open_experiment

CHALLENGER_ALIAS, CHAMPION_ALIAS = "challenger", "champion"
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
    _client().set_registered_model_alias(NAME, CHALLENGER_ALIAS, version.version)
    print(f"version {version.version} (run {short(record)}) is the challenger")


def promote(_: str) -> None:
    """Make the challenger the champion, if the gate lets it through."""
    number = _aliases().get(CHALLENGER_ALIAS)
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    version = _client().get_model_version(NAME, number)
    record, forced = find_record(version.run_id or ""), os.environ.get("FORCE", "")
    with TemporaryDirectory() as name:
        files = Path(name)
        challenger = fetch(record, number, files)
        found = ask_the_gate(record, challenger, files / "rows.npy")
        for check in found:
            print(f"{'ok' if check.passed else 'FAILED':6}  {check.words}")
        failed = [check.words for check in found if not check.passed]
        if failed and not forced:
            raise ProjectError(
                f"version {number} (run {short(record)}) is not promoted, nothing has changed:\n"
                + "\n".join(f"  {words}" for words in failed)
                + '\nFORCE="reason" promotes it all the same and keeps the reason.'
            )
        keep(record, files)
        schema_md5 = md5(files / "schema.yaml")
    _decide(
        {
            "time": now(),
            "what": "promoted by force" if failed else "promoted",
            "version": number,
            "run": record["run"],
            "model_md5": record["model_md5"],
            "schema_md5": schema_md5,
            "by": user(),
            "why": forced or os.environ.get("WHY", "") or record["why"],
            "failed": failed,
        }
    )
    print(f"version {number} (run {short(record)}) is the champion; commit what is in models/")


def rollback(_: str) -> None:
    """Bring back the champion before the present one."""
    before = champion_before()
    if before is None:
        raise ProjectError(f"{CHAMPION.relative_to(ROOT)} has no champion before the present one.")
    why = os.environ.get("WHY", "")
    _decide(before | {"time": now(), "what": "rolled back", "by": user(), "why": why, "failed": []})
    print(
        f"version {before['version']} (run {short(before)}) is the champion again; commit models/"
    )


def show(_: str) -> None:
    """List versions with their aliases, then the decisions."""
    records = {record["run"]: record for record in load_records()}
    aliases = {number: alias for alias, number in _aliases().items()}
    rows = []
    for version in reversed(_client().search_model_versions(f"name = '{NAME}'")):
        record = records.get(version.run_id, {"run": version.run_id})
        rows.append(
            {
                "version": version.version,
                "alias": aliases.get(str(version.version), ""),
                "run": short(record),
                "model": record.get("model", ""),
                "trained": record.get("started", ""),
                "held-out rows": test_score(record),
                "why": record.get("why", ""),
            }
        )
    print(pd.DataFrame(rows).to_string(index=False) if rows else "no model is registered here")
    for decision in decisions():
        print(in_words(decision))


COMMANDS = {"register": register, "promote": promote, "rollback": rollback, "models": show}


def follow_decisions() -> None:
    """Let the alias follow a decision that a kill kept from the registry.

    A decision that came with git, about a run this registry does not have, is left alone.
    """
    for decision in decisions()[-1:]:
        version = version_of(decision["run"])
        if version is None or _mark(decision) in version.tags:
            continue
        client, number = _client(), str(version.version)
        client.set_registered_model_alias(NAME, CHAMPION_ALIAS, number)
        if _aliases().get(CHALLENGER_ALIAS) == number:
            client.delete_registered_model_alias(NAME, CHALLENGER_ALIAS)
        client.set_model_version_tag(NAME, number, _mark(decision), in_words(decision))


def fetch(record: Record, number: str, folder: Path) -> ModelInUse:
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
                "A run of `make train` here can be promoted."
            )
    path = folder / "model.skops"
    if md5(path) != record["model_md5"]:
        raise ProjectError(
            f"the model of run {short(record)} in MLflow is not what was trained, it is damaged. "
            "A run of `make train` here can be promoted."
        )
    schema = load_schema(folder / "schema.yaml")
    return ModelInUse(load_model(path), schema, number, record["run"], record["model_md5"])


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


def _record_of_present_model() -> Record:
    record = record_of_model(md5(MODEL)) if MODEL.is_file() else None
    if record is None:
        raise ProjectError(
            "the present model has no run among reports/runs: `make train` makes one, or name "
            "another with RUN=; `make experiments` lists them."
        )
    return record


def _new_version(record: Record) -> ModelVersion:
    try:
        return mlflow.register_model(record["model_uri"], NAME)
    except MlflowException as error:
        raise ProjectError(
            f"MLflow does not have the model of run {short(record)}: it was logged elsewhere, or is "
            "lost. A run of `make train` here can be registered."
        ) from error


def _decide(decision: Decision) -> None:
    decide_on(decision)
    follow_decisions()


def _mark(decision: Decision) -> str:
    """The tag of a version that says the registry knows of a decision."""
    return f"{decision['time']} {decision['what']}"


def _aliases() -> dict[str, str]:
    """The version each alias names."""
    models = _client().search_registered_models(f"name = '{NAME}'")
    found = models[0].aliases if models else {}
    return {alias: str(version) for alias, version in found.items()}


def _client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


if __name__ == "__main__":
    with explained():
        main()
