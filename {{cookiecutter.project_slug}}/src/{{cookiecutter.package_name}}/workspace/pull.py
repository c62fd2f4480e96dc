"""Fetch from the remote what this project has recorded so far.

A bare `dvc pull` fails while a step of the pipeline has never run.
"""

import subprocess
import sys

from ..config import ROOT
from ..errors import explained
from .lock_file import locked_stages


def main() -> None:
    pointers = [str(path.relative_to(ROOT)) for path in (ROOT / "data").rglob("*.dvc")]
    targets = [*sorted(pointers), *locked_stages(ROOT)]
    sys.exit(subprocess.call([sys.executable, "-m", "dvc", "pull", *targets], cwd=ROOT))


if __name__ == "__main__":
    with explained():
        main()
