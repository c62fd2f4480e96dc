"""What differs between the inputs of two runs: parameters, code, libraries and data."""

import re

from ..project.git import git
from ..project.project import Project
from ..project.text import listed
from ..tracking.record import Record, input_tree, patch_file, short

CODE = ("src", "vendor", "dvc.yaml", "pyproject.toml")
PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
MAX_NAMED = 6  # files or libraries in a line
SAME = "the same"


def describe_differences(project: Project, run: Record, other: Record) -> dict[str, str]:
    """How each kind of input of a run differs from that of another, in words."""
    trees = [_known_tree(project, each) for each in (other, run)]
    unknown = ""
    if not all(trees):
        lost = run if trees[0] else other
        words = f"the commit or the uncommitted changes of {short(lost)} are not in this clone"
        unknown = f"not compared, {words}: `git fetch --all`"
    commits = [_commit(project, each) for each in (run, other)]
    lines = unknown or _changed_lines(project, trees)
    return {
        "parameters": parameters(run, other) or SAME,
        "code": f"{lines or SAME} ({commits[0]}; was {commits[1]})",
        "libraries": _libraries(project, run, other, trees, unknown) or SAME,
        "data": _data(run, other) or SAME,
    }


def parameters(run: Record, other: Record) -> str:
    """The parameters in which a run differs from another."""
    new, old = run["params"], other["params"]
    changed = varying([run, other])
    return ", ".join(f"{name} {new.get(name)} (was {old.get(name)})" for name in changed)


def varying(records: list[Record]) -> list[str]:
    """The parameters that are not the same in all runs, but for those that change no model."""
    names = sorted({name for record in records for name in record["params"]})
    return [
        name
        for name in names
        if not name.startswith(("evaluate.", "behaviour"))
        and len({repr(record["params"].get(name)) for record in records}) > 1
    ]


def _known_tree(project: Project, record: Record) -> str:
    """The git tree of a run's inputs; empty if this clone does not have it."""
    tree = input_tree(project, record)
    return (git(project.root, "rev-parse", "--verify", "--quiet", f"{tree}^{{tree}}") or "").strip()


def _commit(project: Project, record: Record) -> str:
    name = f"commit {record['commit'][:7]}" if record["commit"] else "no commit"
    patch = project.short(patch_file(project, record["run"]))
    return f"{name} and uncommitted changes, {patch}" if record["dirty"] else name


def _changed_lines(project: Project, trees: list[str]) -> str:
    """Changed files with the number of lines; the library counts as one."""
    options = ("-c", "core.quotePath=off", "diff", "--numstat", "--relative", "--no-renames")
    lines: dict[str, list[int]] = {}
    for line in (git(project.root, *options, *trees, "--", *CODE) or "").splitlines():
        *counts, path = line.split("\t")
        name = "/".join(path.split("/")[:2]) if path.startswith("vendor/") else path
        known = lines.setdefault(name, [0, 0])
        for side, count in enumerate(counts):
            known[side] += int(count) if count.isdigit() else 0  # a binary file has none
    return listed(
        [f"{name} +{added} -{removed} lines" for name, (added, removed) in lines.items()], MAX_NAMED
    )


def _libraries(project: Project, run: Record, other: Record, trees: list[str], unknown: str) -> str:
    """Versions of requirements.txt and of Python."""
    new, old = (each["platform"].rpartition("Python ")[2] for each in (run, other))
    changed = [f"Python {new} (was {old})"] if new != old else []
    if run["lock_md5"] == other["lock_md5"]:
        return listed(changed, MAX_NAMED)
    if unknown:
        return unknown
    files = (git(project.root, "show", f"{tree}:./requirements.txt") or "" for tree in trees)
    before, now = (dict(PIN.findall(file)) for file in files)
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            changed.append(f"{name} {now.get(name, 'none')} (was {before.get(name, 'none')})")
    return listed(changed or ["requirements.txt, but no version"], MAX_NAMED)


def _data(run: Record, other: Record) -> str:
    """Raw files, the contract, and the rows that were used, by their hashes."""
    evaluated = "evaluation" in run and "evaluation" in other
    new, old = (_hashes(each, evaluated) for each in (run, other))
    names = [name for name in dict.fromkeys([*new, *old]) if new.get(name) != old.get(name)]
    counts = [each.get("rows", {}).get("train") for each in (run, other)]
    more = f" ({counts[0]}, were {counts[1]})" if counts[0] != counts[1] else ""
    return listed([name + (more if name == "training rows" else "") for name in names], MAX_NAMED)


def _hashes(record: Record, evaluated: bool) -> dict[str, str]:
    hashes = record["data"] | {"references/schema.yaml": record["schema_md5"]}
    hashes |= {"training rows": record["train_md5"]}
    return hashes | ({"held-out rows": record["evaluation"]["test_md5"]} if evaluated else {})
