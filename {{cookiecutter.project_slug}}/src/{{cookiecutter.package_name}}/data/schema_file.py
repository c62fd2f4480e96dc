"""The text of `references/schema.yaml`: read it, and edit it without losing a comment."""

import io
import re
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from ..errors import ProjectError
from ..files import replacing

WIDTH = 100  # an entry that is longer gets a line for each key


class _AsText(VersionedResolver):
    """Take every word as the text it is: a column may be called yes, a category 007."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        return super().resolve(kind, "text" if kind is ScalarNode else value, implicit)


def read_tree(path: Path) -> CommentedMap:
    """Mappings, lists and texts of a file, with its comments.

    Raises
    ------
    ProjectError
        When the file is missing, is no YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = _yaml().load(text)
    except FileNotFoundError as error:
        raise ProjectError(f"{path.name} is missing: `make data` infers one.") from error
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path.name} is not UTF-8 text. Save it as UTF-8.") from error
    except YAMLError as error:
        raise ProjectError(f"{path.name}, {_explained(error, text)}") from error
    if not isinstance(tree, CommentedMap):
        raise ProjectError(
            f"{path.name} has no target, task, source and columns. Add them, or delete the file: "
            "`make data` infers a new one."
        )
    return tree


def write_tree(tree: CommentedMap, path: Path, header: str = "") -> None:
    """Write the file whole or not at all; what has not been changed stays as it was."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header)
        _yaml().dump(tree, file)


def as_tree(values: dict[str, Any], *, short: bool = False) -> CommentedMap:
    """A mapping to put into the file, lists on one line; all of it where it is `short` enough."""
    tree = CommentedMap({key: as_words(value) for key, value in values.items()})
    if short and len(in_one_line(tree)) <= WIDTH:
        tree.fa.set_flow_style()
    return tree


def as_words(value: Any) -> Any:
    """A value as YAML writes it: `true`, `0.5`, a list on one line."""
    match value:
        case CommentedMap():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return str(value).replace("inf", ".inf")
        case list():
            words = CommentedSeq(map(as_words, value))
            words.fa.set_flow_style()
            return words
        case _:
            return str(value)


def in_one_line(values: dict[str, Any]) -> str:
    """`{kind: numeric, nullable: false}`."""
    line = CommentedMap({key: as_words(value) for key, value in values.items()})
    line.fa.set_flow_style()
    text = io.StringIO()
    _yaml().dump(line, text)
    return text.getvalue().rstrip("\n")


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Resolver = _AsText
    yaml.preserve_quotes = True
    yaml.width = sys.maxsize
    return yaml


def _explained(error: YAMLError, text: str) -> str:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return f"which is not valid YAML, correct it: {error}"
    number = error.problem_mark.line
    line = text.splitlines()[number].strip() if number < len(text.splitlines()) else "its end"
    where = f"line {number + 1} ({line[:80]})"
    if twice := re.search(r'found duplicate key "(.*?)" with', error.problem or "", re.DOTALL):
        return f"{where}: {twice[1]!r} is there twice. Remove one, or give it another name."
    return f"{where}: not valid YAML, correct it: {error.problem}"
