"""Work in a process for each core, or on the Dask cluster whose address is in `SCHEDULER`.

A worker of a cluster is started in a checkout of the project. What must be the same there is compared
before it works: the lock, the libraries that are installed, and the code.
"""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joblib import cpu_count, parallel_config

from .errors import ProjectError, first_line
from .files import md5
from .project import Project

if TYPE_CHECKING:
    from distributed import Client

LIBRARIES = ("joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")  # that compute
HERE = Path(__file__).resolve().parents[1]
PATIENCE = 10  # seconds for a scheduler to answer
CONTINUES = "The same command goes on with what is left."
Checkout = dict[str, str]


def scheduler() -> str:
    """The address of the cluster; empty for the cores of this machine."""
    return os.environ.get("SCHEDULER", "")


def cores() -> int:
    """How many tasks run at the same time."""
    if not scheduler():
        return cpu_count()
    return max(sum(_client(scheduler()).ncores().values()), 1)


@contextmanager
def workers(tasks: int) -> Iterator[None]:
    """Let joblib work on the cluster, or else in processes, no more than there are tasks.

    Raises
    ------
    ProjectError
        When the cluster cannot be reached or gives up, or a process is killed.
    """
    if address := scheduler():
        config = parallel_config(_backend(address))
    else:
        config = parallel_config("loky", n_jobs=min(cpu_count(), tasks))
    try:
        with config:
            yield
    except BrokenProcessPool as error:
        raise ProjectError(
            f"a process was killed, most likely as there was too little memory. {CONTINUES}"
        ) from error


def _backend(address: str) -> Any:
    """joblib's backend for Dask, which by itself waits forever for a task that the cluster gives up.

    And to one core alone joblib sends nothing: it would work in this process.
    """
    client = _client(address)
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(super().effective_n_jobs(n_jobs), 2)

        def submit(self, func: Any, callback: Callable[[Any], None]) -> Any:
            def give_up(done: Future[Any]) -> None:
                if error := done.exception():
                    callback(error)

            future = super().submit(func, callback)
            future.add_done_callback(give_up)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, Exception):
                raise ProjectError(
                    f"the cluster gave a task up: {first_line(out)}. Its workers need the environment "
                    f"and the code of this project, and enough memory for a file. {CONTINUES}"
                ) from out
            return super().retrieve_result_callback(out)

    try:
        backend = Backend(client=client)
        backend.effective_n_jobs(-1)  # waits for a worker
    except TimeoutError as error:
        raise ProjectError(f"{address} has no worker: start some with `dask worker`.") from error
    return backend


@cache
def _client(address: str) -> "Client":
    try:
        from distributed import Client
    except ImportError as error:
        raise ProjectError(
            "SCHEDULER is set, and Dask is not installed: `make cluster` installs it."
        ) from error
    try:
        return Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"no answer from {address} ({first_line(error)}): start the scheduler, or correct SCHEDULER."
        ) from error


def cluster_checkout(project: Project | None = None) -> Checkout:
    """What must be the same on all machines of a cluster; empty without one."""
    return _checkout(project or Project.find()) if scheduler() else {}


def _checkout(project: Project) -> Checkout:
    """Versions, and hashes of the lock and of all code."""
    return {"requirements.txt": md5(project.root / "requirements.txt")} | _loaded(project)


@cache  # code and libraries are those that a process has loaded
def _loaded(project: Project) -> Checkout:
    folders = {"tabwright": HERE, f"src/{project.package}": project.root / "src" / project.package}
    found = {name: version(name) for name in LIBRARIES}
    for name, folder in folders.items():
        files = sorted(folder.rglob("*.py"))
        texts = [f"{path.relative_to(folder).as_posix()} {md5(path)}" for path in files]
        found[name] = hashlib.md5("\n".join(texts).encode()).hexdigest()
    return found


def worker_project(expected: Checkout) -> Project:
    """The project that a worker of a cluster was started in.

    Raises
    ------
    ProjectError
        When there is none, or it is not the same as on the machine of the command.
    """
    try:
        project = Project.find()
        found = _checkout(project)
    except (ProjectError, OSError) as error:
        raise refused(
            f"was not started in a checkout of this project ({first_line(error)})"
        ) from error
    if different := sorted(dict(expected.items() ^ found.items())):
        raise refused(f"has other versions of {', '.join(different)}")
    return project


def refused(why: str) -> ProjectError:
    """Why a worker does not work, and what to do on its machine."""
    return ProjectError(
        f"a worker on {socket.gethostname()} {why}: bring its checkout to the commit of this one, run "
        "`make setup pull` there, and start the worker again in its folder."
    )
