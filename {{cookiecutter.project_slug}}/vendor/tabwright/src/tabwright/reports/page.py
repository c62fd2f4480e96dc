"""What the pages share: filling a template, figures, and the number of rows."""

import base64
import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from ..io.parquet import read_parquet, rows_in
from ..project.files import replacing

TITLE = project.root.name.replace("-", " ")
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
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")
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


def count_rows() -> dict[str, int]:
    """Number of clean, train, test, unlabelled and rejected rows."""
    tables = (project.clean_file, project.train_file, project.test_file, project.unlabelled_file)
    counts = {path.stem: rows_in(path) for path in tables}
    rejected = read_parquet(project.rejected_file, columns=["rejected_row"])  # a line for each broken rule
    return {**counts, "rejected": rejected["rejected_row"].nunique()}


def read_json(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))
