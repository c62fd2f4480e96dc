"""The scores of this model as a table of Markdown, beside those of another commit and the baseline."""

import json
from typing import Any

import yaml

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError, did_you_mean
from ..project.files import read_json
from ..project.git import commit, git
from ..project.project import Project

Scores = dict[str, Any]


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("metrics", __doc__)
    parser.add_argument("--against", default="", help="a branch, tag or commit, such as main")
    against = parser.parse_args(arguments).against
    path = project.metrics_file
    if not path.is_file():
        raise ProjectError(f"{project.short(path)} is missing: `make evaluate` writes it.")
    try:
        here = read_json(path)
        there = committed_scores(project, against) if against else None
        lines = score_table(here, there, against)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{project.short(path)}, here or at {against or 'another commit'}, is damaged or from another "
            f"version ({error!r}): `dvc repro --force evaluate` writes it again."
        ) from error
    print(*lines, sep="\n")
    print(f"\n{_notes(project, here, there, against)}")


def committed_scores(project: Project, against: str) -> Scores:
    """`reports/metrics.json` of a commit; empty if it has none.

    Raises
    ------
    ProjectError
        When git does not know the commit.
    """
    if not commit(project.root, against):
        branches = (git(project.root, "branch", "--all", "--format=%(refname:short)") or "").split()
        raise ProjectError(f"git knows no commit {against!r}{did_you_mean(against, branches)}.")
    return dict(json.loads(_show(project, against, "reports/metrics.json") or "{}"))


def score_table(here: Scores, there: Scores | None, against: str) -> list[str]:
    """A line for each metric, the deciding one first and bold."""
    header = ["metric", "here", *([against] if there is not None else []), "baseline"]
    rows = [header, ["---"] * len(header)]
    names = [here["metric"], *(name for name in here["test"] if name != here["metric"])]
    for number, name in enumerate(names):
        cells = [_cell(scores, name) for scores in (here, there) if scores is not None]
        title = name if number else f"**{name}**"
        rows.append([title, *cells, f"{here['baseline'][name]:.4f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows]


def _cell(scores: Scores, name: str) -> str:
    if name not in scores.get("test", {}):
        return "none"
    low, high = (scores["interval"][name][end] for end in ("low", "high"))
    return f"{scores['test'][name]:.4f} ({low:.4f} to {high:.4f})"


def _notes(project: Project, here: Scores, there: Scores | None, against: str) -> str:
    """What the numbers are of, and whether the two columns can be compared."""
    words = f"{here['rows']} held-out rows, intervals by {here['resampling']}."
    if there is None:
        return words
    if not there:
        return f"{words} {against} has no reports/metrics.json."
    lock = project.root / "dvc.lock"
    now = _test_rows(lock.read_text(encoding="utf-8")) if lock.is_file() else ""
    if now and now == _test_rows(_show(project, against, "dvc.lock")):
        return f"{words} {against} was scored on the same rows."
    return f"{words} {against} was scored on {there['rows']} other rows: its scores differ by them, too."


def _test_rows(lock: str) -> str:
    """The hash of the held-out rows in the text of a `dvc.lock`; empty if it has none."""
    try:
        deps = yaml.safe_load(lock)["stages"]["evaluate"]["deps"]
        return str(next(dep["md5"] for dep in deps if dep["path"].endswith("/test.parquet")))
    except (yaml.YAMLError, KeyError, TypeError, StopIteration):
        return ""


def _show(project: Project, against: str, name: str) -> str:
    """A file of a commit; empty if it is not there."""
    if not git(project.root, "ls-tree", against, f"./{name}"):
        return ""
    return git(project.root, "show", f"{against}:./{name}") or ""
