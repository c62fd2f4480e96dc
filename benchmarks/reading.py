"""Read and clean a table beside `pandas.read_csv` and `to_parquet`, and one larger than memory.

    python3 benchmarks/reading.py [--rows N] [--rounds N] [--gib N]

Needs what benchmarks/tables.py needs. The table has 20 columns: numbers, whole numbers, words, a
date. Each round times, in turn and in processes of their own, without their imports,

- pandas: `read_csv(file).to_parquet(...)`, every cell parsed, nothing checked;
- ours: `check_rows`, which reads, types and checks every cell against the contract and writes the
  clean and the rejected rows.

`make data` as a whole also infers the contract, splits the rows, looks for leaks and writes the
dictionary: its two steps are timed once, on that table and on one of so many GiB, with their peak
memory.
"""

import argparse
import datetime
import random
import tempfile
from pathlib import Path

from common import BIN, PROJECT, generate, head, machine, median, ratio, row, run, tell

PANDAS = """
import sys, time, pandas
start = time.perf_counter()
pandas.read_csv(sys.argv[1]).to_parquet(sys.argv[2])
print(time.perf_counter() - start)
"""
OURS = """
import time
from tabwright.dataset.check_rows import check_rows
from tabwright.project.project import Project
from tabwright.schema.schema import load_schema
start = time.perf_counter()
project = Project.find()
with check_rows(project, load_schema(project.schema_file)):
    pass
print(time.perf_counter() - start)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reading-") as name:
        folder = Path(name)
        table = folder / "table.csv"
        write_table(table, options.rows)
        tell("generating a project")
        generate(folder, f"raw_data={table}", "target=bought").check()
        project = folder / PROJECT
        python = project / ".venv" / BIN / "python"
        print(f"{machine()}, {options.rows:,} rows x 20, {table.stat().st_size >> 20} MB\n")
        print(head(["what", "rows", "seconds", "peak, MB"]), flush=True)
        whole_steps(python, project, options.rows)
        times: dict[str, list[float]] = {"pandas": [], "ours": []}
        peaks: dict[str, float] = {}
        for number in range(options.rounds):
            tell(f"round {number + 1} of {options.rounds}")
            for who, code in (("pandas", PANDAS), ("ours", OURS)):
                done = run(python, "-c", code, table, folder / "out.parquet", cwd=project).check()
                times[who].append(float(done.output.splitlines()[-1]))
                peaks[who] = max(peaks.get(who, 0), done.peak_mb)
        for who, seconds in times.items():
            print(row([who, f"{options.rows:,}", median(seconds), f"{peaks[who]:.0f}"]))
        if options.gib:
            rows = enlarge(table, options.gib, options.rows)
            table.replace(project / "data" / "raw" / "table.csv")
            whole_steps(python, project, rows)
        print(f"\nours / pandas: {ratio(times['ours'], times['pandas'])}")


def write_table(path: Path, rows: int) -> None:
    """A CSV file with columns of every kind."""
    draw = random.Random(0)
    start = datetime.datetime(2020, 1, 1)
    names = [f"amount_{n}" for n in range(10)] + [f"count_{n}" for n in range(4)]
    names += [f"word_{n}" for n in range(4)] + ["when", "bought"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for _ in range(rows):
            cells = [f"{draw.gauss(100, 20):.3f}" for _ in range(10)]
            cells += [str(draw.randrange(1000)) for _ in range(4)]
            cells += [draw.choice(("red", "green", "blue")) for _ in range(4)]
            cells += [str(start + datetime.timedelta(seconds=draw.randrange(10**8)))]
            file.write(",".join([*cells, draw.choice(("yes", "no"))]) + "\n")


def enlarge(path: Path, gib: float, rows: int) -> int:
    """Repeat the rows of a file until it is so large; returns their number."""
    header, _, body = path.read_bytes().partition(b"\n")
    times = max(1, round(gib * (1 << 30) / len(body)))
    with path.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(times):
            file.write(body)
    return times * rows


def whole_steps(python: Path, project: Path, rows: int) -> None:
    """Time the steps of `make data`."""
    (project / "references" / "schema.yaml").unlink(missing_ok=True)
    steps = {"infer": ["tabwright", "infer"], "make_dataset": ["my_ml_project.data.make_dataset"]}
    for step, words in steps.items():
        done = run(python, "-m", *words, cwd=project).check()
        print(row([step, f"{rows:,}", f"{done.seconds:.1f}", f"{done.peak_mb:.0f}"]), flush=True)


if __name__ == "__main__":
    main()
