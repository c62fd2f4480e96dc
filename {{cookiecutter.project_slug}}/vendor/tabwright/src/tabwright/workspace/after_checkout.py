"""Check out the data of a branch. Git's hook runs this by its path, so that it starts at once."""

import os
import subprocess
import sys


def main() -> None:
    """Do so unless single files were checked out, which pre-commit calls 0."""
    if os.environ.get("PRE_COMMIT_CHECKOUT_TYPE") != "0":
        # What was never made or pulled is no reason to fail.
        command = (sys.executable, "-m", "dvc", "checkout", "--allow-missing")
        sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
