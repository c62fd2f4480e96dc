"""Whether a repeated run gives what was recorded, and if not, which of its inputs differs."""

import math
from pathlib import Path
from typing import NamedTuple

from ..io.parquet import read_parquet
from ..tracking.record import Record, short

TOLERANCE = 1e-6  # of the value where that is more than 1, else as it is
IDENTICAL, CLOSE = "identical", f"within {TOLERANCE:.0e}"
HASH = 8  # characters of a hash that people see


class Line(NamedTuple):
    """Something the run took or gave: then, now, and what to say of it."""

    name: str
    then: str
    now: str
    verdict: str
    good: bool


def compare_runs(then: Record, now: Record, before: Path | None, after: Path) -> tuple[str, bool]:
    """Hold a run against its repetition.

    Parameters
    ----------
    then, now
        The record of each.
    before, after
        The test predictions of each; the first may be nowhere.

    Returns
    -------
    text : str
        Two tables, of what the runs took and of what they gave, and a sentence.
    reproduced : bool
        Whether all that came out is identical or within the tolerance.
    """
    took, gave = compare_inputs(then, now), compare_results(then, now, before, after)
    other = ", ".join(line.name for line in took if not line.good)
    apart = ", ".join(line.name for line in gave if not line.good)
    exact = all(line.verdict == IDENTICAL for line in gave)
    last = f"is reproduced: every result is {IDENTICAL if exact else CLOSE}."
    if apart:
        why = "All that it took is the same: something in it is left to chance or to the machine."
        why = f"What differs of what it took: {other}." if other else why
        last = f"is NOT reproduced: {apart} came out different. {why}"
    if "evaluation" not in then:
        last += " It was never evaluated, so there are no test scores and predictions to compare."
    tables = (as_table("what it took", took), as_table("what it gave", gave))
    return "\n\n".join([*tables, f"run {short(then)} {last}"]), not apart


def compare_inputs(then: Record, now: Record) -> list[Line]:
    """What both runs took: code, each raw file, contract, rows, environment, seed, platform."""
    then = {"inputs": now["inputs"]} | then  # older runs have no hash of them
    facts = [_facts(run, "evaluation" in then) for run in (then, now)]
    lines = []
    for name in dict.fromkeys([*facts[0], *facts[1]]):
        old, new = (fact.get(name, "none") for fact in facts)
        same = old == new
        if name == "code":  # people know the commit, not the tree
            old, new = (r["commit"][:HASH] + " + changes" * r["dirty"] for r in (then, now))
        elif name not in ("system", "Python"):
            old, new = old[:HASH], new[:HASH]
        elif same:  # a system's name is long
            old = new = old.partition("-")[0]
        lines.append(Line(name, old, new, "same" if same else "differs", same))
    return lines


def _facts(run: Record, evaluated: bool) -> dict[str, str]:
    system, python = run["platform"].split(", Python ")
    return {
        "code": run["inputs"],
        **run["data"],
        "contract": run["schema_md5"],
        "training rows": run["train_md5"],
        **({"test rows": run["evaluation"]["test_md5"]} if evaluated else {}),
        "environment": run["lock_md5"],
        "seed": str(run["seed"]),
        "system": system,
        "Python": python,
    }


def compare_results(then: Record, now: Record, before: Path | None, after: Path) -> list[Line]:
    """What both runs gave: scores, predictions, and the bytes of the model."""
    lines = [_score(f"cv_{then['cv']['metric']}", then["cv"]["mean"], now["cv"]["mean"])]
    # Another machine may give the model other last digits; its predictions tell what they mean.
    verdict, good = "different", False
    if "evaluation" in then:
        scores = now["evaluation"]["test"]
        for name, value in then["evaluation"]["test"].items():
            lines.append(_score(f"test_{name}", value, scores.get(name, math.nan)))
        old, new = (run["evaluation"]["predictions_md5"] for run in (then, now))
        found = (IDENTICAL, True) if old == new else compare_tables(before, after)
        lines.append(Line("test predictions", old[:HASH], new[:HASH], *found))
        verdict, good = "other bytes, see the predictions", True
    old, new = then["model_md5"], now["model_md5"]
    found = (IDENTICAL, True) if old == new else (verdict, good)
    return [*lines, Line("model", old[:HASH], new[:HASH], *found)]


def compare_tables(before: Path | None, after: Path) -> tuple[str, bool]:
    """The verdict on two files of predictions, and whether it is a good one."""
    if before is None:
        return "different; those of then are neither in the cache nor in the remote", False
    old, new = read_parquet(before), read_parquet(after)
    if list(old) != list(new) or len(old) != len(new):
        return f"different: {len(old)} rows then, {len(new)} now, or other columns", False
    numbers = old.select_dtypes("number").columns
    words = [table.drop(columns=numbers).astype("str") for table in (old, new)]
    apart = int((words[0] != words[1]).any(axis=1).sum())
    gaps = (old[numbers] - new[numbers]).abs()
    if not apart and (gaps <= TOLERANCE * old[numbers].abs().clip(lower=1)).all(axis=None):
        return CLOSE, True
    said = f"different by up to {gaps.max(axis=None):.3g}"
    return said + (f", another class in {apart} of {len(old)} rows" if apart else ""), False


def as_table(title: str, lines: list[Line]) -> str:
    """Aligned text."""
    rows = [(title, "then", "now", ""), *(line[:4] for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _score(name: str, then: float, now: float) -> Line:
    same = then == now or (math.isnan(then) and math.isnan(now))
    close = same or abs(then - now) <= TOLERANCE * max(1.0, abs(then))
    verdict = IDENTICAL if same else CLOSE if close else f"different by {now - then:.3g}"
    return Line(name, f"{then:.6g}", f"{now:.6g}", verdict, close)
