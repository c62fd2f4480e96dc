"""Fetch from the remote what this project has recorded so far.

A bare `dvc pull` fails while a step of the pipeline has never run.
"""

import subprocess
import sys

import yaml

from ..config import ROOT


def main() -> None:
    lock = ROOT / "dvc.lock"
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"] if lock.exists() else {}
    pointers = [str(path.relative_to(ROOT)) for path in (ROOT / "data").rglob("*.dvc")]
    targets = [*sorted(pointers), *stages]
    sys.exit(subprocess.call([sys.executable, "-m", "dvc", "pull", *targets], cwd=ROOT))


if __name__ == "__main__":
    main()
