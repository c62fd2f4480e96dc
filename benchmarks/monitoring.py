"""How often drift is seen where there is some, and where there is none.

    python benchmarks/monitoring.py [--windows 200] [--rows 500]

Runs in a Python that has the packages of a generated project, on the library where it stands. A model
of orders is fitted once, 4,000 held-out rows are the reference. Windows of the same distribution give
the false alarms, a quarter as many of each change the power; `persistent` alarms are in the newest of
three windows that follow each other and in one more.
"""

import argparse
import sys
import time
from functools import partial
from statistics import mean

from common import ROOT, head, machine, row

(LIBRARY,) = ROOT.glob("{{*}}/vendor/tabwright/src")
sys.path[:0] = [str(ROOT / "tests"), str(LIBRARY)]
sys.dont_write_bytecode = True

COLUMNS = ("windows differ by", "windows", "an alarm", "of outcomes", "persistent", "ms a window")
CHANGES = {
    "nothing": {},
    "amount + 0.1 sd": {"shift": 0.08},
    "amount + 0.25 sd": {"shift": 0.2},
    "2 % of a new value": {"new": 0.02},
    "5 % of a new value": {"new": 0.05},
    "missing age + 2.5, discount + 10 points": {"missing": 0.075},
    "missing age + 10 points, discount + 40": {"missing": 0.15},
    "half of another concept": {"concept": 0.5},
    "another concept": {"concept": 1.0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--rows", type=int, default=500)
    options = parser.parse_args()
    began = time.process_time()
    from tabwright.monitoring import monitor  # noqa: F401

    imported = time.process_time() - began
    from support.watched import Watched
    from tabwright.monitoring.drift import compare_outcomes, compare_rows, persistent

    print(f"{machine()}; imported in {imported:.1f} CPU s\n\n{head(COLUMNS)}", flush=True)
    watched = Watched(rows=20_000, reference=4_000)
    for number, (name, change) in enumerate(CHANGES.items()):
        windows = options.windows if not change else max(options.windows // 4, 3)
        found, seconds = [], 0.0
        for window in range(windows):
            predicted = watched.window(options.rows, seed=1000 * (number + 1) + window, **change)
            start = time.process_time()
            pair = [
                compare(watched.reference, predicted)
                for compare in (compare_rows, compare_outcomes)
            ]
            seconds += time.process_time() - start
            found.append(pair)
        share = partial(_share, found)
        lasting = [
            any(persistent([pair[part] for pair in found[end - 3 : end]]) for part in (0, 1))
            for end in range(3, windows + 1)
        ]
        cells = (
            share((0, 1)),
            share((1,)),
            f"{mean(lasting):.1%}",
            f"{1000 * seconds / windows:.0f}",
        )
        print(row((name, windows, *cells)), flush=True)


def _share(found: list, parts: tuple[int, ...]) -> str:
    """How many windows have an alarm in some parts."""
    return f"{mean(any(one.alarm for part in parts for one in pair[part]) for pair in found):.1%}"


if __name__ == "__main__":
    main()
