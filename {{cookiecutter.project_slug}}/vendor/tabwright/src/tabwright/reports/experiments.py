"""List all runs, the best first, and write the lab notebook: `make experiments`."""

import shutil
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..project.commands import Arguments, command_parser
from ..project.files import replacing
from ..project.project import Project
from ..project.text import aligned
from ..registry.champion import Promotion, promotion_log
from ..selection.metrics import NONE, Own, greater_is_better
from ..selection.persistence import SHORT
from ..tracking.database import database_errors
from ..tracking.experiment import RECORD, download_file, finished_runs
from ..tracking.record import Record, load_records, patch_file, short, test_score
from .differences import parameters, varying
from .page import fill, preserve_user_sections, write_page

USER_SECTIONS = ("conclusions",)
MAX_WIDTH = 60  # characters of a cell on the screen; the notebook has them whole


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("experiments", __doc__).parse_args(arguments)
    with database_errors(project):
        collect(project)
    records, made = load_records(project), promotion_log(project)
    if not records:
        print("no run yet: `make train` makes one")
        return
    table = leaderboard(records, made, project.metrics)
    print(aligned([[*table[0]], *([*row.values()] for row in table)], MAX_WIDTH))
    kept = preserve_user_sections(project.lab_notebook_file, USER_SECTIONS)
    print()
    write_page(project.lab_notebook_file, notebook(project.title, table, records, made, kept))


def collect(project: Project) -> None:
    """Download the records of runs that only MLflow has: queued experiments, and those of a server."""
    known = {path.stem for path in project.runs_folder.glob("*.json")}
    for run in finished_runs(project) - known:
        with TemporaryDirectory() as folder:
            patch = patch_file(project, run)
            wanted = {patch.name: patch, RECORD: project.runs_folder / f"{run}.json"}
            for file, goal in wanted.items():
                if path := download_file(project, run, file, Path(folder)):
                    with replacing(goal) as partial:
                        shutil.copy(path, partial)


def leaderboard(
    records: list[Record], made: list[Promotion], own: Own = NONE
) -> list[dict[str, Any]]:
    """A row for each run, the best in cross-validation first.

    `commit` ends in + where the inputs had uncommitted changes, and `parameters` has those that are
    not the same in all runs.
    """
    varied = varying(records)
    champion = made[-1]["run"] if made else None
    return [
        {
            "run": short(record),
            "id": record["run"][:SHORT],
            "": "champion" if record["run"] == champion else "",
            "when": record["started"][:16].replace("T", " "),
            "commit": f"{record['commit'][:7] or 'none'}{'+' if record['dirty'] else ''}",
            "data": record["train_md5"][:6],
            "model": record["model"],
            "cross-validated": "{metric} {mean:.4f} ± {std:.4f}".format(**record["cv"]),
            "held-out rows": test_score(record),
            "seconds": str(record["seconds"]),
            "parameters": ", ".join(f"{name} {record['params'].get(name)}" for name in varied),
            "why": record["why"],
        }
        for record in sorted(records, key=lambda record: _rank(record, own))
    ]


def notebook(
    title: str,
    table: list[dict[str, Any]],
    records: list[Record],
    made: list[Promotion],
    user_sections: dict[str, str],
) -> str:
    """The conclusions, the leaderboard, then runs and promotions, the latest first."""
    events = [(record["started"], "run", record) for record in records]
    events += [(promotion["time"], "decision", promotion) for promotion in made]
    events.sort(key=lambda event: event[0], reverse=True)
    return fill(
        "lab_notebook.md.jinja",
        title=title,
        yours=user_sections,
        table=table,
        columns=list(table[0]),
        events=events,
        changes={new["run"]: parameters(new, old) for old, new in pairwise(records)},
        test_score=test_score,
        short=short,
    )


def _rank(record: Record, own: Own) -> tuple[str, float]:
    """Sorts runs of one metric together."""
    metric, mean = record["cv"]["metric"], record["cv"]["mean"]
    return metric, -mean if greater_is_better(metric, own) else mean
