"""Merge a generated file of two branches: git runs this by its path, so it needs Python alone.

What a step makes is kept as this branch has it: `dvc.lock` then holds true of the files next to it, and
`make all` runs what the other branch changes. What people wrote or decided is taken from both.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

SECTION = re.compile(r"(?<=<!-- yours: ).*?(?=<!-- end -->)", re.DOTALL)


def merge(base: Path, ours: Path, theirs: Path, name: str) -> int:
    """Merge into `ours`; 0 if that needs nobody's decision."""
    if name.endswith("models/champion.json"):
        return _promotions(base, ours, theirs, name)
    if name.endswith("models/export.json"):
        return _exports(ours, theirs)
    if name.endswith("reports/model_card.md"):
        return _sections(base, ours, theirs)
    if name.endswith("dvc.lock"):
        print(f"{name}: as in this branch; `make pull all` brings all up to date, then commit")
    return 0


def _promotions(base: Path, ours: Path, theirs: Path, name: str) -> int:
    """Join two promotion logs; two new champions are a decision."""
    try:
        before, here, there = (
            json.loads(path.read_text(encoding="utf-8") or "[]") for path in (base, ours, theirs)
        )
    except ValueError:
        return 1
    news = [here[len(before) :], there[len(before) :]]
    champions = [log[-1:] and log[-1]["run"] for log in (before, here, there)]
    if champions[1] != champions[0]:  # the last entry is the champion
        news.reverse()
    joined = before
    for entry in news[0] + news[1]:
        taken = {known["version"]: known["run"] for known in joined}
        if taken.get(entry["version"], entry["run"]) != entry["run"]:
            entry["version"] = str(1 + max(map(int, taken)))
        joined.append(entry)
    text = json.dumps(joined, indent=2, ensure_ascii=False) + "\n"
    ours.write_text(text, encoding="utf-8", newline="\n")
    if champions[0] in champions[1:] or champions[1] == champions[2]:
        return 0
    print(
        f"{name}: both branches have a new champion. `git add {name}` keeps that of this branch; "
        "`make rollback` before it takes the other's."
    )
    return 1


def _exports(ours: Path, theirs: Path) -> int:
    """Join the hashes of exports by run."""
    try:
        here, there = (json.loads(path.read_text(encoding="utf-8")) for path in (ours, theirs))
        text = json.dumps(there | here, indent=2, ensure_ascii=False) + "\n"
    except (ValueError, TypeError):
        return 1
    ours.write_text(text, encoding="utf-8", newline="\n")
    return 0


def _sections(base: Path, ours: Path, theirs: Path) -> int:
    """Merge the sections that people write; the rest of the page is made again."""
    page = ours.read_text(encoding="utf-8")
    for other in (base, theirs):
        sections = iter(SECTION.findall(other.read_text(encoding="utf-8")))
        text = SECTION.sub(lambda own: next(sections, own[0]), page)  # noqa: B023, used at once
        other.write_text(text, encoding="utf-8", newline="\n")
    command = ("git", "merge-file", "--quiet", "-L", "ours", "-L", "base", "-L", "theirs")
    return min(subprocess.run([*command, ours, base, theirs], check=False).returncode, 1)


if __name__ == "__main__":
    base, ours, theirs, name = sys.argv[1:]
    sys.exit(merge(Path(base), Path(ours), Path(theirs), name))
