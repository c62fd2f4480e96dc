"""Register, promote and take back models: `make register`, `promote`, `rollback`, `models`.

What is in force is `models/champion.json`. MLflow's registry has the versions and the challenger; its
alias `champion` follows that file, and is left out where no MLflow can be reached.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..project.errors import ProjectError, cli_errors
from ..project.files import md5, replacing
from .champion import Promotion, ModelInUse, previous_champion, record_promotion, promotion_log, champion_folder, current_champion, in_words, load, load_champion
from ..selection.persistence import RECORDED
from ..project.commands import DVC, run
from ..tracking.database import database_errors
from ..tracking.record import Record, find_record, load_records, now, find_model_record, short, test_score, user
from ..tracking.runs import NAME, download_file, open_experiment

FILES = ("model.skops", "schema.yaml", "rows.npy")
SWITCHES = ("", "f", "force", "forced", "ok", "on", "t", "true", "y", "yes")  # and no reasons


@database_errors()
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--run", default="", help="a run's identifier, or how it begins")
    parser.add_argument("--force", help="why the challenger is promoted though checks fail")
    options = parser.parse_args(arguments)
    letters = filter(str.isalpha, "a reason" if options.force is None else options.force)
    if "".join(letters).lower() in SWITCHES:
        raise ProjectError(
            f"{options.force!r} is no reason: say in words why the checks do not count, such as "
            'FORCE="the labels of May are wrong".'
        )
    COMMANDS[options.command](options)


def register(options: argparse.Namespace) -> None:
    """Make the model of a run, or else the present one, the challenger."""
    present = find_model_record(md5(project.model_file)) if project.model_file.is_file() else None
    record = find_record(options.run) if options.run else present
    if record is None:
        raise ProjectError(
            "the present model has no run among reports/runs: `make train` makes one, or name "
            "another with RUN=; `make experiments` lists them."
        )
    open_experiment()
    try:
        version = find_version(record["run"]) or mlflow.register_model(record["model_uri"], NAME)
    except MlflowException as error:
        raise ProjectError(
            f"MLflow does not have the model of run {short(record)}: it was logged elsewhere, or is "
            "lost. A run of `make train` here can be registered."
        ) from error
    mlflow.MlflowClient().set_registered_model_alias(NAME, "challenger", version.version)
    print(f"version {version.version} (run {short(record)}) is the challenger")


def promote(options: argparse.Namespace) -> None:
    """Make the challenger the champion, if the gate lets it through."""
    from .challenger import validate_challenger

    open_experiment()
    seen, forced = promotion_log(), options.force
    number = aliases().get("challenger")
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    (run,) = [version.run_id for version in versions() if str(version.version) == number]
    if seen and seen[-1]["run"] == run:
        raise ProjectError(f"version {number} is the champion already.")
    record = find_record(run or "")
    with TemporaryDirectory() as name:
        files = Path(name)
        found = validate_challenger(record, fetch(record, number, files), files / "rows.npy")
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
        entry = {name: record[name] for name in ("run", *RECORDED)}
        entry |= {"version": number, "schema_md5": md5(files / "schema.yaml")}
    what = "promoted by force" if failed else "promoted"
    why = forced or os.environ.get("WHY", "") or record["why"]
    _decide(what, entry, why, failed, seen)


def rollback(_: argparse.Namespace) -> None:
    """Bring back the champion before the present one, if it is here and can be loaded."""
    seen, before = promotion_log(), previous_champion()
    if before is None:
        raise ProjectError(f"{project.promotions_file.relative_to(project.root)} has no champion before the present one.")
    load_champion(before)
    _decide("rolled back", before, os.environ.get("WHY", ""), [], seen)


def _decide(what: str, model: Record, why: str, failed: list[str], seen: list[Promotion]) -> None:
    first = {"time": now(), "what": what}
    record_promotion(first | model | first | {"by": user(), "why": why, "failed": failed}, seen)
    mirror()
    name = f"version {model['version']} (run {short(model)})"
    print(f"{name} is the champion; commit what is in models/")


def show(_: argparse.Namespace) -> None:
    """List versions with their aliases, then the decisions."""
    records, log = {record["run"]: record for record in load_records()}, promotion_log()
    mirror(lambda: _list_versions(records))
    for promotion in log:
        print(in_words(promotion))


def _list_versions(records: dict[str, Record]) -> None:
    alias_of = {number: alias for alias, number in aliases().items()}
    rows = []
    for version in versions():
        record = records.get(version.run_id or "", {"run": version.run_id})
        row = {"version": version.version, "alias": alias_of.get(str(version.version))}
        row |= {"run": short(record), "model": record.get("model")}
        row |= {"trained": record.get("started"), "held-out rows": test_score(record)}
        rows.append(row | {"why": record.get("why")})
    table = pd.DataFrame(rows).fillna("").to_string(index=False)
    print(table if rows else "no model is registered here")


COMMANDS = {"register": register, "promote": promote, "rollback": rollback, "models": show}


def mirror(*more: Callable[[], None]) -> None:
    """Let MLflow's registry follow the log of promotions; leave it out where it is not there."""
    try:
        with database_errors():
            for step in (open_experiment, follow_promotions, *more):
                step()
    except ProjectError as error:
        print(f"MLflow's registry does not follow: {error}", file=sys.stderr)


def versions() -> list[ModelVersion]:
    """All versions in MLflow's registry, the first first."""
    found = mlflow.MlflowClient().search_model_versions(f"name = '{NAME}'")
    return sorted(found, key=lambda version: int(version.version))


def find_version(run: str) -> ModelVersion | None:
    """The version a run was registered as."""
    return next((version for version in versions() if version.run_id == run), None)


def aliases() -> dict[str, str]:
    """The version each alias names."""
    models = mlflow.MlflowClient().search_registered_models(f"name = '{NAME}'")
    found = models[0].aliases if models else {}
    return {alias: str(version) for alias, version in found.items()}


def follow_promotions() -> None:
    """Let MLflow's alias follow the last decision, unless this registry does not have its run."""
    promotion, known = current_champion(), aliases()
    version = find_version(promotion["run"]) if promotion else None
    if version is None or known.get("champion") == str(version.version):
        return
    client = mlflow.MlflowClient()
    if known.get("challenger") == str(version.version):
        client.delete_registered_model_alias(NAME, "challenger")
    client.set_registered_model_alias(NAME, "champion", version.version)


def fetch(record: Record, number: str, folder: Path) -> ModelInUse:
    """Bring the model of a run, its contract and the hashes of its rows from MLflow.

    Raises
    ------
    ProjectError
        When one is not there, or the model is not what was trained.
    """
    for name in FILES:
        if download_file(record["run"], name, folder) is None:
            raise ProjectError(
                f"MLflow has no {name} of run {short(record)}: it was logged elsewhere, or is lost. "
                "A run of `make train` here can be promoted."
            )
    return load(folder / "model.skops", folder / "schema.yaml", record | {"version": number})


def keep(record: Record, files: Path) -> None:
    """Put a model, its contract and its rows below models/champions, for DVC to carry."""
    folder = champion_folder(record["run"])
    if not folder.exists():
        with replacing(folder) as partial:
            partial.mkdir()
            for name in FILES:
                shutil.copy2(files / name, partial / name)
            if figures := download_file(record["run"], "figures", files):  # for the pages
                shutil.copytree(figures, partial / "figures")
    run(*DVC, "add", "--quiet", str(folder), problem=f"DVC could not take {folder.name}")


if __name__ == "__main__":
    with cli_errors():
        main()
