"""Clients that ask on while the champion changes, the process is killed and the disk of the log fills.

See `serving.py --soak SECONDS`. Where no small disk can be mounted for the log, files of the process may
not grow for a while.
"""

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from servers import ONE_THREAD, answers, free_port, wait_for

CLIENTS = 32
CLOSE = 1e-9
TRY_AGAIN = 0.02  # seconds, after a connection that was refused


@dataclass
class Seen:
    """What the clients have seen.

    Attributes
    ----------
    told
        Ids of the answers.
    errors
        When a connection failed, and how.
    """

    told: list[str] = field(default_factory=list)
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    errors: list[tuple[float, str]] = field(default_factory=list)


class Supervisor(Thread):
    """Starts the service again whenever it ends."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__()
        self.command = [sys.executable, str(Path(__file__).with_name("servers.py")), "service"]
        self.command += [str(folder), str(port)]
        self.log, self.port, self.going = folder / "service.log", port, True
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start it until `end`."""
        environment = ONE_THREAD | {"SERVE_PORT": str(self.port)}
        with self.log.open("ab") as log:
            while self.going:
                self.process = subprocess.Popen(
                    self.command, env=environment, stdout=log, stderr=log
                )
                self.process.wait()

    def end(self) -> None:
        """Stop it for good."""
        self.going = False
        assert self.process
        self.process.terminate()
        self.join()


def soak(folder: Path, seconds: float) -> None:
    """Ask for some seconds while much goes wrong; print what came of it."""
    import support.owner  # noqa: F401
    from support.served import promote
    from tabwright.project.project import Project
    from tabwright.registry.champion import promotion_log

    project = Project(folder / "plain")
    first, second = promotion_log(project)[0], json.loads((folder / "entry-2.json").read_text())
    bodies, expected = (
        json.loads((folder / name).read_text("utf-8")) for name in ("bodies.json", "expected.json")
    )
    seen, down, times = Seen(), list[float](), dict[str, float]()
    port = free_port()
    project.log_folder.mkdir(parents=True)
    mounted = _mount(project.log_folder)
    supervisor = Supervisor(folder, port)
    supervisor.start()

    async def at(share: float) -> None:
        await asyncio.sleep(max(began + share * seconds - time.monotonic(), 0))

    async def until_version(version: str, what: str) -> None:
        start = time.monotonic()
        await asyncio.to_thread(
            wait_for,
            lambda: f'"model_version":"{version}"'.encode() in (answers(port, "/ready") or b""),
        )
        times[what] = time.monotonic() - start

    async def disturb() -> None:
        await at(0.1)
        promote(project, second)
        await until_version("2", "promoted")
        await at(0.25)
        promote(project, first | {"what": "rolled back"})
        await until_version("1", "rolled back")
        await at(0.4)
        down.append(time.monotonic())
        assert supervisor.process
        supervisor.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(wait_for, lambda: not answers(port, "/health"))
        await asyncio.to_thread(wait_for, lambda: answers(port, "/health"))
        down.append(time.monotonic())
        await at(0.65)
        _fill(project.log_folder, mounted, supervisor)
        await at(0.8)
        _grow(project.log_folder, mounted, supervisor)
        promote(project, second)
        await until_version("2", "promoted again")

    async def everything() -> None:
        nonlocal began
        began = time.monotonic()
        clients = [
            _ask(port, bodies[n:] + bodies[:n], expected[n:] + expected[:n], began + seconds, seen)
            for n in range(CLIENTS)
        ]
        await asyncio.gather(disturb(), *clients)

    began = 0.0
    try:
        wait_for(lambda: answers(port, "/health"))
        asyncio.run(everything())
        lost = _metric(port, "unlogged_rows_total")
        failures = _metric(port, 'failures_total{part="log"}')
    finally:
        supervisor.end()
        logged = _logged(project.log_folder)
        if mounted:
            subprocess.run(["umount", "--lazy", str(project.log_folder)], check=True)
    refused = [when for when, _ in seen.errors]
    outside = [each for each in seen.errors if not down[0] <= each[0] <= down[1]]
    said = (folder / "service.log").read_text("utf-8").count("not kept in the log")
    print(
        f"{CLIENTS} clients, {seconds:g} s: {len(seen.told):,} answers, {len(seen.wrong)} of them wrong "
        f"{seen.wrong[:3] or ''}; by version {dict(seen.versions)}\n"
        f"taken up after: {', '.join(f'{what} {took:.1f} s' for what, took in times.items())}\n"
        f"killed: down for {down[1] - down[0]:.1f} s; {len(refused) - len(outside):,} connections failed "
        f"then, {len(outside)} at other times {outside[:3] or ''}\n"
        f"log: of the answers {len(set(seen.told) - logged):,} are not there, unlogged_rows_total counts "
        f"{lost:,.0f} in {failures:.0f} batches, said {said} times "
        f"({'a small disk' if mounted else 'a limit for files'})\n"
    )
    if seen.wrong or outside or len(set(seen.told) - logged) != lost or not failures:
        sys.exit("that is not as it should be")


