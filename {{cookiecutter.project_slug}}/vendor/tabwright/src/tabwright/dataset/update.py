"""Change keys of `references/schema.yaml` without touching the rest of the file."""

import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from ..project.files import replacing
from ..schema.yaml_file import OneLine, as_yaml


class _AsText(VersionedResolver):
    """Resolve all scalars as text, see `schema.yaml_file`."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        return super().resolve(kind, "text" if kind is ScalarNode else value, implicit)


def update_schema(path: Path, changes: list[tuple[str | None, dict[str, Any]]]) -> None:
    """Set keys of columns, and of `source` where the column is None; add columns that are new.

    Comments, order, quotes and flow style are preserved. Categories are added in place.
    """
    yaml = YAML()
    yaml.Resolver = _AsText
    yaml.preserve_quotes = True
    yaml.width = sys.maxsize
    tree = yaml.load(path.read_text(encoding="utf-8"))
    for column, keys in changes:
        if column is None:
            _change(tree["source"], keys, yaml)
        elif column in tree["columns"]:
            _change(tree["columns"][column], keys, yaml)
        elif keys:
            tree["columns"][column] = yaml.load(as_yaml(OneLine(keys)))
    target = tree["columns"].get(tree["target"], {})
    if len(target.get("categories", [])) > 2:  # with more classes there is no positive one
        tree.pop("positive", None)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(tree, file)


def _change(entry: Any, keys: dict[str, Any], yaml: YAML) -> None:
    for key, value in keys.items():
        if value is None:
            entry.pop(key, None)
            continue
        new = yaml.load(as_yaml(value))
        if key == "categories":
            words = entry[key]
            for word in new:
                if word not in words:  # before the last if that has a comment
                    words.insert(len(words) - (len(words) - 1 in words.ca.items), word)
        elif key in entry:
            entry[key] = new
        else:  # not at the end, to which the comment of the next column is attached
            entry.insert(min(1, len(entry) - 1), key, new)
