"""Send data, models and reports to the remote, and what older runs need to be repeated."""

import sys

from ..errors import explained
from .storage import dvc, of_runs, send, stored


def main() -> None:
    if not dvc("push", quiet=False):
        sys.exit(1)
    # What was never committed, or has changed since, is in no `dvc.lock` and `.dvc` file of today.
    here = [known for known in of_runs() if stored(known).exists()]
    send(here)
    print(f"{len(here)} files that repeat the runs of reports/runs are in the remote")


if __name__ == "__main__":
    with explained():
        main()
