"""Fetch from the remote what this project has recorded so far.

A bare `dvc pull` fails while a step of the pipeline has never run.
"""

import sys

from ..config import ROOT
from ..errors import explained
from .lock_file import locked_stages
from .storage import dvc, pointers


def main() -> None:
    targets = [*(str(path.relative_to(ROOT)) for path in pointers(ROOT)), *locked_stages()]
    sys.exit(not dvc("pull", *targets, quiet=False))


if __name__ == "__main__":
    with explained():
        main()
