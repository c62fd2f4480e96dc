"""Make this checkout ready to work in; safe to repeat."""

import os
import sys
import sysconfig
from pathlib import Path

from ..project.settings import DataParams, load_params
from ..project.errors import ProjectError, cli_errors
from ..project.files import replacing
from ..project.git import git
from ..project.commands import DVC, run

LOCAL_CONFIG = project.root / ".dvc" / "config.local"
REMOTE = "storage"


def main() -> None:
    params = project.params.data
    in_git = git("rev-parse", "--git-dir") is not None
    _tell_dvc_about_git(in_git)
    _find_remote()
    if in_git and (project.root / ".git").exists() and os.name != "nt":  # the hooks run .venv/bin/...
        run(sys.executable, "-m", "pre_commit", "install")
    from ..tracking.runs import open_experiment

    open_experiment()  # several first runs at once would race to make the database
    _make_movable()
    _begin_log()
    _add_raw_data(params)
    if (project.root / params.raw).exists():
        from ..dataset import infer as infer_schema

        infer_schema.main()  # before the first commit, so that the first run starts from one


def _begin_log() -> None:
    """Make the log of promotions, an input of the report, where an older project has none."""
    if not project.promotions_file.exists():
        with replacing(project.promotions_file) as partial:
            partial.write_text("[]\n", encoding="utf-8")


def _make_movable() -> None:
    """Let the environment find the package from where it is itself, so that both can be moved."""
    packages = Path(sysconfig.get_path("purelib"))
    for link in packages.glob("__editable__.*.pth") if project.root in packages.resolve().parents else ():
        if link.read_text(encoding="utf-8").strip() == str(project.root / "src"):
            link.write_text(os.path.relpath(project.root / "src", packages) + "\n", encoding="utf-8")


def _tell_dvc_about_git(in_git: bool) -> None:
    """DVC insists on git unless told that there is none."""
    told = LOCAL_CONFIG.exists() and "no_scm" in LOCAL_CONFIG.read_text(encoding="utf-8")
    if told == in_git:
        change = ["--unset", "core.no_scm"] if in_git else ["core.no_scm", "true"]
        run(*DVC, "config", "--local", *change)


def _find_remote() -> None:
    """In a clone of a folder on this machine, use that folder's DVC remote when ours is not there."""
    origin = (git("config", "remote.origin.url") or "").strip()
    if not origin or not Path(origin).is_dir():
        return
    url = _dvc_setting(f"remote.{REMOTE}.url")
    if not url or "://" in url:
        return
    there = Path(origin, os.path.relpath(url, project.root))  # DVC gives the whole path
    if there.exists() and not Path(url).exists():
        run(*DVC, "remote", "modify", "--local", REMOTE, "url", str(there.resolve()))


def _dvc_setting(name: str) -> str:
    """What DVC is told; nothing where it is not."""
    try:
        return run(*DVC, "config", name).strip()
    except ProjectError:
        return ""


def _add_raw_data(params: DataParams) -> None:
    """Put the raw data under DVC; fetch it where nobody has before."""
    raw = project.root / params.raw
    known = raw.with_name(raw.name + ".dvc").exists()
    if raw.exists():
        run(*DVC, "add", str(raw))
    elif params.source and not known:
        if not Path(__file__).with_name("fetch.py").exists():
            raise ProjectError(
                f"data.source is for projects generated from an address. Put the file at {params.raw} "
                "and remove data.source from params.yaml."
            )
        from ..io.fetch import fetch

        fetch(params)
    elif not known or not _dvc_setting("core.remote"):
        what = "`make fetch` takes it anew" if params.source else "put it there, then `make setup`"
        print(f"{params.raw} is missing: {what}")


if __name__ == "__main__":
    with cli_errors():
        main()
