"""The text of `references/schema.yaml`: every word in it is the text it is.

A column may be called yes, and a category 007.
"""

from pathlib import Path
from typing import Any

import yaml

from ...errors import ProjectError
from ...files import replacing

WIDTH = 100  # an entry that is longer gets a line for each key
TAG = "tag:yaml.org,2002:"
# Where PyYAML was built with them, those in C are ten times faster.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
DUMPER = getattr(yaml, "CBaseDumper", yaml.BaseDumper)


def read_tree(path: Path) -> dict[str, Any]:
    """Mappings, lists and texts of a file.

    Raises
    ------
    ProjectError
        When the file is missing, is no YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = _values(yaml.compose(text, Loader=LOADER))
    except FileNotFoundError as error:
        raise ProjectError(f"{path.name} is missing: `make data` infers one.") from error
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path.name} is not UTF-8 text. Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise ProjectError(f"{path.name}, {_explained(error, text)}") from error
    if not isinstance(tree, dict):
        raise ProjectError(
            f"{path.name} has no target, task, source and columns. Add them, or delete the file: "
            "`make data` infers a new one."
        )
    return tree


def write_tree(tree: dict[str, Any], path: Path, header: str) -> None:
    """Write the file whole or not at all, each column on one line where it is short enough."""
    with replacing(path) as partial:
        partial.write_text(header + as_yaml(tree), encoding="utf-8", newline="\n")


def as_yaml(value: Any, *, flow: bool | None = None) -> str:
    """A value as the file has it; `flow` forces all of it onto one line, or onto several."""
    width = 1 << 30  # a list is not broken
    text = yaml.serialize(_node(value, flow), Dumper=DUMPER, allow_unicode=True, width=width)
    return str(text).removesuffix("...\n")


def as_word(value: Any) -> str:
    """A boolean, a number or a text, such as `true`, `20`, `.inf`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else str(value).replace("inf", ".inf")
    return str(value)


def _node(value: Any, flow: bool | None = None) -> yaml.Node:
    if isinstance(value, dict):
        if flow is None:
            is_column = isinstance(value.get("kind"), str)
            flow = is_column and len(as_yaml(value, flow=True)) <= WIDTH
        pairs = [(_node(key), _node(child, flow or None)) for key, child in value.items()]
        return yaml.MappingNode(TAG + "map", pairs, flow_style=flow)
    if isinstance(value, list):
        return yaml.SequenceNode(TAG + "seq", list(map(_node, value)), flow_style=True)
    return yaml.ScalarNode(TAG + "str", as_word(value))


def _values(node: yaml.Node | None) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if str(key.value) in found:
                problem = f"{key.value!r} is there twice. Remove one, or give it another name"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            found[str(key.value)] = _values(value)
        return found
    if isinstance(node, yaml.SequenceNode):
        return list(map(_values, node.value))
    return node and node.value


def _explained(error: yaml.YAMLError, text: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"which is not valid YAML, correct it: {error}"
    number = error.problem_mark.line
    line = text.splitlines()[number].strip() if number < len(text.splitlines()) else "its end"
    what = error.problem if "twice" in str(error.problem) else f"not valid YAML: {error.problem}"
    return f"line {number + 1} ({line[:80]}): {what}. Correct it."
