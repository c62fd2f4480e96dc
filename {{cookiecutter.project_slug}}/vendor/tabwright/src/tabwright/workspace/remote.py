"""Exchange files with the DVC remote: `make push`, `make pull`."""

import sys

from ..project.commands import Arguments, command_parser
from ..project.dvc_storage import DvcStorage, dvc, tracked_outputs
from ..project.project import Project
from ..tracking.record import load_records, short


def push(project: Project, arguments: Arguments = None) -> None:
    """Send data, models and reports to the remote, and what older runs need."""
    command_parser("push", push.__doc__).parse_args(arguments)
    if not dvc(project.root, "push", quiet=False):
        sys.exit(1)
    # What was never committed, or has changed since, is in no `dvc.lock` and `.dvc` file of today.
    storage = DvcStorage(project.root)
    here = [known for known in run_objects(project) if storage.path(known).exists()]
    storage.send(here)
    print(f"{len(here)} files that repeat the runs of reports/runs are in the remote")


def pull(project: Project, arguments: Arguments = None) -> None:
    """Fetch what has been recorded of data, models and reports from the remote."""
    command_parser("pull", pull.__doc__).parse_args(arguments)
    # By name: a bare `dvc pull` fails while a step of the pipeline has never run.
    sys.exit(not dvc(project.root, "pull", *tracked_outputs(project.root), quiet=False))


def run_objects(project: Project) -> dict[str, str]:
    """What repeating the runs in reports/runs takes: a name by the hash, predictions and raw data."""
    found = {}
    for record in load_records(project):
        if predictions := record.get("evaluation", {}).get("predictions_md5"):
            found[predictions] = f"the test predictions of run {short(record)}"
        found |= {known: f"{path} of run {short(record)}" for path, known in record["data"].items()}
    return found
