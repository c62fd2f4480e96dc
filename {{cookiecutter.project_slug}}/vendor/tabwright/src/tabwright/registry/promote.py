"""Register, promote and roll back models: `make register`, `promote`, `rollback`, `models`.

The champion is the last entry of `models/champion.json`. MLflow's registry has the versions and the
challenger; its alias `champion` follows that file, and is skipped where no MLflow can be reached.
"""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError
from ..project.files import md5, replacing
from ..project.git import commit_hint
from ..project.project import Project
from ..selection.persistence import RECORDED, Record
from ..tracking.database import database_errors, load_mlflow
from ..tracking.experiment import download_file, has_own_database, open_experiment
from ..tracking.record import find_record, load_records, now, require_record, short, user
from ..tracking.retention import model_of_run, restore_model
from .champion import (
    ModelInUse,
    Promotion,
    champion_folder,
    in_words,
    load,
    load_champion,
    previous_champion,
    promotion_log,
    record_promotion,
    version_number,
)
from .mirror import challenger, make_challenger, mirror, version_table

FILES = ("model.skops", "schema.yaml", "rows.npy")
SWITCHES = ("", "f", "force", "forced", "ok", "on", "t", "true", "y", "yes")  # and no reasons


def register(project: Project, arguments: Arguments = None) -> None:
    """Make the model of a run, the present one by default, the challenger."""
    parser = command_parser("register", register.__doc__)
    parser.add_argument("--run", default="", help="its name or identifier, or how it begins")
    run = parser.parse_args(arguments).run
    record = find_record(project, run) if run else require_record(project, project.model_file)
    mlflow = load_mlflow(project)
    with database_errors(project):
        open_experiment(project)
        try:
            if has_own_database(project):
                restore_model(project, record)
            make_challenger(project, record)
        except mlflow.exceptions.MlflowException as error:
            raise ProjectError(
                f"MLflow does not have the model of run {short(record)}: it was logged elsewhere, or "
                "is lost. A run of `make train` here can be registered."
            ) from error
    print(f"run {short(record)} is the challenger")


def promote(project: Project, arguments: Arguments = None) -> None:
    """Make the challenger the champion, if it passes the quality gate."""
    parser = command_parser("promote", promote.__doc__)
    parser.add_argument("--force", help="why the challenger is promoted though checks fail")
    forced = parser.parse_args(arguments).force
    letters = filter(str.isalpha, "a reason" if forced is None else forced)
    if "".join(letters).lower() in SWITCHES:
        raise ProjectError(
            f"{forced!r} is no reason: say in words why the checks do not count, such as "
            'FORCE="the labels of May are wrong".'
        )
    with database_errors(project):
        seen = promotion_log(project)
        record = find_record(project, challenger(project))
        if seen and seen[-1]["run"] == record["run"]:
            raise ProjectError(f"run {short(record)} is the champion already.")
        with TemporaryDirectory() as name:
            files = Path(name)
            failed = _failed_checks(project, record, files, forced)
            add_to_champions(project, record, files)
            entry = {name: record[name] for name in ("run", *RECORDED)}
            version = version_number(seen, record["run"])
            entry |= {"version": version, "schema_md5": md5(files / "schema.yaml")}
    what = "promoted by force" if failed else "promoted"
    why = forced or os.environ.get("WHY", "") or record["why"]
    _record(project, entry, what, why, seen, failed)


def _failed_checks(project: Project, record: Record, files: Path, forced: str | None) -> list[str]:
    """Validate the challenger; what fails is an error unless it is forced."""
    from .challenger import validate_challenger  # takes seconds to import

    model = fetch(project, record, files)
    found = validate_challenger(project, record, model, files / "rows.npy")
    print(*found, sep="\n")
    failed = [check.words for check in found if not check.passed]
    if failed and not forced:
        raise ProjectError(
            f"run {short(record)} is not promoted, nothing has changed:\n"
            + "\n".join(f"  {words}" for words in failed)
            + '\nFORCE="reason" promotes it anyway and keeps the reason.'
        )
    return failed


def rollback(project: Project, arguments: Arguments = None) -> None:
    """Bring back the previous champion, if it is here and can be loaded."""
    command_parser("rollback", rollback.__doc__).parse_args(arguments)
    seen, before = promotion_log(project), previous_champion(project)
    if before is None:
        raise ProjectError(
            f"{project.short(project.promotions_file)} has no champion before the current one."
        )
    load_champion(project, before)
    _record(project, before, "rolled back", os.environ.get("WHY", ""), seen, failed=[])


def _record(
    project: Project, model: Record, what: str, why: str, seen: list[Promotion], failed: list[str]
) -> None:
    decision = {"time": now(), "what": what, "by": user(project), "why": why, "failed": failed}
    record_promotion(project, {"time": "", "what": ""} | model | decision, seen)
    mirror(project)
    print(f"version {model['version']} (run {short(model)}) is the champion")
    print(commit_hint(project.root, f"Make version {model['version']} the champion"))


def show(project: Project, arguments: Arguments = None) -> None:
    """List versions with their aliases, then the promotions and rollbacks."""
    command_parser("models", show.__doc__).parse_args(arguments)
    log = promotion_log(project)
    records = {record["run"]: record for record in load_records(project)}
    mirror(project, lambda: print(version_table(project, records)))
    for promotion in log:
        print(in_words(promotion))


def fetch(project: Project, record: Record, folder: Path) -> ModelInUse:
    """Bring the model of a run, its contract and the hashes of its rows from MLflow and DVC.

    Raises
    ------
    ProjectError
        When one is not there, or the model is not what was trained.
    """
    for name in FILES:
        if download_file(project, record["run"], name, folder):
            continue
        if name == "model.skops":
            shutil.copy(model_of_run(project, record), folder / name)
        else:
            raise ProjectError(
                f"MLflow has no {name} of run {short(record)}: it was logged elsewhere, or is lost. "
                "A run of `make train` here can be promoted."
            )
    return load(project, folder / "model.skops", folder / "schema.yaml", record)


def add_to_champions(project: Project, record: Record, files: Path) -> None:
    """Put a model, its contract and its rows below models/champions, for DVC to carry."""
    folder = champion_folder(project, record["run"])
    if not folder.exists():
        with replacing(folder) as partial:
            partial.mkdir()
            for name in FILES:
                shutil.copy2(files / name, partial / name)
            if figures := download_file(project, record["run"], "figures", files):  # for the pages
                shutil.copytree(figures, partial / "figures")
    dvc(project.root, "add", "--quiet", str(folder), problem=f"DVC could not add {folder.name}")
