"""Fetch from the remote what this project has recorded so far.

A bare `dvc pull` fails while a step of the pipeline has never run.
"""

import sys

import yaml

from ..config import ROOT
from .storage import dvc, pointers


def main() -> None:
    lock = ROOT / "dvc.lock"
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"] if lock.exists() else {}
    targets = [*(str(path.relative_to(ROOT)) for path in pointers(ROOT)), *stages]
    sys.exit(not dvc("pull", *targets, quiet=False))


if __name__ == "__main__":
    main()
