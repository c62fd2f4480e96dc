"""What pages name: paths, parameters, and files that are made later."""

import re
from collections.abc import Iterator

FILE = r"(?:md|ya?ml|toml|txt|py|json|ini|html|csv|parquet|skops|ipynb|dvc|db|lock)"
PATH = re.compile(rf"[~/]?[\w.*<>-]+(?:/[\w.*<>-]+)+/?|\.(?!{FILE}$)[a-z][\w.-]*|[\w*-]+\.{FILE}")
PROJECT = "vendor/tabwright/src/tabwright/project/project.py"


def leaves(tree: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """List the parameters by their dotted names."""
    for name, value in tree.items():
        yield prefix + name, value
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")


def made_later(files: dict[str, str]) -> Iterator[str]:
    """List what the pipeline writes and what git ignores at the top."""
    yield from re.findall(r'^    \w+ = _Below\("(.+)"\)$', files[PROJECT], re.MULTILINE)
    for line in files[".gitignore"].splitlines():
        if line and not line.startswith("#"):
            yield line.strip("/*")
