"""Load on a server of this machine, in a process of its own: requests over raw sockets that are kept open.

    python benchmarks/load.py PORT PATH BODIES.json CLIENTS SECONDS PID

A client library would take more time than a fast server does. Prints the number of answers and of those
other than 200, the median and the 99th percentile in ms, the CPU time of the server for an answer, also
in ms, and the memory that no other process shares, in MB; as JSON.
"""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import psutil


async def ask(port: int, path: str, bodies: list[bytes], stop: float, took: list) -> None:
    """Send requests one after the other until the time is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turn = 0
    while time.perf_counter() < stop:
        body = bodies[turn % len(bodies)]
        turn += 1
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        began = time.perf_counter()
        writer.write(f"{head}\r\n\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        took.append((time.perf_counter() - began, int(answer[9:12])))
    writer.close()


def used(server: int) -> tuple[float, float]:
    """CPU seconds and MB of a process and its children."""
    parent = psutil.Process(server)
    family = [parent, *parent.children(recursive=True)]
    cpu = sum(sum(each.cpu_times()[:2]) for each in family)
    return cpu, sum(each.memory_full_info().uss for each in family) / 2**20


async def main() -> None:
    port, path, file, clients, seconds, server = sys.argv[1:]
    bodies = [json.dumps(body).encode() for body in json.loads(Path(file).read_text("utf-8"))]
    took: list[tuple[float, int]] = []
    before, began = used(int(server))[0], time.perf_counter()
    stop = began + float(seconds)
    each = [bodies[number:] + bodies[:number] for number in range(int(clients))]
    await asyncio.gather(*[ask(int(port), path, some, stop, took) for some in each])
    elapsed, (after, memory) = time.perf_counter() - began, used(int(server))
    times = sorted(1000 * each for each, _ in took)
    print(
        json.dumps(
            {
                "answers": len(took),
                "other": len(took) - Counter(status for _, status in took)[200],
                "rate": len(took) / elapsed,
                "p50": statistics.median(times),
                "p99": times[int(len(times) * 0.99)],
                "cpu": 1000 * (after - before) / len(took),
                "mb": memory,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
