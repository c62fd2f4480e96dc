"""Fetch from the remote what this project has recorded so far.

A bare `dvc pull` fails while a step of the pipeline has never run.
"""

import sys

from ..config import ROOT
from ..errors import explained
from .storage import dvc, recorded


def main() -> None:
    sys.exit(not dvc("pull", *recorded(ROOT), quiet=False))


if __name__ == "__main__":
    with explained():
        main()
