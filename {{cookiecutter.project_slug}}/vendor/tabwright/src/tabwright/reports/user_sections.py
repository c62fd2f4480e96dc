"""Sections of a generated page that belong to the user: they are kept when it is written again."""

import re
from collections.abc import Collection
from pathlib import Path

from ..project.errors import ProjectError

MARK = re.compile(r"^<!-- (?:yours: (.+?)|end) -->\r?\n?", re.MULTILINE)


def preserve_user_sections(path: Path, names: Collection[str]) -> dict[str, str]:
    """What people wrote between the marks of a page, by the name of the mark.

    Empty where there is no page: its template has the first text of each section.

    Raises
    ------
    ProjectError
        When the page is not UTF-8, or a mark is missing, repeated or in the wrong place.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, "is not written in UTF-8") from error
    marks = list(MARK.finditer(text))
    found = {
        start[1]: text[start.end() : end.start()]
        for start, end in zip(marks[::2], marks[1::2], strict=False)
        if end[1] is None
    }
    if found.keys() != set(names) or len(marks) != 2 * len(names):
        needed = ", ".join(f"`<!-- yours: {name} -->`" for name in names)
        raise _damaged(path, f"needs each of {needed} once, closed by its own `<!-- end -->`")
    return found


def _damaged(path: Path, problem: str) -> ProjectError:
    return ProjectError(
        f"reports/{path.name} {problem}, so it is not overwritten. Correct it (`git diff` shows what "
        "changed), or move the file away: a new one is written then."
    )
