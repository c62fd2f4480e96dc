"""Sphinx settings, and the table of questions, made from cookiecutter.json at each build."""

import json
import re
import tomllib
from pathlib import Path

from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "cookiecutter.json"

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


def options_table(context: dict) -> str:
    """Write the questions as a Markdown table: label, answers with the default first, files."""
    lines = ["| question | label | answers, default first | files |", "|---|---|---|---|"]
    for name, default in context.items():
        if not name.startswith("_"):
            label = context["__prompts__"][name]
            label = label["__prompt__"] if isinstance(label, dict) else label
            cells = (f"`{name}`", label, answers(default, context), owned(name, context))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def answers(default: str | bool | list[str], context: dict) -> str:
    """Show what may be answered."""
    if isinstance(default, list):
        return ", ".join(f"`{choice}`" for choice in default)
    if isinstance(default, bool):
        return ", ".join(f"`{str(value).lower()}`" for value in (default, not default))
    if private := re.fullmatch(r"\{\{ cookiecutter\.(__\w+) \}\}", default):
        default = context[private[1]]
    plain = re.sub(r"\{\{ cookiecutter\.(\w+) \}\}", r"<\1>", default)
    if "{{" not in plain:
        return f"`{plain}`"
    source = re.search(r"cookiecutter\.(\w+)", default)
    return f"made from `{source[1]}`" if source else ""


def owned(question: str, context: dict) -> str:
    """List the files each answer brings."""
    parts = []
    for owner, values in context["_optional"].items():
        # A private variable stands for the question it is computed from.
        if owner == question or f"cookiecutter.{question}" in str(context[owner]):
            by_files: dict[str, list[str]] = {}
            for value, files in values.items():
                by_files.setdefault(", ".join(f"`{file}`" for file in files), []).append(value)
            parts += [f"`{'`, `'.join(values)}`: {files}" for files, values in by_files.items()]
    return "<br>".join(parts)


class OptionsTable(SphinxDirective):
    """Put the table of questions where the directive stands."""

    def run(self) -> list[Node]:
        """Read the questions and parse the table."""
        self.env.note_dependency(str(QUESTIONS))
        context = json.loads(QUESTIONS.read_text("utf-8"))
        return self.parse_text_to_nodes(options_table(context))


def setup(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("options-table", OptionsTable)
