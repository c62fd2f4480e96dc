"""Pages that are rewritten, apart from the sections between two marks, which are the user's."""

import re
from pathlib import Path

from ..project.errors import ProjectError

MARK = re.compile(r"^<!-- (?:yours: (.+?)|end) -->\r?\n?", re.MULTILINE)


def preserve_user_sections(path: Path, first: dict[str, str]) -> dict[str, str]:
    """What people wrote between the marks of a page, by the name of the mark.

    Parameters
    ----------
    first
        What stands there as long as there is no page.

    Raises
    ------
    ProjectError
        When a mark is missing, twice there or in the wrong place.
    """
    if not path.exists():
        return {name: f"{text}\n" for name, text in first.items()}
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is not written in UTF-8") from error
    found: dict[str, str] = {}
    name, start = None, 0
    for mark in MARK.finditer(text):
        if (mark[1] is None) == (name is None):
            line = text.count("\n", 0, mark.start()) + 1
            raise _damaged(path, f"the mark in line {line} has no partner")
        if name is not None:
            found[name] = text[start : mark.start()]
        elif mark[1] in found or mark[1] not in first:
            raise _damaged(path, f"`{mark[0].strip()}` is there twice, or is no mark of this page")
        name, start = mark[1], mark.end()
    if missing := [name for name in first if name not in found]:
        raise _damaged(
            path, f"`<!-- yours: {missing[0]} -->` or the `<!-- end -->` of it is missing"
        )
    return found


def _damaged(path: Path, what: str) -> ProjectError:
    return ProjectError(
        f"reports/{path.name}: {what}, and nothing is overwritten. Mend it (`git diff` shows what "
        "changed), or move the file away: a new one is begun then."
    )
