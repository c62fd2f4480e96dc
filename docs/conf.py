"""Sphinx settings; the contents are those of the index."""

import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]

project = "Cookiecutter ML Project"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "version"
]
html_title = f"{project} {version}"
html_theme = "furo"
html_show_copyright = False
extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """List the pages of each section of the index for the side bar; on a forge its tables do."""
    if page == "index":
        for title, text in re.findall(r"^## (.+)\n([^#]*)", source[0], re.MULTILINE):
            pages = "\n".join(re.findall(r"\]\((\w+)\.md\)", text))
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def setup(app: Sphinx) -> None:
    """Make the contents known."""
    app.connect("source-read", add_contents)
