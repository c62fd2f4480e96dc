"""Whether a repeated run gives what was recorded, and if not, which of its inputs differs."""

import math
from dataclasses import dataclass
from pathlib import Path

from ..files import read_parquet
from ..tracking.record import Record, short

TOLERANCE = 1e-6  # of the value where that is more than 1, else as it is
IDENTICAL, CLOSE = "identical", f"within {TOLERANCE:.0e}"
HASH = 8  # characters of a hash that people see


@dataclass(frozen=True)
class Line:
    """Something the run took or gave: then, now, and what to say of it."""

    name: str
    then: str
    now: str
    verdict: str
    good: bool


def judge(then: Record, now: Record, before: Path | None, after: Path) -> tuple[str, bool]:
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
    took, gave = inputs(then, now), results(then, now, before, after)
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


def inputs(then: Record, now: Record) -> list[Line]:
    """What both runs took: code, each raw file, contract, rows, environment, seed, platform."""
    both = (then, now)
    code = [run["commit"][:HASH] + (" + changes" if run["dirty"] else "") for run in both]
    same = then.get("inputs", then.get("tree")) == now["inputs"]
    lines = [_input("code", code[0], code[1], same)]
    facts = {
        path: [run["data"].get(path, "none") for run in both]
        for path in sorted(then["data"] | now["data"])
    }
    facts["contract"] = [run["schema_md5"] for run in both]
    facts["training rows"] = [run["train_md5"] for run in both]
    if "evaluation" in then:
        facts["test rows"] = [run["evaluation"]["test_md5"] for run in both]
    facts["environment"] = [run["lock_md5"] for run in both]
    facts["seed"] = [str(run["seed"]) for run in both]
    for name, (old, new) in facts.items():
        lines.append(_input(name, old[:HASH], new[:HASH], old == new))
    platforms = (run["platform"].split(", Python ") for run in both)
    for name, old, new in zip(("system", "Python"), *platforms, strict=True):
        # A system's name is long.
        shown = (old, new) if old != new else (old.partition("-")[0],) * 2
        lines.append(_input(name, *shown, old == new))
    return lines


def results(then: Record, now: Record, before: Path | None, after: Path) -> list[Line]:
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
    rows = [(title, "then", "now", "")]
    rows += [(line.name, line.then, line.now, line.verdict) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*map(str.ljust, row[:3], widths), row[3]]).rstrip() for row in rows)


def _input(name: str, then: str, now: str, same: bool) -> Line:
    return Line(name, then, now, "same" if same else "differs", same)


def _score(name: str, then: float, now: float) -> Line:
    same = then == now or (math.isnan(then) and math.isnan(now))
    close = same or abs(then - now) <= TOLERANCE * max(1.0, abs(then))
    verdict = IDENTICAL if same else CLOSE if close else f"different by {now - then:.3g}"
    return Line(name, f"{then:.6g}", f"{now:.6g}", verdict, close)
