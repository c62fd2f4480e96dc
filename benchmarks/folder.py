"""Where the time of `make data` goes for a folder, and what processes for its files would save at best.

    python benchmarks/folder.py [--files 40] [--rows 50000]

Runs in a Python that has the packages of a generated project, on the library where it stands. Reading, the
contract and writing follow each other batch by batch, as in `make data`; `all threads` is the CPU time of
the process, `one thread` what of it no other core can take.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, head, machine, row

(LIBRARY,) = ROOT.glob("{{*}}/vendor/tabwright/src")
sys.path[:0] = [str(ROOT / "tests"), str(LIBRARY)]
sys.dont_write_bytecode = True

COLUMNS = ("part", "all threads, CPU s", "one thread, CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    began = time.process_time()
    from support.orders import orders
    from tabwright.io.parquet import parquet_file
    from tabwright.io.read import read_batches
    from tabwright.io.source import Source
    from tabwright.schema.guess import infer_schema
    from tabwright.schema.rules import apply_contract

    start = time.process_time() - began
    spent = {"reading": [0.0, 0.0], "contract": [0.0, 0.0], "writing": [0.0, 0.0]}

    def lap(name, call, *arguments):
        before = time.process_time(), time.thread_time()
        result = call(*arguments)
        spent[name][0] += time.process_time() - before[0]
        spent[name][1] += time.thread_time() - before[1]
        return result

    with tempfile.TemporaryDirectory() as folder:
        raw, table = Path(folder, "raw"), orders(options.rows, seed=1)
        raw.mkdir()
        table.to_csv(raw / "0.csv", index=False)
        for number in range(1, options.files):
            shutil.copy(raw / "0.csv", raw / f"{number}.csv")
        some = table.head(5_000)
        schema = infer_schema(some.astype("str").where(some.notna()), "returned", Source())
        batches = read_batches(raw, schema.source)
        with parquet_file(Path(folder, "clean.parquet")) as write:
            while (batch := lap("reading", next, batches, None)) is not None:
                typed, _ = lap("contract", apply_contract, batch, schema)
                lap("writing", write, typed)
    print(f"{machine()}; {options.files} files of {options.rows:,} rows\n\n{head(COLUMNS)}")
    for name, seconds in spent.items():
        print(row([name, *(f"{each:.1f}" for each in seconds)]))
    print(row(["start of another process", f"{start:.1f}", f"{start:.1f}"]))


if __name__ == "__main__":
    main()
