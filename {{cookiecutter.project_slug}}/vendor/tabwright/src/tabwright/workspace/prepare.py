"""Make this checkout ready to work in; safe to repeat."""

import os
import signal
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from ..io.fetch import fetch
from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError
from ..project.files import write_json
from ..project.git import git
from ..project.project import Project
from ..tracking.experiment import open_experiment
from .checkout import configure_git

REMOTE = "storage"


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("prepare", __doc__).parse_args(arguments)
    in_git = git(project.root, "rev-parse", "--git-dir") is not None
    _tell_dvc_about_git(project, in_git)
    _find_remote(project)
    # MLflow takes as long as all the rest, so it has a process of its own, which Ctrl-C lets finish.
    ignore_interrupt = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(1, get_context("spawn"), signal.signal, ignore_interrupt) as process:
        # Several first runs at once would race to make the database.
        opened = process.submit(open_experiment, project)
        if in_git:
            configure_git(project.root)
        _make_movable(project)
        if not project.promotions_file.exists():  # an input of the report
            write_json(project.promotions_file, [])
        _add_raw_data(project)
        if project.raw_file.exists():
            _infer_schema(project)  # before the first commit, so that the first run starts from one
        opened.result()


def _infer_schema(project: Project) -> None:
    """Infer the schema; a new one is recorded, so that the first run does not look at it again."""
    from ..dataset.infer import infer  # takes a second

    new = not project.schema_file.exists()
    infer(project)
    if new:
        dvc(project.root, "commit", "--quiet", "--force", "schema")


def _make_movable(project: Project) -> None:
    """Let the environment find the packages from where it is itself, so that all can be moved."""
    packages = Path(sysconfig.get_path("purelib"))
    if project.root not in packages.resolve().parents:
        return
    for link in packages.glob("__editable__.*.pth"):
        found = Path(link.read_text(encoding="utf-8").strip())
        if found.is_absolute() and found.is_relative_to(project.root):
            link.write_text(os.path.relpath(found, packages) + "\n", encoding="utf-8")


def _tell_dvc_about_git(project: Project, in_git: bool) -> None:
    """DVC insists on git unless told that there is none."""
    config = project.root / ".dvc" / "config.local"
    told = config.exists() and "no_scm" in config.read_text(encoding="utf-8")
    if told == in_git:
        change = ["--unset", "core.no_scm"] if in_git else ["core.no_scm", "true"]
        dvc(project.root, "config", "--local", *change)


def _find_remote(project: Project) -> None:
    """In a clone of a folder on this machine, use that folder's DVC remote when ours is not there."""
    origin = (git(project.root, "config", "remote.origin.url") or "").strip()
    if not origin or not Path(origin).is_dir():
        return
    url = _dvc_setting(project, f"remote.{REMOTE}.url")
    if not url or "://" in url:
        return
    there = Path(origin, os.path.relpath(url, project.root))  # DVC gives the whole path
    if there.exists() and not Path(url).exists():
        dvc(project.root, "remote", "modify", "--local", REMOTE, "url", str(there.resolve()))


def _dvc_setting(project: Project, name: str) -> str:
    """What DVC is told; nothing where it is not."""
    try:
        return dvc(project.root, "config", name).strip()
    except ProjectError:
        return ""


def _add_raw_data(project: Project) -> None:
    """Put the raw data under DVC; fetch it where nobody has before."""
    params, raw = project.params.data, project.raw_file
    known = raw.with_name(raw.name + ".dvc").exists()
    if raw.exists():
        dvc(project.root, "add", str(raw))
    elif params.source and not known:
        fetch(project)
    elif not known or not _dvc_setting(project, "core.remote"):
        fetched, put = "`make fetch` downloads it again", "put it there, then `make setup`"
        print(f"{params.raw} is missing: {fetched if params.source else put}")
