"""Compile the packages of generated projects once, not in the environment of each."""

import os
from pathlib import Path


def share(environment: Path, cache: Path) -> None:
    """Put what an environment has compiled into uv's cache, from which uv links the files of the next.

    A compiled file names the time of its source, which is the same in all links to it. Where uv
    copies, as between two disks, nothing is shared.
    """
    sources = {path.stat().st_ino: path.parent for path in cache.glob("archive-v0/**/*.py")}
    for compiled in environment.glob("lib/**/__pycache__/*.pyc"):
        source = compiled.parents[1] / f"{compiled.name.partition('.')[0]}.py"
        if source.exists() and (folder := sources.get(source.stat().st_ino)):
            shared = folder / "__pycache__" / compiled.name
            shared.parent.mkdir(exist_ok=True)
            if not shared.exists():
                os.link(compiled, shared)
