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
from ..models.champion import (
    Decision,
    champion_before,
    decide_on,
    decisions,
    in_words,
    load_champion,
)
from ..models.store import RECORDED
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
    open_experiment()
    follow_decisions()
    COMMANDS[options.command](options)


def register(options: argparse.Namespace) -> None:
    """Make the model of a run, or else the present one, the challenger."""
    record = find_record(options.run) if options.run else _record_of_present_model()
    version = version_of(record["run"]) or new_version(record)
    make_challenger(version)
    print(f"version {version.version} (run {short(record)}) is the challenger")


def promote(options: argparse.Namespace) -> None:
    """Make the challenger the champion, if the gate lets it through."""
    seen, forced = decisions(), options.force
    number = aliases().get(CHALLENGER)
    if number is None:
        raise ProjectError("there is no challenger: `make register` makes the present model one.")
    (run,) = [version.run_id for version in versions() if str(version.version) == number]
    if seen and seen[-1]["run"] == run:
        raise ProjectError(f"version {number} is the champion already.")
    record = find_record(run or "")
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
            **{name: record[name] for name in RECORDED},
            "schema_md5": schema_md5,
            "by": user(),
            "why": forced or os.environ.get("WHY", "") or record["why"],
            "failed": failed,
        },
        seen,
    )
    print(f"version {number} (run {short(record)}) is the champion; commit what is in models/")


def rollback(_: argparse.Namespace) -> None:
    """Bring back the champion before the present one, if it is here and can be loaded."""
    seen, before = decisions(), champion_before()
    if before is None:
        raise ProjectError(f"{CHAMPION.relative_to(ROOT)} has no champion before the present one.")
    load_champion(before)
    why = os.environ.get("WHY", "")
    new = {"time": now(), "what": "rolled back", "by": user(), "why": why, "failed": []}
    _decide(before | new, seen)
    print(
        f"version {before['version']} (run {short(before)}) is the champion again; commit models/"
    )


def show(_: argparse.Namespace) -> None:
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


def _decide(decision: Decision, seen: list[Decision]) -> None:
    decide_on(decision, seen)
    follow_decisions()


if __name__ == "__main__":
    with explained():
        main()
