"""The code of this project that a model file refers to: hashes of it, and the files it is in.

Read from the source as text: nothing is imported before it is known to be what it was.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path

from ..config import ROOT

SRC = ROOT / "src"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
DOTTED = re.compile(r"([^\W\d]\w*)((?:\.\w+)*)")


def definitions(name: str) -> dict[str, str]:
    """Hash a function or class below src, and all functions, classes and constants it uses there.

    Comments, formatting, docstrings and annotations of functions do not count; libraries count by
    the names that are used of them. By dotted name; empty where no module has that name.
    """
    found: dict[str, str] = {}
    todo = [name]
    while todo:
        if (place := locate(todo.pop())) is None:
            continue
        module, symbol, rest = place
        lines = [line for line, names in module.about if symbol in names]
        if symbol in module.imports:
            todo.append(module.imports[symbol] + rest)
        elif lines and f"{module.name}.{symbol}" not in found:
            used = sorted({each for line in lines for each in module.uses(line)})
            outside = [each for each in used if locate(each) is None]
            text = "\n".join([*map(ast.unparse, lines), *outside])
            found[f"{module.name}.{symbol}"] = hashlib.sha256(text.encode()).hexdigest()[:16]
            todo += used
    return found


def needed(names: Iterable[str]) -> tuple[set[Path], set[str]]:
    """The files below src and the libraries that importing the modules of these names takes."""
    files: set[Path] = set()
    libraries: set[str] = set()
    todo = list(names)
    while todo:
        if (place := locate(name := todo.pop())) is None:
            libraries.add(name.partition(".")[0])
        elif (module := place[0]).path not in files:
            files.add(module.path)
            todo += [module.name.rpartition(".")[0], *module.imported(module.tree).values()]
    return files, libraries


def locate(name: str) -> tuple["Module", str, str] | None:
    """The module below src that a dotted name begins with, the name there, and what follows it."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        here = SRC.joinpath(*parts[:end])
        for path in (here / "__init__.py", here.with_name(f"{here.name}.py")):
            if path.is_file():
                module = _module(path, ".".join(parts[:end]), path.read_text(encoding="utf-8"))
                rest = "".join(f".{part}" for part in parts[end + 1 :])
                return module, "".join(parts[end : end + 1]), rest
    return None


class Module:
    """The statements of a module, what they define or change, and what they import."""

    def __init__(self, path: Path, name: str, text: str) -> None:
        self.path, self.name = path, name
        self.tree = _Bare().visit(ast.parse(text))
        self.about = [(line, _about(line)) for line in self.tree.body]
        self.imports: dict[str, str] = {}
        for line in self.tree.body:
            if not isinstance(line, DEFINITIONS):
                self.imports |= self.imported(line)

    def uses(self, line: ast.stmt) -> Iterator[str]:
        """What a statement refers to, in this module or others, by dotted names from the top."""
        here = {name: f"{self.name}.{name}" for _, names in self.about for name in names}
        known = here | self.imports | self.imported(line)
        stars = [origin[:-2] for origin in known.values() if origin.endswith(".*")]
        names = [node for node in ast.walk(line) if isinstance(node, ast.Name | ast.Attribute)]
        for found in filter(None, map(DOTTED.fullmatch, map(ast.unparse, names))):
            name, rest = found.groups()
            if name in known:
                yield known[name] + rest
            else:  # built in, or brought by a star
                yield from (f"{star}.{name}{rest}" for star in stars)

    def imported(self, tree: ast.AST) -> dict[str, str]:
        """What each name that a piece of code imports stands for."""
        package = self.name if self.path.stem == "__init__" else self.name.rpartition(".")[0]
        found: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:  # `import a.b` binds a, and imports a.b
                    top = each.name.partition(".")[0]
                    found |= {each.name: each.name}
                    found |= {each.asname: each.name} if each.asname else {top: top}
            elif isinstance(node, ast.ImportFrom):
                origin = resolve_name("." * node.level + (node.module or ""), package)
                for each in node.names:
                    bound = f"{origin}.*" if each.name == "*" else each.asname or each.name
                    found[bound] = f"{origin}.{each.name}"
        return found


_module = lru_cache(Module)


class _Bare(ast.NodeTransformer):
    """Leaves out what changes no result: docstrings, and annotations of functions."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, (ast.Module, *DEFINITIONS)):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        return node


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _about(line: ast.stmt) -> set[str]:
    """The names at the top of a module that a statement defines, or may change."""
    if isinstance(line, DEFINITIONS):
        return {line.name}
    if isinstance(line, ast.Import | ast.ImportFrom):
        return set()
    nodes = [node for node in ast.walk(line) if isinstance(node, (ast.Name, *DEFINITIONS))]
    if isinstance(line, ast.Assign | ast.AnnAssign):
        stored = [node for node in nodes if isinstance(getattr(node, "ctx", None), ast.Store)]
        nodes = stored or nodes  # nothing stored by name: `TABLE["a"] = 1` changes TABLE
    return {node.id if isinstance(node, ast.Name) else node.name for node in nodes}
