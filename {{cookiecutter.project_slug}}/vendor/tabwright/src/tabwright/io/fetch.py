"""Download the raw data again from `data.source`, and track it with DVC."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError, first_line
from ..project.files import remove
from ..project.project import Project
from ..project.settings import WEB


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("fetch", __doc__).parse_args(arguments)
    fetch(project)


def fetch(project: Project) -> None:
    """Replace the raw data by the current content of its source, completely or not at all.

    Raises
    ------
    ProjectError
        When there is no source, or it cannot be read.
    """
    params, raw = project.params.data, project.raw_file
    raw.parent.mkdir(parents=True, exist_ok=True)
    if not params.source:
        raise ProjectError(
            "data.source in params.yaml is empty. Add it, or copy the file to data/raw."
        )
    if params.source.startswith(WEB):
        with _kept(raw):
            _dvc(project, params.source, "import-url", "--force", params.source, params.raw)
        print(f"downloaded {params.raw}")
        return
    from .database import query  # takes a second to import

    rows = query(project, params.source, params.select, raw)
    _dvc(project, params.raw, "add", params.raw)
    print(f"{params.raw}: {rows:,} rows from {params.source}")


@contextmanager
def _kept(path: Path) -> Iterator[None]:
    """Put what is there aside, for DVC removes it first; bring it back unless something new came."""
    aside = path.with_name(f".{path.name}.before")
    if path.exists():
        remove(aside)
        path.rename(aside)
    try:
        yield
    finally:
        if aside.exists() and not path.exists():
            aside.rename(path)
        remove(aside)


def _dvc(project: Project, what: str, *arguments: str) -> None:
    """Run DVC; say what to do when it fails."""
    try:
        dvc(project.root, *arguments, problem=what)
    except ProjectError as error:
        why = first_line(error).rstrip(": ")
        if why.endswith("does not exist"):
            why = f"{what}: it does not exist, or the server does not answer"
        raise ProjectError(f"{why}. Correct data.source in params.yaml, or try again.") from error
