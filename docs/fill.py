"""Write into the pages what the template itself says: tables of its files, text of a rendered project.

    python docs/fill.py

A block begins with `<!-- filled: NAME -->` and ends with `<!-- end -->`; `NAME` is a table of `TABLES`,
or `quote FILE`, the text of a file of a project. `tests/template/test_docs.py` fails where a page
differs from what this writes.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "{{cookiecutter.project_slug}}"
LIBRARY = PROJECT / "vendor/tabwright/src/tabwright"
BLOCK = re.compile(r"(<!-- filled: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
ANSWERS = {"serving": "true", "docs": "true", "ci": "github", "venv": "false"}
PAGES = {  # of a project, and where the template has the same
    "recipes.md": "extend.md",
    "remote.md": "remotes.md",
    "serving.md": "serve.md",
    "troubleshooting.md": "breakage.md",
    "work.md": "work.md",
}
CODE = {".yaml": "yaml", ".toml": "toml", ".example": "bash"}


def fill(page: str) -> str:
    """Return the text of a page with its blocks as they have to be."""

    def block(found: re.Match[str]) -> str:
        name, _, file = found[2].partition(" ")
        made = quote(file) if name == "quote" else TABLES[found[2]]()
        return f"{found[1]}{made.strip()}\n{found[3]}"

    return BLOCK.sub(block, page)


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """Write a table in Markdown."""
    columns = head.split(" | ")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


@cache
def project_files() -> dict[str, str]:
    """The text files of the project that the answers of `ANSWERS` give."""
    with tempfile.TemporaryDirectory() as folder:
        words = [f"{question}={answer}" for question, answer in ANSWERS.items()]
        make = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input", "--default-config"]
        subprocess.run([*make, "-o", folder, *words], check=True, capture_output=True)
        (project,) = Path(folder).iterdir()
        return {
            path.relative_to(project).as_posix(): path.read_text("utf-8")
            for path in project.rglob("*")
            if path.is_file()
        }


def quote(file: str) -> str:
    """Quote a file: Markdown without its title, other files as a code block.

    `file` may end in a table of a TOML file, such as `pyproject.toml [tool.cruft]`.
    """
    name, _, section = file.partition(" ")
    text, suffix = project_files()[name], Path(name).suffix
    if suffix == ".md":
        text = re.sub(r"^# .*\n", "", text)
        return re.sub(r"\]\((\w+\.md)", lambda link: f"]({PAGES[link[1]]}", text)
    if section:
        (text,) = re.findall(rf"^{re.escape(section)}\n(?:(?!\[).*\n?)*", text, re.MULTILINE)
    return f"```{CODE[suffix]}\n{text.strip()}\n```"


def options() -> str:
    """The questions: label, answers with the default first, files that each answer brings."""
    context = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    rows = []
    for name, default in context.items():
        if not name.startswith("_"):
            label = context["__prompts__"][name]
            label = label["__prompt__"] if isinstance(label, dict) else label
            rows.append((f"`{name}`", label, _answers(default, context), _owned(name, context)))
    return table("question | label | answers, default first | files", rows)


def _answers(default: str | bool | list[str], context: dict) -> str:
    """What may be answered."""
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


def _owned(question: str, context: dict) -> str:
    """The files that each answer brings."""
    parts = []
    for owner, values in context["_optional"].items():
        # A private variable stands for the question it is computed from.
        if owner == question or f"cookiecutter.{question}" in str(context[owner]):
            by_files: dict[str, list[str]] = {}
            for value, files in values.items():
                by_files.setdefault(", ".join(f"`{file}`" for file in files), []).append(value)
            parts += [f"`{'`, `'.join(values)}`: {files}" for files, values in by_files.items()]
    return "<br>".join(parts)


def settings() -> str:
    """The keys of `params.yaml` with the values of a new project and their comments."""
    rows, group = [], ""
    for line in project_files()["params.yaml"].splitlines():
        if found := re.fullmatch(r"( *)([a-z_]+):(?: ([^#\s].*?))?(?: # (.*))?", line):
            indent, name, value, comment = found.groups()
            group = f"{name}." if value is None else group if indent else ""
            if value is not None:
                rows.append((f"`{group}{name}`", f"`{value}`", comment or ""))
    return table("setting | in a new project | what it says", rows)


def columns() -> str:
    """The keys of a column in `references/schema.yaml`, as its header explains them."""
    text = (LIBRARY / "schema/schema.py").read_text("utf-8")
    joined = re.sub(r"\n# {14,}(?=\S)", " ", text)
    found = re.findall(r"^#   (\w+) {2,}(.+)$", joined, re.MULTILINE)
    return table("key | what it says", ((f"`{name}`", says) for name, says in found))


def source() -> str:
    """The keys of `source` in the schema, as `references/README.md` of a project explains them."""
    text = project_files()["references/README.md"].partition("## `source` in schema.yaml\n")[2]
    return re.sub(r"^\| (\w+) \| (?!meaning)", r"| `\1` | ", text, flags=re.MULTILINE)


def targets() -> str:
    """The targets of the Makefile under their headings."""
    heading, rows = "", []
    for line in (PROJECT / "Makefile").read_text("utf-8").splitlines():
        if line.startswith("##@ "):
            heading = line[4:]
        elif found := re.fullmatch(r"([a-z]+):.*? ## (.*)", line):
            rows.append((f"`make {found[1]}`", found[2], heading.lower()))
    return table("command | what it does | for", rows)


def commands() -> str:
    """The commands of the library, from its command line."""
    tree = ast.parse((LIBRARY / "cli.py").read_text("utf-8"))
    (made,) = (node for node in tree.body if isinstance(node, ast.Assign))
    rows = ast.literal_eval(made.value).items()
    return table(
        "command | what it does",
        ((f"`python -m tabwright {name}`", says) for name, (_, says) in rows),
    )


def api() -> str:
    """What the owner's code imports of the library: signature and summary."""
    used: dict[str, set[str]] = {}
    for path in sorted([*PROJECT.glob("src/**/*.py"), *PROJECT.glob("tests/*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tabwright."):
                used.setdefault(str(node.module), set()).update(name.name for name in node.names)
    rows = []
    for module, names in sorted(used.items()):
        file = LIBRARY.parent / f"{module.replace('.', '/')}.py"
        if not file.exists():
            continue  # a package, whose modules are imported
        known = {
            node.name: node
            for node in ast.parse(file.read_text("utf-8")).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        for name in sorted(names & known.keys()):
            rows.append((f"`{module}`", f"`{_signature(known[name])}`", _summary(known[name])))
    return table("module | name | what it is", rows)


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        return node.name
    taken = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    return f"{node.name}({', '.join(each.arg for each in taken)})"


def _summary(node: ast.FunctionDef | ast.ClassDef) -> str:
    text = (ast.get_docstring(node) or "").split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


TABLES: dict[str, Callable[[], str]] = {
    "options": options,
    "settings": settings,
    "columns": columns,
    "source": source,
    "make": targets,
    "tabwright": commands,
    "api": api,
}


def main() -> None:
    """Fill every page."""
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        text = page.read_text("utf-8")
        if (filled := fill(text)) != text:
            page.write_text(filled, "utf-8")
            print(f"filled {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
