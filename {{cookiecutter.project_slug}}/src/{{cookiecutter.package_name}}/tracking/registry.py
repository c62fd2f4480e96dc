"""Register, promote and take back models: `make register`, `promote`, `rollback`, `models`.

MLflow's registry has the versions and the aliases `challenger` and `champion`; what is in force is
`models/champion.json`, which the aliases follow.
"""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from ..config import CHAMPION, MODEL, ROOT
from ..errors import ProjectError, explained
from ..files import md5
from ..models.champion import Decision, champion_before, decide_on, decisions, in_force, in_words
from .database import database_errors
from .record import Record, find_record, load_records, now, record_of_model, short, test_score, user
from .runs import open_experiment
from .versions import (
    CHALLENGER,
    aliases,
    fetch,
    follow_decisions,
    keep,
    make_challenger,
    new_version,
    version_of,
    versions,
)


@database_errors()
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
    version = version_of(record["run"]) or new_version(record)
    make_challenger(version)
    print(f"version {version.version} (run {short(record)}) is the challenger")


def promote(_: str) -> None:
    """Make the challenger the champion, if the gate lets it through."""
    number = aliases().get(CHALLENGER)
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    (run,) = [version.run_id for version in versions() if str(version.version) == number]
    if (last := in_force()) and last["run"] == run:
        raise ProjectError(f"version {number} is the champion already.")
    record, forced = find_record(run or ""), os.environ.get("FORCE", "")
    from .promotion import ask_the_gate  # takes seconds to import, which the others need not wait

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
    alias_of = {number: alias for alias, number in aliases().items()}
    rows = []
    for version in versions():
        record = records.get(version.run_id, {"run": version.run_id})
        rows.append(
            {
                "version": version.version,
                "alias": alias_of.get(str(version.version), ""),
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


def _record_of_present_model() -> Record:
    record = record_of_model(md5(MODEL)) if MODEL.is_file() else None
    if record is None:
        raise ProjectError(
            "the present model has no run among reports/runs: `make train` makes one, or name "
            "another with RUN=; `make experiments` lists them."
        )
    return record


def _decide(decision: Decision) -> None:
    decide_on(decision)
    follow_decisions()


if __name__ == "__main__":
    with explained():
        main()