async def _ask(
    port: int, bodies: list[dict], expected: list[dict], stop: float, seen: Seen
) -> None:
    """Ask for one row after the other, on a new connection where one was lost."""
    turn, writer = 0, None
    while time.monotonic() < stop:
        row = turn % len(bodies)
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = json.dumps(bodies[row]).encode()
            head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            top = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = top.partition(b"content-length:")[2].partition(b"\r\n")[0]
            data = await reader.readexactly(int(length))
        except (OSError, EOFError) as error:
            seen.errors.append((time.monotonic(), repr(error)))
            if writer:
                writer.close()
            writer = None
            await asyncio.sleep(TRY_AGAIN)
            continue
        turn += 1
        _judge(int(top[9:12]), data, expected[row], seen)
    if writer:
        writer.close()


def _judge(status: int, data: bytes, expected: dict[str, dict[str, float]], seen: Seen) -> None:
    """Compare an answer with what the model it names predicts."""
    if status != 200:
        seen.wrong.append(f"{status} {data[:200]!r}")
        return
    answer = json.loads(data)
    seen.told.append(answer["id"])
    seen.versions[answer["model_version"]] += 1
    right = expected[answer["model_version"]]
    apart = max(abs(answer["probabilities"][name] - value) for name, value in right.items())
    if apart > CLOSE or answer["prediction"] not in right:
        seen.wrong.append(f"{answer} but {right}")


def _mount(folder: Path) -> bool:
    """Give a folder a small disk of its own, where that is possible."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    with suppress(FileNotFoundError):
        return not subprocess.run(mount, capture_output=True).returncode
    return False


def _fill(folder: Path, mounted: bool, supervisor: Supervisor) -> None:
    """Leave the log no room."""
    if not mounted:
        assert supervisor.process
        size = max(path.stat().st_size for path in folder.iterdir())
        resource.prlimit(supervisor.process.pid, resource.RLIMIT_FSIZE, (size, -1))
        return
    free = os.statvfs(folder)
    with (folder / "filler").open("wb") as file, suppress(OSError):
        for _ in range(free.f_bavail):
            file.write(bytes(free.f_frsize))


def _grow(folder: Path, mounted: bool, supervisor: Supervisor) -> None:
    """Give the log room."""
    (folder / "filler").unlink(missing_ok=True)
    if not mounted:
        assert supervisor.process
        resource.prlimit(supervisor.process.pid, resource.RLIMIT_FSIZE, (-1, -1))


def _metric(port: int, name: str) -> float:
    """The value of a metric."""
    lines = (answers(port, "/metrics") or b"").decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def _logged(folder: Path) -> set[str]:
    """The ids of the answers in the log."""
    found: set[str] = set()
    for path in folder.glob("*-*.db"):
        with closing(sqlite3.connect(path)) as file:
            found |= {name for (name,) in file.execute("select id from answers")}
    return found
