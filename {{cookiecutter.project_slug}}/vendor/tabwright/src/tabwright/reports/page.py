"""Fill the templates of the pages, and write them."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from ..project.files import write_text
from ..project.text import score

SPECIAL = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")  # to Markdown


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
