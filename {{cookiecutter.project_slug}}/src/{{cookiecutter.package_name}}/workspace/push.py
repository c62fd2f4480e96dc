"""Send data, models and reports to the remote, and what older runs need to be repeated."""

import sys

from ..errors import explained
from .storage import dvc, of_runs, only, stored


def main() -> None:
    if not dvc("push", quiet=False):
        sys.exit(1)
    # A run that was never committed, or whose data has changed since, is in no `dvc.lock`.
    here = [md5 for md5 in of_runs() if stored(md5).exists()]
    with only(here) as folder:
        done = dvc("push", "--quiet", at=folder, quiet=False)
    print(f"{len(here)} files of recorded runs are in the remote" if done else "not all is there")
    sys.exit(not done)


if __name__ == "__main__":
    with explained():
        main()
