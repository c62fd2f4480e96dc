"""A folder of files on one core, on all cores, and on a Dask cluster of two workers, one of them killed.

    python benchmarks/cluster.py [--project FOLDER] [--files 20] [--rows 100000] [--train]

Without a folder a project is generated, trained and given Dask. Rows are those of its raw file, drawn with
a seed. CPU is that of all processes; a cluster is warm when its workers have predicted a file before.
"""

import argparse
import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import BIN, PROJECT, Run, generate, head, machine, row, run, tell

PACKAGE = PROJECT.replace("-", "_")
TRAIN = (
    "from tabwright.project.project import Project\n"
    "from tabwright.selection import model_selection\n"
    "model_selection.SLOW = -1\n"
    f"from {PACKAGE}.models.train_model import train\n"
    "train(Project.find())\n"
)
CONVERT = (
    "import pandas, pathlib, sys\n"
    "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
    "    pandas.read_csv(path).to_parquet(path.with_suffix('.parquet'))\n"
    "    path.unlink()\n"
)
COLUMNS = ("what", "CPU s", "seconds", "CPU / one core", "seconds / one core", "same bytes")


def write_files(project: Path, folder: Path, files: int, rows: int) -> None:
    """Parquet files of rows that are drawn from the raw ones."""
    (raw,) = (project / "data/raw").glob("*.csv")
    with raw.open(encoding="utf-8", newline="") as file:
        header, *known = csv.reader(file)
    folder.mkdir()
    draw = random.Random(1)
    for number in range(files):
        with (folder / f"{number}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *draw.choices(known, k=rows)])
    run(project / ".venv" / BIN / "python", "-c", CONVERT, folder).check()


class Cluster:
    """A scheduler and two workers in a project."""

    def __init__(self, project: Path) -> None:
        self.project, self.processes = project, list[subprocess.Popen]()

    def start(self, *words: str, until: str) -> str:
        """Start a process of Dask, and wait for a word in what it prints."""
        process = subprocess.Popen(
            [str(self.project / ".venv" / BIN / "dask"), *words],
            cwd=self.project,
            env=os.environ | paths(self.project),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.processes.append(process)
        assert process.stderr is not None
        line = next(line for line in process.stderr if until in line)
        subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        return line.split()[-1]

    def cpu(self) -> float:
        """CPU seconds of its processes until now."""
        ticks = 0
        for process in self.processes:
            if process.poll() is None:
                fields = Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(")")[2]
                ticks += sum(map(int, fields.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(project: Path) -> Iterator[tuple[Cluster, str]]:
    """A cluster and its address."""
    made = Cluster(project)
    try:
        words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        address = made.start(*words, until="Scheduler at:")
        for _ in range(2):
            made.start("worker", address, "--nthreads", "1", "--no-nanny", until="Registered to:")
        yield made, address
    finally:
        for process in made.processes:
            process.kill()
            process.wait()


def predict(project: Path, source: Path, output: Path, **env: str) -> Run:
    """`make predict` of a folder, without make."""
    step = ("-m", f"{PACKAGE}.models.predict_model", "--input", source, "--output", output)
    return run(project / ".venv" / BIN / "python", *step, cwd=project, **paths(project), **env)


def paths(project: Path) -> dict[str, str]:
    """What make sets, and where the code of a project is that is not installed."""
    code = f"{project}/src{os.pathsep}{project}/vendor/tabwright/src"
    return {"PYTHONPATH": code, "OMP_WAIT_POLICY": "passive"}


def read(folder: Path) -> dict[str, bytes]:
    """The predictions in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("[0-9]*.parquet")}


def measure(project: Path, work: Path, files: int, rows: int, train: bool) -> None:
    """Print a line for each way."""
    write_files(project, source := work / "new", files, rows)
    write_files(project, few := work / "few", 2, 100)
    first = predict(project, source, work / "one", LOKY_MAX_CPU_COUNT="1").check()
    expected = read(work / "one")

    def line(what: str, seconds: float, cpu: float, folder: Path) -> None:
        ratios = f"{cpu / first.cpu:.2f}", f"{seconds / first.seconds:.2f}"
        same = "yes" if read(folder) == expected else "NO"
        cells = (f"{cpu:.1f}", f"{seconds:.1f}", *ratios, same)
        print(row([what, *(cell.replace("nan", "") for cell in cells)]), flush=True)

    print(f"{machine()}; {files} files of {rows:,} rows\n\n{head(COLUMNS)}", flush=True)
    line("one core", first.seconds, first.cpu, work / "one")
    again = predict(project, source, work / "one", LOKY_MAX_CPU_COUNT="1").check()
    line("one core, second run", again.seconds, again.cpu, work / "one")
    cores = predict(project, source, work / "cores").check()
    line("all cores", cores.seconds, cores.cpu, work / "cores")
    with cluster(project) as (made, address):
        predict(project, few, work / "warm", SCHEDULER=address).check()
        before = made.cpu()
        whole = predict(project, source, work / "dask", SCHEDULER=address).check()
        line("cluster, warm", whole.seconds, whole.cpu + made.cpu() - before, work / "dask")
        began = time.perf_counter()
        killed = subprocess.Popen(
            [sys.executable, __file__, "--one", project, source, work / "killed", address]
        )
        while not list((work / "killed").glob("_*")):  # the first file is finished
            time.sleep(0.01)
        made.processes[-1].send_signal(signal.SIGKILL)
        if killed.wait():
            sys.exit("it failed after the kill")
        line("cluster, a worker killed", time.perf_counter() - began, float("nan"), work / "killed")
        if train:
            same = fitted(project, "") == fitted(project, address)
            print(f"\nmodel with folds on the cluster: {'same' if same else 'OTHER'} bytes")


def fitted(project: Path, scheduler: str) -> bytes:
    """The model file of a training whose folds all go to a cluster, where there is one."""
    python = project / ".venv" / BIN / "python"
    run(python, "-c", TRAIN, cwd=project, SCHEDULER=scheduler, **paths(project)).check()
    return (project / "models/fitted.skops").read_bytes()


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        project, source, output = map(Path, sys.argv[2:5])
        predict(project, source, output, SCHEDULER=sys.argv[5]).check()
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--project", type=Path)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--train", action="store_true", help="compare a training too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = options.project
        if project is None:
            tell("generating a project")
            generate(Path(folder)).check()
            project = Path(folder, PROJECT)
            run("make", "train", "cluster", cwd=project).check()
        measure(project.resolve(), Path(folder), options.files, options.rows, options.train)


if __name__ == "__main__":
    main()
