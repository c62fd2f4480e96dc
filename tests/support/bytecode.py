"""Compile the packages of generated projects once, not in the environment of each."""

import os
from collections.abc import Iterable
from pathlib import Path

COMPILED = "lib/**/__pycache__/*.pyc"


def share(environments: Iterable[Path], cache: Path) -> None:
    """Put what environments have compiled into uv's cache, from which uv links the files of the next.

    A compiled file names the time of its source, which is the same in all links to it. Where uv
    copies, as between two disks, nothing is shared.
    """
    sources = {path.stat().st_ino: path.parent for path in cache.glob("archive-v0/**/*.py")}
    for compiled in (path for each in environments for path in each.glob(COMPILED)):
        source = compiled.parents[1] / f"{compiled.name.partition('.')[0]}.py"
        if source.exists() and (folder := sources.get(source.stat().st_ino)):
            shared = folder / "__pycache__" / compiled.name
            shared.parent.mkdir(exist_ok=True)
            if not shared.exists():
                os.link(compiled, shared)
