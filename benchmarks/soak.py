"""Clients that ask on while the champion changes, the process is killed and the disk of the log fills.

See `serving.py --soak SECONDS`, which needs the right to mount a small disk for the log.
"""

import asyncio
import json
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
from typing import Any

from servers import ONE_THREAD, answers, free_port, wait_for

CLIENTS = 32
CLOSE = 1e-9
FAILURES = 'failures_total{part="log"}'
DISK_MB = 64
PATIENCE = 900  # seconds
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
    late: int = 0
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
    """Ask for some seconds at least while much goes wrong; print what came of it."""
    import support.owner  # noqa: F401
    from tabwright.project.project import Project

    made = Soak(folder, seconds, Project(folder / "plain"))
    _mount(made.logs)
    made.supervisor.start()
    try:
        wait_for(made.is_up, PATIENCE)
        asyncio.run(made.everything())
        made.lost = made.metric("unlogged_rows_total")
        made.failures = made.metric(FAILURES)
    finally:
        made.supervisor.end()
        logged = _logged(made.logs)
        subprocess.run(["umount", "--lazy", str(made.logs)], check=True)
    made.report(logged)


class Soak:
    """The clients, and what disturbs them."""

    def __init__(self, folder: Path, seconds: float, project: Any) -> None:
        self.folder, self.seconds, self.project = folder, seconds, project
        self.port, self.logs, self.seen = free_port(), project.log_folder, Seen()
        self.supervisor = Supervisor(folder, self.port)
        self.down, self.times = list[float](), dict[str, float]()
        self.lost = self.failures = 0.0
        self.over = False
        self.logs.mkdir(parents=True)

    async def everything(self) -> None:
        """Ask and disturb, until all has happened."""
        bodies, expected = (
            json.loads((self.folder / name).read_text("utf-8"))
            for name in ("bodies.json", "expected.json")
        )
        pairs = list(zip(bodies, expected, strict=True))
        clients = [_ask(self, pairs[n:] + pairs[:n]) for n in range(CLIENTS)]
        await asyncio.gather(self.disturb(), *clients)

    async def disturb(self) -> None:
        """Change the champion, kill the process, fill the disk."""
        from support.served import promote
        from tabwright.registry.champion import promotion_log

        try:
            first = promotion_log(self.project)[0]
            second = json.loads((self.folder / "entry-2.json").read_text("utf-8"))
            await self.pause()
            promote(self.project, second)
            await self.until_version("2", "promoted")
            await self.pause()
            promote(self.project, first | {"what": "rolled back"})
            await self.until_version("1", "rolled back")
            await self.pause()
            self.down.append(time.monotonic())
            assert self.supervisor.process
            self.supervisor.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(wait_for, lambda: not self.is_up(), PATIENCE)
            await asyncio.to_thread(wait_for, self.is_up, PATIENCE)
            self.down.append(time.monotonic())
            await self.pause()
            _fill(self.logs)
            await asyncio.to_thread(wait_for, lambda: self.metric(FAILURES), PATIENCE)
            await self.pause()
            (self.logs / "filler").unlink()
            promote(self.project, second)
            await self.until_version("2", "promoted again")
            await self.pause()
        finally:
            self.over = True

    async def pause(self) -> None:
        """Let some time pass between two disturbances."""
        await asyncio.sleep(self.seconds / 6)

    async def until_version(self, version: str, what: str) -> None:
        """Wait until a version answers."""
        start, words = time.monotonic(), f'"model_version":"{version}"'.encode()
        look = lambda: words in (answers(self.port, "/ready") or b"")
        await asyncio.to_thread(wait_for, look, PATIENCE)
        self.times[what] = time.monotonic() - start

    def is_up(self) -> bool:
        """Whether the service answers."""
        return bool(answers(self.port, "/health"))

    def metric(self, name: str) -> float:
        """The value of a metric."""
        lines = (answers(self.port, "/metrics") or b"").decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))

    def report(self, logged: set[str]) -> None:
        """Print what was seen, and fail where it is not as it should be."""
        seen, (start, end) = self.seen, self.down
        outside = [each for each in seen.errors if not start <= each[0] <= end]
        missing = len(set(seen.told) - logged)
        text = (self.folder / "service.log").read_text("utf-8")
        said = [line for line in text.splitlines() if "not kept in the log" in line]
        took = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in self.times.items())
        wrong, others = (f" {each[:3]}" if each else "" for each in (seen.wrong, outside))
        print(
            f"{CLIENTS} clients, {self.seconds:g} s: {len(seen.told):,} answers, {len(seen.wrong)} "
            f"wrong{wrong}, {seen.late} late; by version {dict(seen.versions)}\n"
            f"taken up after: {took}\n"
            f"killed: down for {end - start:.1f} s; {len(seen.errors) - len(outside):,} connections "
            f"failed then, {len(outside)} at other times{others}\n"
            f"log: {missing:,} answers are not there, unlogged_rows_total counts {self.lost:,.0f} in "
            f"{self.failures:.0f} batches, said {len(said)} times"
        )
        if (
            seen.wrong
            or outside
            or missing != self.lost
            or not self.failures
            or len(said) != len({*said})
        ):
            sys.exit("that is not as it should be")


async def _ask(soak: Soak, pairs: list[tuple[dict, dict]]) -> None:
    """Ask for one row after the other, on a new connection where one was lost."""
    turn, writer = 0, None
    while not soak.over:
        row, expected = pairs[turn % len(pairs)]
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", soak.port)
            body = json.dumps(row).encode()
            head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            top = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = top.partition(b"content-length:")[2].partition(b"\r\n")[0]
            data = await reader.readexactly(int(length))
        except (OSError, EOFError) as error:
            soak.seen.errors.append((time.monotonic(), repr(error)))
            if writer:
                writer.close()
            writer = None
            await asyncio.sleep(TRY_AGAIN)
            continue
        turn += 1
        _judge(int(top[9:12]), data, expected, soak.seen)
    if writer:
        writer.close()


def _judge(status: int, data: bytes, expected: dict[str, dict[str, float]], seen: Seen) -> None:
    """Compare an answer with what the model it names predicts."""
    if status in (503, 504):  # told to come back, or that it took too long
        seen.late += 1
        return
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


def _mount(folder: Path) -> None:
    """Give a folder a small disk of its own."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"no small disk can be mounted here, which takes root: {done.stderr}")


def _fill(folder: Path) -> None:
    """Leave the log no room."""
    with (folder / "filler").open("wb") as file, suppress(OSError):
        for _ in range(DISK_MB):
            file.write(bytes(1 << 20))


def _logged(folder: Path) -> set[str]:
    """The ids of the answers in the log."""
    found: set[str] = set()
    for path in folder.glob("*-*.db"):
        with closing(sqlite3.connect(path)) as file:
            found |= {name for (name,) in file.execute("select id from answers")}
    return found
