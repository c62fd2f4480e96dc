"""What the pages share: filling a template, figures, and the number of rows."""

import base64
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from ..project.files import write_text

SPECIAL = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")  # to Markdown


def fill(template: str, **facts: Any) -> str:
    """Fill a template of this folder with the facts."""
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=not template.endswith(".md.jinja"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template(template).render(**facts)


def write_page(path: Path, text: str) -> None:
    """Write a page whole, and say so."""
    write_text(path, text)
    print(f"wrote reports/{path.name}")


def plain(value: object) -> str:
    """A value from the data on one line, with nothing that Markdown reads as its own."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(str(value).split()))


def figures_in(folder: Path, captions: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """The known figures in a folder: `stem`, `name`, `caption`, and the `png` file in base64."""
    return [
        {
            "stem": stem,
            "name": name,
            "caption": caption,
            "png": base64.b64encode((folder / f"{stem}.png").read_bytes()).decode(),
        }
        for stem, (name, caption) in captions.items()
        if (folder / f"{stem}.png").exists()
    ]
