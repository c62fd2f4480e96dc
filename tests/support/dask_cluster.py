"""A Dask cluster of real processes on this machine, and functions that its workers import."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

from .owner import PACKAGE, PROJECT
from .waiting import PATIENCE, wait_for

TESTS = Path(__file__).parents[1]
DASK = (sys.executable, "-m", "dask")
MARK = "KILL_ONCE"  # names a file that is made when a process was killed


def kill_once(rows: pd.DataFrame) -> pd.DataFrame:
    """A `clean` that kills its process, once, as it comes to a certain row."""
    mark = Path(os.environ[MARK])
    if "C0130" in rows["customer_id"].tolist() and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What a process needs to import the library, these tests, and the owner's package."""
    if not (link := folder / "owner").exists():
        folder.mkdir(parents=True, exist_ok=True)
        link.symlink_to(PACKAGE)
    path = [folder, TESTS, PROJECT / "vendor/tabwright/src"]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), **variables}


@contextmanager
def dask_cluster(folders: Sequence[Path], code: Path, log: Path, **variables: str) -> Iterator[str]:
    """A scheduler on a free port, and a worker in each folder; yield the address."""
    from distributed import Client

    own = environment(code, **variables)
    with ExitStack() as stack:
        words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        stack.enter_context(_process(words, code, log, own))
        found = wait_for(lambda: re.search(r"Scheduler at: +(tcp://\S+)", log.read_text("utf-8")))
        for number, folder in enumerate(folders):
            words = ("worker", found[1], "--nthreads", "1", "--no-dashboard", "--no-nanny")
            stack.enter_context(_process(words, folder, log.with_suffix(f".{number}"), own))
        with Client(found[1]) as client:
            client.wait_for_workers(len(folders), timeout=PATIENCE)
        yield found[1]


@contextmanager
def _process(
    words: Sequence[str], folder: Path, log: Path, environment: dict[str, str]
) -> Iterator[None]:
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [*DASK, *words], cwd=folder, env=environment, stdout=file, stderr=file
        )
    try:
        yield
    finally:
        process.kill()
        process.wait(PATIENCE)
