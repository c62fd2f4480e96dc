"""Fill the templates of the pages, keep what people wrote in them, and write them."""

import re
from base64 import b64encode
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from ..project.errors import ProjectError
from ..project.files import write_text
from ..project.text import score

SPECIAL = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")  # to Markdown
MARK = re.compile(r"^<!-- (?:yours: (.+?)|end) -->\r?\n?", re.MULTILINE)  # around user sections


def fill(template: str, **facts: Any) -> str:
    """Fill a template of this folder."""
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=not template.endswith(".md.jinja"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, "score": score}
    return environment.get_template(template).render(**facts)


def write_page(path: Path, text: str) -> None:
    """Write a page and print its name."""
    write_text(path, text)
    print(f"wrote reports/{path.name}")


def plain(value: object) -> str:
    """A value on one line, with the special characters of Markdown escaped."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(str(value).split()))


def figures_in(folder: Path) -> dict[str, str]:
    """The figures of a folder as addresses that hold the file, by the name without the suffix."""
    kinds = {".png": "png", ".svg": "svg+xml"}
    return {
        path.stem: f"data:image/{kinds[path.suffix]};base64,{b64encode(path.read_bytes()).decode()}"
        for path in sorted(folder.glob("*"))
        if path.suffix in kinds
    }


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
