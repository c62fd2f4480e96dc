"""The service next to a bare prediction, a naive endpoint and `mlflow models serve`, by turns.

    python benchmarks/serving.py [--seconds 5] [--rounds 3] [--only penguins] [--mlflow]
    python benchmarks/serving.py --soak 60

Runs in a Python that has the packages of a generated project and of its service, on the library where
it stands. The champion is the mean of linear, forest and boosting, of the example and of 20,000 orders
with every kind of column. All servers run in one process with one thread for numbers, and answer the
same rows; `changes` is what 4 clients get while models are put in the shadow, promoted, rolled back and
damaged. With `--soak` 32 clients ask for some seconds while the champion changes, the process is killed
and started again, and the disk of the log fills: every answer is compared with the model it names.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from common import head, machine, row, tell
from servers import BARE, MLFLOW, NAIVE, answers, bare, load, make_champion, started, wait_for
from soak import soak

COLUMNS = ("table", "server", "clients", "answers a second", "p50, ms", "p99, ms", "CPU, ms")
SERVERS = ("service", "service without log", "service with export", NAIVE)
PATH = {MLFLOW: "/invocations"}
DIGITS = {"rate": 1, "p50": 2, "p99": 2, "cpu": 2, "mb": 0, "other": 0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="one of the tables")
    parser.add_argument("--mlflow", action="store_true", help="measure `mlflow models serve` too")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="while much goes wrong")
    options = parser.parse_args()
    if options.soak:
        with tempfile.TemporaryDirectory(prefix="serving-") as folder:
            bodies = make_champion("penguins", Path(folder), with_mlflow=False)
            (Path(folder) / "bodies.json").write_text(json.dumps(bodies), encoding="utf-8")
            soak(Path(folder), options.soak)
        return
    print(f"{machine()}, {options.rounds} rounds of {options.seconds:g} s\n", flush=True)
    print(head([*COLUMNS, "MB", "not 200"]), flush=True)
    for name in ("penguins", "orders"):
        if options.only in name:
            with tempfile.TemporaryDirectory(prefix="serving-") as folder:
                measure(name, Path(folder), options)


def measure(name: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure all servers of a table by turns, then what changes of the models cost."""
    tell(f"{name}: fitting the champion")
    bodies = make_champion(name, folder, with_mlflow=options.mlflow)
    names = [*SERVERS, *([MLFLOW] if options.mlflow else [])]
    if not (folder / "export").is_dir():
        names.remove("service with export")
    (folder / "bodies.json").write_text(json.dumps(bodies), encoding="utf-8")
    framed = [{"dataframe_records": [body]} for body in bodies]
    (folder / "framed.json").write_text(json.dumps(framed), encoding="utf-8")
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    alone: list[float] = []
    with ExitStack() as stack:
        ports = {each: stack.enter_context(started(each, folder)) for each in names}
        for number in range(options.rounds):
            alone.append(bare(folder))
            first = number % len(names)  # what comes right after another is a little slower
            for clients in (1, 32):
                for each in names[first:] + names[:first]:
                    port, pid = ports[each]
                    file = folder / ("framed.json" if each in PATH else "bodies.json")
                    said = load(
                        port, PATH.get(each, "/predict"), file, clients, options.seconds, pid
                    )
                    found.setdefault((each, clients), []).append(said)
        medians = {key: middle(said) for key, said in found.items()}
    print(row([name, BARE, "", "", f"{statistics.median(alone):.2f}", *[""] * 4]))
    for (each, clients), said in medians.items():
        cells = (f"{said[key]:.{digits}f}" for key, digits in DIGITS.items())
        print(row([name, each, clients, *cells]), flush=True)
    base, naive = statistics.median(alone), medians[NAIVE, 32]
    for each in (each for each in names if each.startswith("service")):
        one, many = medians[each, 1], medians[each, 32]
        print(
            f"\n{name}, {each}: one row {one['p50'] / base:.2f} of the bare prediction; 32 clients "
            f"{many['rate'] / naive['rate']:.1f} of the naive rate, {many['cpu'] / naive['cpu']:.3f} "
            "of its CPU",
            end="",
        )
    print("\n")
    changes(folder, max(options.seconds, 20))


def middle(said: list[dict[str, float]]) -> dict[str, float]:
    """The medians of some rounds; all answers other than 200 count."""
    found = {key: statistics.median(each[key] for each in said) for key in said[0]}
    return found | {"other": sum(each["other"] for each in said)}


def changes(folder: Path, seconds: float) -> None:
    """Change the models while 4 clients ask; print what failed and how long a change took."""
    import support.owner  # noqa: F401
    from support.served import promote, set_shadow
    from tabwright.project.files import write_text
    from tabwright.project.project import Project
    from tabwright.registry.champion import promotion_log

    project = Project(folder / "plain")
    second, third = (json.loads((folder / f"entry-{n}.json").read_text("utf-8")) for n in (2, 3))
    first = promotion_log(project)[0]
    steps: dict[str, tuple[Callable[[], None], str]] = {
        "shadow": (lambda: set_shadow(project, second), '"shadow":{"model_version":"2"'),
        "canary": (lambda: set_shadow(project, second, 0.1), 'confidence_count{version="2"'),
        "promoted": (lambda: promote(project, second), 'true,"model_version":"2"'),
        "promoted again": (lambda: promote(project, third), 'true,"model_version":"3"'),
        "rolled back": (lambda: promote(project, first), 'true,"model_version":"1"'),
        "damaged": (lambda: write_text(project.promotions_file, "[{"), 'true,"model_version":"1"'),
    }
    with started("service", folder) as (port, pid), ThreadPoolExecutor(1) as threads:
        asked = threads.submit(load, port, "/predict", folder / "bodies.json", 4, seconds, pid)
        taken = []
        for change, (make, expected) in steps.items():
            make()
            began = time.perf_counter()
            wait_for(
                lambda said=expected: (
                    said in f"{answers(port, '/ready')}{answers(port, '/metrics')}"
                )
            )
            taken.append(f"{change} {time.perf_counter() - began:.1f} s")
        said = asked.result()
    failed, count = said["other"], said["answers"]
    print(f"{failed:.0f} of {count:.0f} answers failed; taken up after: {', '.join(taken)}\n")


if __name__ == "__main__":
    main()
