"""Exchange files with the DVC remote: `make push`, `make pull`."""

from ..project.commands import Arguments, command_parser, dvc
from ..project.dvc_storage import DvcStorage
from ..project.project import Project
from ..tracking.record import load_records, short


def push(project: Project, arguments: Arguments = None) -> None:
    """Upload data, models and reports to the remote, and what older runs need."""
    command_parser("push", push.__doc__).parse_args(arguments)
    dvc(project.root, "push", shown=True)
    # The files of older runs are not in the current `dvc.lock` and `.dvc` files.
    storage = DvcStorage(project.root)
    here = [known for known in run_objects(project) if storage.path(known).exists()]
    storage.send(here)
    print(f"{len(here)} files that repeat the runs of reports/runs are in the remote")


def pull(project: Project, arguments: Arguments = None) -> None:
    """Download the recorded data, models and reports from the remote."""
    command_parser("pull", pull.__doc__).parse_args(arguments)
    # By name: a bare `dvc pull` fails while a step of the pipeline has never run.
    names = DvcStorage(project.root).outputs()
    dvc(project.root, "pull", *names, shown=True, problem="`dvc pull` failed")


def run_objects(project: Project) -> dict[str, str]:
    """Files needed to repeat the runs in reports/runs, a description by hash: raw data, predictions."""
    found = {}
    for record in load_records(project):
        if predictions := record.get("evaluation", {}).get("predictions_md5"):
            found[predictions] = f"the test predictions of run {short(record)}"
        found |= {known: f"{path} of run {short(record)}" for path, known in record["data"].items()}
    return found
