"""Register, promote and roll back models: `make register`, `promote`, `shadow`, `rollback`, `models`.

The champion is the last entry of `models/champion.json`. MLflow's registry has the versions and the
challenger; its alias `champion` follows that file, and is skipped where no MLflow can be reached.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError
from ..project.files import md5, replacing
from ..project.git import commit_hint
from ..project.project import Project
from ..selection.persistence import RECORDED, Record
from ..tracking.database import database_errors, load_mlflow
from ..tracking.experiment import download_file, has_own_database, open_experiment
from ..tracking.record import find_record, load_records, require_record, short
from ..tracking.retention import model_of_run, restore_model
from .champion import (
    ModelInUse,
    Promotion,
    champion_folder,
    decision,
    different_target,
    in_words,
    load,
    load_champion,
    previous_champion,
    promotion_log,
    record_promotion,
    version_number,
)
from .mirror import challenger, make_challenger, mirror, version_table
from .shadow import begin_shadow, current_shadow, end_shadow, parse_share

if TYPE_CHECKING:
    from ..evaluation.held_out import Evaluation

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
            model = fetch(project, record, files)
            failed, evaluation = _failed_checks(project, record, model, files, forced)
            add_to_champions(project, record, files, evaluation)
            entry = _entry(project, record, files, seen)
    what = "promoted by force" if failed else "promoted"
    why = forced or os.environ.get("WHY", "") or record["why"]
    _record(project, entry, what, why, seen, failed)


def _failed_checks(
    project: Project, record: Record, model: ModelInUse, files: Path, forced: str | None
) -> tuple[list[str], "Evaluation"]:
    """Validate the challenger; what fails is an error unless it is forced."""
    from .challenger import validate_challenger  # takes seconds to import
    from .live import live_checks

    found, evaluation = validate_challenger(project, record, model, files / "rows.npy")
    found += live_checks(project, model)
    print(*found, sep="\n")
    failed = [check.words for check in found if not check.passed]
    if failed and not forced:
        raise ProjectError(
            f"run {short(record)} is not promoted, nothing has changed:\n"
            + "\n".join(f"  {words}" for words in failed)
            + '\nFORCE="reason" promotes it anyway and keeps the reason.'
        )
    return failed, evaluation


def _entry(project: Project, record: Record, files: Path, log: list[Promotion]) -> Promotion:
    """What the promotion log keeps of a model; a version that the shadow has is not given again."""
    shadow = current_shadow(project)
    known = [*log, shadow.entry] if shadow else log
    entry = {name: record[name] for name in ("run", *RECORDED)}
    version = version_number(known, record["run"])
    return entry | {"version": version, "schema_md5": md5(files / "schema.yaml")}


def shadow(project: Project, arguments: Arguments = None) -> None:
    """Let a model, by default the challenger, predict beside the champion and be compared with it."""
    parser = command_parser("shadow", shadow.__doc__)
    parser.add_argument("--run", default="", help="its name or identifier, or how it begins")
    parser.add_argument("--share", default="", help="of the rows that it answers, from 0 to 1")
    parser.add_argument("--end", action="store_true", help="no model predicts in the shadow")
    options = parser.parse_args(arguments)
    if options.end:
        end_shadow(project)
        print("no model predicts in the shadow")
        return
    share, log = parse_share(options.share), promotion_log(project)
    if not log:
        raise ProjectError("there is no champion to be compared with: `make promote` comes first.")
    entry = _shadow_entry(project, options.run, log)
    if entry["run"] == log[-1]["run"]:
        raise ProjectError(f"run {short(entry)} is the champion: name another with RUN=.")
    used, champion = load_champion(project, entry), load_champion(project, log[-1])
    if problem := different_target(used.schema, champion.schema, ordered=True):
        raise ProjectError(f"{used} cannot be compared with {champion}: {problem}.")
    begin_shadow(project, entry, share)
    answers = f"answers {share:.0%} of the service's rows" if share else "answers no row"
    print(f"{used} predicts in the shadow of {champion}; it {answers}")
    print(commit_hint(project.root, f"Put version {used.version} in the shadow"))


def _shadow_entry(project: Project, run: str, log: list[Promotion]) -> Promotion:
    """The entry of a run, whose files are below models/champions then."""
    with database_errors(project):
        record = find_record(project, run or challenger(project))
        known = [entry for entry in log if entry["run"] == record["run"]]
        with TemporaryDirectory() as name:
            files = Path(name)
            if not known:
                fetch(project, record, files)
                add_to_champions(project, record, files)
            entry = known[-1] if known else _entry(project, record, files, log)
    why = os.environ.get("WHY", "") or record["why"]
    return decision(project, entry, "in the shadow", why, failed=[])


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
    record_promotion(project, decision(project, model, what, why, failed), seen)
    with suppress(ProjectError):  # a damaged file hinders no rollback
        if current_shadow(project) is None:  # it is the champion now
            end_shadow(project)
    mirror(project)
    print(f"version {model['version']} (run {short(model)}) is the champion")
    # The model card is the champion's, and a report that is older leaves dvc.lock stale.
    message = f"Make version {model['version']} the champion"
    print(commit_hint(project.root, message, "make report"))


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


def add_to_champions(
    project: Project, record: Record, files: Path, evaluation: "Evaluation | None" = None
) -> None:
    """Put a model, its contract and its rows below models/champions, for DVC to carry.

    Parameters
    ----------
    evaluation
        On the held-out rows, where it is promoted.
    """
    from .reference import save_reference  # imports what a rollback does not need

    folder = champion_folder(project, record["run"])
    if not folder.exists():
        with replacing(folder) as partial:
            partial.mkdir()
            for name in FILES:
                shutil.copy2(files / name, partial / name)
            if figures := download_file(project, record["run"], "figures", files):  # for the pages
                shutil.copytree(figures, partial / "figures")
    if evaluation:
        save_reference(project, evaluation, folder)
    dvc(project.root, "add", "--quiet", str(folder), problem=f"DVC could not add {folder.name}")
