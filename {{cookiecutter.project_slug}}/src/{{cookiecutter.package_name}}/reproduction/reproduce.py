"""Repeat a run of any age beside the project, and compare: `make reproduce RUN=1a2b3c4d`."""

import argparse
import shutil
import signal
import sys

from ..config import ROOT, TEST_PREDICTIONS
from ..errors import explained
from ..files import is_left, temporary_name
from ..tracking.git import snapshot
from ..tracking.record import find_record, patch_of, short
from ..workspace.storage import restored
from .rerun import check_out, fetch_data, install, run_pipeline
from .verdict import judge

FOLDER = ROOT / ".dvc" / "tmp" / "reproduce"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="", help="its identifier, or how that begins")
    record = find_record(parser.parse_args(arguments).run)
    remove_leftovers()
    folder = FOLDER / f"{short(record)}.{temporary_name()}"
    print("  checkout", flush=True)
    project = check_out(record, folder)
    inputs = snapshot(record["commit"], patch_of(record["run"]) if record["dirty"] else None)
    print("  environment", flush=True)
    install(project)
    print("  data", flush=True)
    fetch_data(project, record)
    print("  pipeline", flush=True)
    again = run_pipeline(project, record) | {"inputs": inputs, "dirty": record["dirty"]}
    then = restored(record["evaluation"]["predictions_md5"]) if "evaluation" in record else None
    text, reproduced = judge(record, again, then, project / TEST_PREDICTIONS.relative_to(ROOT))
    print(f"\n{text}")
    if not reproduced:
        print(f"{folder.relative_to(ROOT)} has what came out, until the next `make reproduce`.")
        sys.exit(1)
    shutil.rmtree(folder)


def remove_leftovers() -> None:
    """Delete the folders of calls that were stopped, or that ended with a difference."""
    for folder in FOLDER.glob("*.*"):
        if is_left(folder, folder.name.partition(".")[2]):
            shutil.rmtree(folder)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with explained():
        main()
