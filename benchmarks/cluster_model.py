"""What 100 machines do with 10 billion rows: a simulation of `make predict SCHEDULER=` by events.

    python3 benchmarks/cluster_model.py

It needs the standard library alone. Four things are shared, and each serves one task after the other:
the scheduler, the process of the command, which logs a finished file and writes its lineage, the storage,
and each core. `benchmarks/cluster.py` measures the costs below.
"""

from dataclasses import dataclass, replace
from heapq import heappop, heappush

ROWS = 10_000_000_000
MACHINES, CORES = 100, 8
RATE = 40_000  # rows a second on a core
START = 5.0  # seconds until a worker has imported the libraries and loaded the model
FILE = 0.06  # seconds of a file of any size: to detect its dialect, open it, and for the first row
SCHEDULER = 0.0023  # seconds of the scheduler for a task that is sent, and as many for its result
CLIENT = (
    0.0035  # seconds of a task in the process of the command: to send, receive, log, write lineage
)
ANSWER = 24e-6, 335  # seconds and bytes of a row in the log
KEPT = 5_000  # rows of a folder in the log, or one of each file where there are more
ALONE = 5_000  # rows that a file which is predicted alone keeps
LINE = 250  # bytes of a file in the log
BYTES = {"CSV": (60, 110), "Parquet": (15, 40)}  # of a row, read and written
WORKER, PER_ROW = 430e6, 60  # bytes of a worker, and of a row of seven numbers in a row group
BATCH = 100_000


@dataclass(frozen=True)
class Plan:
    """Rows in a file, its format, and bytes a second of the storage."""

    rows: int
    kind: str = "Parquet"
    storage: float = 100e9

    @property
    def files(self) -> int:
        """How many files there are."""
        return ROWS // self.rows

    @property
    def logged(self) -> int:
        """Rows of each file that the log keeps."""
        return max(KEPT // self.files, 1)


@dataclass
class Result:
    """Seconds until all is done, and how much of them each shared thing was busy."""

    seconds: float
    command: float
    scheduler: float
    storage: float
    cores: float


def simulate(plan: Plan) -> Result:
    """Predict all files: every finished one lets the next be sent, two for each core are under way."""
    cores, files = MACHINES * CORES, plan.files
    size, work = plan.rows * sum(BYTES[plan.kind]), FILE + plan.rows / RATE
    cost = {"send": SCHEDULER, "result": SCHEDULER, "finish": CLIENT + plan.logged * ANSWER[0]}
    place = {"send": "scheduler", "result": "scheduler", "finish": "command"}
    after = {"send": "arrive", "result": "finish", "finish": "send"}
    free = dict.fromkeys(("scheduler", "command", "storage"), 0.0)  # when each is, again
    left, idle, waiting, done, now = files, cores, 0, 0, 0.0
    events = [(0.0, number, "send") for number in range(min(2 * cores, files))]
    left, number = left - len(events), len(events)
    while done < files:
        now, _, what = heappop(events)
        number += 1
        if what in cost:  # each shared thing takes what came first
            free[place[what]] = now = max(free[place[what]], now) + cost[what]
            done += what == "finish"
            if what == "finish" and not left:
                continue
            left -= what == "finish"
            heappush(events, (max(now, START) if what == "send" else now, number, after[what]))
            continue
        waiting += what == "arrive"
        idle += what == "computed"
        if what == "computed":
            heappush(events, (now, number, "result"))
        while idle and waiting:
            idle, waiting, number = idle - 1, waiting - 1, number + 1
            free["storage"] = max(free["storage"], now) + size / plan.storage
            heappush(events, (max(now + work, free["storage"]), number, "computed"))
    return Result(
        now,
        files * cost["finish"] / now,
        2 * files * SCHEDULER / now,
        files * size / plan.storage / now,
        files * work / cores / now,
    )


def breaks(result: Result) -> str:
    """What is busiest; nothing, where the cores are."""
    shares = {
        "the scheduler": result.scheduler,
        "the command": result.command,
        "the storage": result.storage,
        "nothing": result.cores,
    }
    busiest = max(shares, key=shares.__getitem__)
    if shares[busiest] < 0.8:
        return "too few files for the cores"
    return busiest


def table(plans: list[Plan]) -> list[str]:
    """A line of Markdown for each plan."""
    lines = [
        "| rows a file | files | format | storage, GB/s | minutes | scheduler busy | command | storage "
        "| cores | what breaks |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for plan in plans:
        found = simulate(plan)
        shares = (found.scheduler, found.command, found.storage, found.cores)
        lines.append(
            f"| {plan.rows:,} | {plan.files:,} | {plan.kind} | {plan.storage / 1e9:g} "
            f"| {found.seconds / 60:.1f} | "
            + " | ".join(f"{share:.0%}" for share in shares)
            + f" | {breaks(found)} |"
        )
    return lines


def log_table() -> list[str]:
    """What the log holds of all files, with the rows of a folder and with those of files alone."""
    lines = ["| rows a file | kept of | answers | GB | minutes to write |", "|---|---|---|---|---|"]
    for rows in (100_000, 1_000_000):
        files = ROWS // rows
        for what, answers in (("the folder", max(KEPT, files)), ("each file", files * ALONE)):
            size = answers * ANSWER[1] + files * LINE
            lines.append(
                f"| {rows:,} | {what} | {answers:,} | {size / 1e9:.2f} | {answers * ANSWER[0] / 60:.1f} |"
            )
    return lines


def memory_table() -> list[str]:
    """What a machine needs by the size of the row groups that Parquet files are read in."""
    lines = ["| rows in a row group | GB a machine |", "|---|---|"]
    for rows in (BATCH, 1_000_000, 10_000_000, 100_000_000):
        size = CORES * (WORKER + max(rows - BATCH, 0) * PER_ROW)
        lines.append(f"| {rows:,} | {size / 1e9:.1f} |")
    return lines


PLANS = [Plan(rows) for rows in (20_000, 100_000, 1_000_000, 10_000_000, 100_000_000)]
PLANS += [replace(PLANS[2], kind=kind, storage=1.2e9) for kind in ("Parquet", "CSV")]


def main() -> None:
    """Print the tables of docs/cluster.md."""
    print(*table(PLANS), "", *log_table(), "", *memory_table(), sep="\n")


if __name__ == "__main__":
    main()
