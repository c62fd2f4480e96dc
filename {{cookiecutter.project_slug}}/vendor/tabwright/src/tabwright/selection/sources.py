"""The code that a model file refers to, of the owner and of this library: hashes, and its files.

It is parsed, not imported: nothing runs before it is known to be unchanged.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from importlib.util import resolve_name
from pathlib import Path

from ..project.project import Project

NAME = __name__.partition(".")[0]
LIBRARY = Path(__file__).resolve().parents[2]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
NAMES = (ast.Name, ast.Attribute)
DOTTED = re.compile(r"([^\W\d]\w*)((?:\.\w+)*)")


class SourceCode:
    """The functions, classes and constants of the owner's package and of this library.

    Parameters
    ----------
    owner
        The folder that the owner's package is in.
    """

    def __init__(self, owner: Path) -> None:
        self.owner = owner

    def _root_of(self, name: str) -> Path:
        return LIBRARY if name.partition(".")[0] == NAME else self.owner

    def definitions(self, name: str) -> dict[str, str]:
        """Hash a function or class of ours, and all functions, classes and constants it uses there.

        Comments, formatting, docstrings and annotations of functions do not count; libraries count by
        the names that are used of them. By dotted name; empty where no module has that name.
        """
        found: dict[str, str] = {}
        todo, seen = {name}, {name}
        while todo:
            if (place := self.locate(todo.pop())) is None:
                continue
            path, module, symbol, rest = place
            lines = [line for line in _parsed(path).body if symbol in _bound(line)]
            nodes = [node for line in lines for node in ast.walk(line) if isinstance(node, NAMES)]
            names = [
                match.groups() for match in map(DOTTED.fullmatch, map(ast.unparse, nodes)) if match
            ]
            known = _origins(path, module)
            used, imported = (
                {
                    origin.replace("*", word) + more
                    for word, more in each
                    for bound, origin in known
                    if bound in (word, "*")
                }
                for each in ([*names, (symbol, "")], [(symbol, rest)])
            )
            if lines:  # without `rest`, which differs with the path that led here
                text = "\n".join([*map(ast.unparse, lines), *sorted(used)])
                found[f"{module}.{symbol}"] = hashlib.sha256(text.encode()).hexdigest()[:16]
            todo |= (used | imported) - seen
            seen |= used | imported
        return dict(sorted(found.items()))

    def needed(self, names: Iterable[str]) -> tuple[dict[Path, Path], set[str]]:
        """What importing the modules of these names takes: files, each with its path below its root,
        and libraries.
        """
        files: dict[Path, Path] = {}
        libraries: set[str] = set()
        todo = list(names)
        while todo:
            if (place := self.locate(name := todo.pop())) is None:
                libraries.add(name.partition(".")[0])
            elif place[0] not in files:
                files[place[0]] = place[0].relative_to(self._root_of(name))
                todo += [place[1].rpartition(".")[0], *(name for _, name in _origins(*place[:2]))]
        return files, libraries - {""}

    def locate(self, name: str) -> tuple[Path, str, str, str] | None:
        """The file and the module of ours of a dotted name, the name there, and what follows it."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            here = self._root_of(name).joinpath(*parts[:end])
            for path in (here / "__init__.py", here.with_name(f"{here.name}.py")):
                if path.is_file():
                    rest = "".join(f".{part}" for part in parts[end + 1 :])
                    return path, ".".join(parts[:end]), "".join(parts[end : end + 1]), rest
        return None


def source_code(project: Project) -> SourceCode:
    """The code that models of a project refer to."""
    return SourceCode(project.root / "src")


def _origins(path: Path, module: str) -> list[tuple[str, str]]:
    """The names in a module, each with what it stands for; a star is any name."""
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    tree = _parsed(path)
    found = [(name, f"{module}.{name}") for line in tree.body for name in _bound(line)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:  # `import a.b` binds a, and imports a.b
                found.append((each.asname or each.name, each.name))
                found.append((each.name.partition(".")[0],) * 2)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            found += [(each.asname or each.name, f"{origin}.{each.name}") for each in node.names]
    return found


def _bound(line: ast.stmt) -> set[str]:
    """The names at the top of a module that a statement defines, or may change."""
    if isinstance(line, DEFINITIONS):
        return {line.name}
    parts: list[ast.AST] = [line]
    if isinstance(line, ast.Assign):
        parts = [*line.targets]
    elif isinstance(line, ast.AnnAssign):
        parts = [line.target]
    nodes = [node for part in parts for node in ast.walk(part)]
    named = [node.id for node in nodes if isinstance(node, ast.Name)]
    return {*named, *(node.name for node in nodes if isinstance(node, DEFINITIONS))}


def _parsed(path: Path) -> ast.Module:
    """The syntax tree without docstrings, and without annotations of functions."""
    tree = parse(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return tree


def parse(path: Path) -> ast.Module:
    """The syntax tree of a module without docstrings."""
    tree = ast.parse(path.read_bytes(), str(path))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
