"""Exchange files with the DVC remote: `make push`, `make pull`."""

from pathlib import Path

from dvc.output import Output

from ..project.commands import SHOWN_DVC, Arguments, command_parser, dvc
from ..project.dvc_storage import DvcStorage
from ..project.errors import ProjectError, first_line
from ..project.git import git, last_author
from ..project.project import Project
from ..project.text import listed
from ..tracking.record import load_records, short

MOVE = f"`{SHOWN_DVC} remote modify storage url <address>`"
ABSENT, UNREADABLE = "is not on this machine", "you may not read"
MAX_NAMED = 3  # files in a message


def push(project: Project, arguments: Arguments = None) -> None:
    """Upload data, models and reports to the remote, and what older runs need."""
    command_parser("push", push.__doc__).parse_args(arguments)
    storage = DvcStorage(project.root)
    new = isinstance(storage.remote, Path) and _problem(storage.remote) == ABSENT
    dvc(project.root, "push", shown=True)
    # The files of older runs are not in the current `dvc.lock` and `.dvc` files.
    here = [known for known in run_objects(project) if storage.path(known).exists()]
    storage.send(here)
    print(f"{len(here)} files that repeat the runs of reports/runs are in the remote")
    if new:
        print(
            f"the remote {storage.remote} is a new folder of this machine; a store that others reach "
            f"too is named by {MOVE}"
        )


def pull(project: Project, arguments: Arguments = None) -> None:
    """Download the recorded data, models and reports from the remote."""
    command_parser("pull", pull.__doc__).parse_args(arguments)
    storage = DvcStorage(project.root)
    outputs = storage.outputs()
    if _not_here(storage, outputs):
        _require_folder(project, storage.remote)
    try:
        fetched = storage.pull(outputs)
    except Exception as error:
        why = _explain(project, storage, outputs, error)
        raise ProjectError(why) from error
    print(
        f"{fetched} files came from the remote; all {len(outputs)} files and folders are in place"
    )


def _not_here(storage: DvcStorage, outputs: dict[str, Output]) -> dict[str, list[str]]:
    """Objects that the cache does not have of each output that is not whole."""
    found = {name: storage.missing(str(out.hash_info.value)) for name, out in outputs.items()}
    return {name: missing for name, missing in found.items() if missing}


def _require_folder(project: Project, remote: Path | str) -> None:
    """Refuse a remote that is a folder elsewhere, or that nothing was pushed to."""
    if isinstance(remote, str) or not (problem := _problem(remote)):
        return
    if problem == ABSENT and not (git(project.root, "config", "remote.origin.url") or "").strip():
        raise ProjectError(
            f"nothing was ever pushed from here: the DVC remote, the folder {remote}, does not exist. "
            "`make all` makes again what is missing."
        )
    who = last_author(project.root, ".dvc/config") or "its owner"
    need = "the permission" if problem == UNREADABLE else "a first `make push` if you share it"
    raise ProjectError(
        f"the DVC remote is not reachable: it is the folder {remote}, which {problem}; {who} set it "
        f"in .dvc/config. Ask {who} for {need}, or for a remote that you both reach ({MOVE}, `make push`, "
        "a commit of .dvc/config), then `git pull` and `make pull`. If the folder is mounted here "
        f"elsewhere: {MOVE.replace('modify', 'modify --local')}."
    )


def _problem(folder: Path) -> str:
    """Why a folder cannot be used, after "which"; empty where it is there."""
    try:
        folder.stat()
    except PermissionError:
        return UNREADABLE
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    return ""


def _explain(
    project: Project, storage: DvcStorage, outputs: dict[str, Output], error: Exception
) -> str:
    """Why files did not come: the remote does not answer, never got them, or has them damaged."""
    missing = _not_here(storage, outputs)
    if not missing:
        return f"not all files are in place: {first_line(error)}."
    try:
        there = set(storage.in_remote({part for parts in missing.values() for part in parts}))
    except Exception as failure:  # noqa: BLE001, each kind of remote has errors of its own
        return (
            f"the DVC remote {storage.remote} is not reachable ({first_line(failure)}). Check the "
            "network and your credentials (.env.example), then `make pull` again."
        )
    names = {name for name, parts in missing.items() if not there.issuperset(parts)}
    if not names:
        return (
            f"{listed(sorted(missing), MAX_NAMED)} did not arrive whole: damaged in the DVC remote {storage.remote}, or "
            "on the way. `make pull` again; if that does not help, whoever has the files removes the "
            "damaged ones there and runs `make push`."
        )
    stages = [outputs[name].stage for name in names]
    files = {project.short(Path(s.path)) if s.is_data_source else "dvc.lock" for s in stages}
    who = last_author(project.root, *files) or "whoever made them"
    return (
        f"{listed(sorted(names), MAX_NAMED)} were never pushed to the DVC remote {storage.remote}, or are damaged there: "
        f"{who}, who committed {listed(sorted(files), MAX_NAMED)}, runs `make push`. `make all` makes again what a step "
        "makes."
    )


def run_objects(project: Project) -> dict[str, str]:
    """Files needed to repeat the runs in reports/runs, a description by hash: raw data, predictions."""
    found = {}
    for record in load_records(project):
        if predictions := record.get("evaluation", {}).get("predictions_md5"):
            found[predictions] = f"the test predictions of run {short(record)}"
        found |= {known: f"{path} of run {short(record)}" for path, known in record["data"].items()}
    return found
