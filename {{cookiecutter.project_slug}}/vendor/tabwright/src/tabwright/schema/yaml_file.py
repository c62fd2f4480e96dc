"""Read and write `references/schema.yaml`, in which all scalars are text.

A column may be named yes, and a category 007. Such words are quoted on output, so that any YAML
parser reads them as text.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from ..project.errors import ProjectError
from ..project.files import replacing
from ..project.git import require_merged

WIDTH = 100  # longer entries get a line for each key
TAG = "tag:yaml.org,2002:"
# The C versions are ten times faster, but not in every build of PyYAML.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Loader(LOADER):  # type: ignore[misc, valid-type]
    """Refuse repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        names = set()
        for key, _ in node.value:
            if key.value in names:
                problem = f"{key.value!r} occurs twice. Remove one, or rename it"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            names.add(key.value)
        found: dict[str, Any] = super().construct_mapping(node, deep)
        return found


class _Dumper(DUMPER):  # type: ignore[misc, valid-type]
    """Write lists, and mappings of type `OneLine`, on one line."""


class OneLine(dict[str, Any]):
    """A mapping that is written on one line."""


NUMBER = re.compile(r"[-+.]?\d")  # the start of a number in YAML 1.1 or 1.2


def _word(to: Any, word: str) -> yaml.Node:
    return to.represent_scalar(f"{TAG}str", word, style="'" if NUMBER.match(word) else None)


_Dumper.add_representer(str, _word)
_Dumper.add_representer(list, lambda to, words: to.represent_sequence(f"{TAG}seq", words, True))
_Dumper.add_representer(OneLine, lambda to, keys: to.represent_mapping(f"{TAG}map", keys, True))
_Dumper.add_representer(
    float,
    lambda to, end: to.represent_int(int(end)) if end.is_integer() else to.represent_float(end),
)


def read_tree(path: Path) -> dict[str, Any]:
    """Read a file as mappings, lists and text.

    Raises
    ------
    ProjectError
        When the file is missing or not YAML, or a key is repeated.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.load(text, Loader=_Loader)
    except FileNotFoundError as error:
        raise ProjectError(f"{path.name} is missing: `make data` infers one.") from error
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path.name} is not UTF-8 text. Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        require_merged(path.parents[1], path)
        raise ProjectError(f"{path.name}, {_describe(error, text)}") from error
    if not isinstance(tree, dict):
        raise ProjectError(
            f"{path.name} has no target, task, source and columns. Add them, or delete the file: "
            "`make data` infers a new one."
        )
    return tree


def write_tree(tree: dict[str, Any], path: Path, header: str) -> None:
    """Write the file atomically, each column on one line if it is short enough."""
    columns = {
        name: entry if len(as_yaml(OneLine(entry))) > WIDTH else OneLine(entry)
        for name, entry in tree["columns"].items()
    }
    with replacing(path) as partial:
        text = header + as_yaml(tree | {"columns": columns})
        partial.write_text(text, encoding="utf-8", newline="\n")


def as_yaml(value: Any) -> str:
    """A value in the format of the file."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=1 << 30,
    )
    return str(text)


def _describe(error: yaml.YAMLError, text: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"which is not valid YAML, correct it: {error}"
    number = error.problem_mark.line
    line = text.splitlines()[number].strip() if number < len(text.splitlines()) else "its end"
    what = error.problem if "twice" in str(error.problem) else f"not valid YAML: {error.problem}"
    return f"line {number + 1} ({line[:80]}): {what}. Correct it."
