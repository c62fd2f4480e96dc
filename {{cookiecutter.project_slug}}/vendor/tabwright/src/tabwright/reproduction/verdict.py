"""Compare a repeated run with its record: its results, and the inputs that differ."""

import math
from pathlib import Path
from typing import NamedTuple

from ..io.parquet import read_parquet
from ..project.text import aligned
from ..tracking.record import Record, short

TOLERANCE = 1e-6  # relative for values above 1, else absolute
IDENTICAL, CLOSE = "identical", f"within {TOLERANCE:.0e}"
HASH = 8  # characters of a hash that are shown


class Line(NamedTuple):
    """An input or a result of the run, then and now, and the verdict on it."""

    name: str
    then: str
    now: str
    verdict: str

    @property
    def differs(self) -> bool:
        """Whether it is not the same, nor close enough."""
        return self.verdict.startswith("differ")


def compare_runs(then: Record, now: Record, before: Path | None, after: Path) -> tuple[str, bool]:
    """Compare a run with its repetition.

    Parameters
    ----------
    then, now
        The record of each.
    before, after
        The test predictions of each; the first may be nowhere.

    Returns
    -------
    text : str
        A table of inputs, one of results, and a sentence.
    reproduced : bool
        Whether all results are identical or within the tolerance.
    """
    inputs, results = compare_inputs(then, now), compare_results(then, now, before, after)
    changed = ", ".join(line.name for line in inputs if line.differs)
    apart = ", ".join(line.name for line in results if line.differs)
    exact = all(line.verdict == IDENTICAL for line in results)
    last = f"is reproduced: every result is {IDENTICAL if exact else CLOSE}."
    if apart:
        why = "All inputs are the same, so the run depends on chance or on the machine."
        why = f"Inputs that differ: {changed}." if changed else why
        last = f"is NOT reproduced: different results in {apart}. {why}"
    if "evaluation" not in then:
        last += " It was never evaluated, so there are no test scores and predictions to compare."
    first = aligned([("inputs", "then", "now", ""), *inputs])
    second = aligned([("results", "then", "now", ""), *results])
    return f"{first}\n\n{second}\n\nrun {short(then)} {last}", not apart


def compare_inputs(then: Record, now: Record) -> list[Line]:
    """Compare code, each raw file, schema, rows, environment, seed and platform."""
    then = {"inputs": now["inputs"]} | then  # missing in older runs
    facts = [_facts(run, "evaluation" in then) for run in (then, now)]
    lines = []
    for name in dict.fromkeys([*facts[0], *facts[1]]):
        old, new = (fact.get(name, "none") for fact in facts)
        same = old == new
        if name == "code":  # shown as the commit, not the tree
            old, new = (r["commit"][:HASH] + " + changes" * r["dirty"] for r in (then, now))
        elif name not in ("system", "Python"):
            old, new = old[:HASH], new[:HASH]
        elif same:  # the full name is long
            old = new = old.partition("-")[0]
        lines.append(Line(name, old, new, "same" if same else "differs"))
    return lines


def _facts(run: Record, evaluated: bool) -> dict[str, str]:
    system, python = run["platform"].split(", Python ")
    return {
        "code": run["inputs"],
        **run["data"],
        "schema": run["schema_md5"],
        "training rows": run["train_md5"],
        **({"test rows": run["evaluation"]["test_md5"]} if evaluated else {}),
        "environment": run["lock_md5"],
        "seed": str(run["seed"]),
        "system": system,
        "Python": python,
    }


def compare_results(then: Record, now: Record, before: Path | None, after: Path) -> list[Line]:
    """Compare scores, predictions, and the bytes of the model."""
    lines = [_score(f"cv_{then['cv']['metric']}", then["cv"]["mean"], now["cv"]["mean"])]
    verdict = "different"
    if "evaluation" in then:
        scores = now["evaluation"]["test"]
        for name, value in then["evaluation"]["test"].items():
            lines.append(_score(f"test_{name}", value, scores.get(name, math.nan)))
        old, new = (run["evaluation"]["predictions_md5"] for run in (then, now))
        found = IDENTICAL if old == new else compare_tables(before, after)
        lines.append(Line("test predictions", old[:HASH], new[:HASH], found))
        # On another machine the last digits in a model may be others; its predictions count.
        verdict = "other bytes, see the predictions"
    old, new = then["model_md5"], now["model_md5"]
    return [*lines, Line("model", old[:HASH], new[:HASH], IDENTICAL if old == new else verdict)]


def compare_tables(before: Path | None, after: Path) -> str:
    """The verdict on two files of predictions."""
    if before is None:
        return "different; the original ones are neither in the cache nor in the remote"
    old, new = read_parquet(before), read_parquet(after)
    if list(old) != list(new) or len(old) != len(new):
        return f"different: {len(old)} rows then, {len(new)} now, or other columns"
    numbers = old.select_dtypes("number").columns
    words = [table.drop(columns=numbers).astype("str") for table in (old, new)]
    apart = int((words[0] != words[1]).any(axis=1).sum())
    differences = (old[numbers] - new[numbers]).abs()
    if not apart and (differences <= TOLERANCE * old[numbers].abs().clip(lower=1)).all(axis=None):
        return CLOSE
    classes = f", another class in {apart} of {len(old)} rows" if apart else ""
    return f"different by up to {differences.max(axis=None):.3g}{classes}"


def _score(name: str, then: float, now: float) -> Line:
    same = then == now or (math.isnan(then) and math.isnan(now))
    close = same or abs(then - now) <= TOLERANCE * max(1.0, abs(then))
    verdict = IDENTICAL if same else CLOSE if close else f"different by {now - then:.3g}"
    return Line(name, f"{then:.6g}", f"{now:.6g}", verdict)
