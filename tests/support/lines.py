"""Count what an owner of a generated project reads, and what the library beneath it holds.

    python3 tests/support/lines.py

Prints lines, files and the longest of each part, and names every file and function over the limit.
A file counts with all its lines. Code, and the length of a function, is without docstrings, comments
and blank lines.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
(PROJECT,) = ROOT.glob("{{*}}")
PARTS = {
    "owner's code": PROJECT / "src",
    "owner's tests": PROJECT / "tests",
    "library": PROJECT / "vendor" / "tabwright" / "src",
    "tests of the template": ROOT / "tests",
}
MAX_FILE = 250
MAX_FUNCTION = 40
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Counted:
    """A file or a function, and its lines."""

    name: str
    lines: int

    def __str__(self) -> str:
        return f"{self.lines} {self.name}"


def files(folder: Path) -> list[Counted]:
    """The Python files below a folder, the longest first."""
    paths = folder.rglob("*.py")
    found = [Counted(_name(path), len(path.read_bytes().splitlines())) for path in paths]
    return sorted(found, key=lambda file: -file.lines)


def functions(folder: Path) -> list[Counted]:
    """The functions and methods below a folder, the longest first."""
    found = [function for path in folder.rglob("*.py") for function in _functions_in(path)]
    return sorted(found, key=lambda function: -function.lines)


def _functions_in(path: Path) -> Iterator[Counted]:
    text = path.read_text(encoding="utf-8")
    code = _lines_of_code(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, FUNCTIONS):
            yield Counted(f"{_name(path)}::{node.name}", len(code & _lines(node)))


def lines_of_code(folder: Path) -> int:
    """How many lines below a folder are code."""
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return sum(len(_lines_of_code(text)) for text in texts)


def _lines_of_code(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {
        line
        for token in tokens
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))
        if documented and ast.get_docstring(node) is not None:
            code -= _lines(node.body[0])
    return code


def _lines(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().replace("{{cookiecutter.", "<").replace("}}", ">")


def main() -> None:
    print(
        "| part | lines | of code | files | longest file | longest function |\n|---|---|---|---|---|---|"
    )
    for part, folder in PARTS.items():
        of_files, of_functions = files(folder), functions(folder)
        total = sum(file.lines for file in of_files)
        longest = f"{of_files[0].lines} | {of_functions[0].lines if of_functions else 0}"
        print(f"| {part} | {total:,} | {lines_of_code(folder):,} | {len(of_files)} | {longest} |")
    for part, folder in PARTS.items():
        over = [file for file in files(folder) if file.lines > MAX_FILE]
        over += [function for function in functions(folder) if function.lines > MAX_FUNCTION]
        if over:
            print(f"\nOver {MAX_FILE} lines a file or {MAX_FUNCTION} a function, {part}:")
            print(*over, sep="\n")


if __name__ == "__main__":
    main()
