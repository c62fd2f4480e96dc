"""What differs between two runs, and the verdict on them."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from tabwright.evaluation.comparison import Gain
from tabwright.project import git
from tabwright.project.project import Project
from tabwright.reports.compare import SPLIT_PARAMS, may_be_same_rows, same_targets, verdict
from tabwright.reports.differences import describe_differences, varying
from tabwright.tracking import record

WHO = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
FILES = {
    "src/shop/models/candidates.py": "one\ntwo\n",
    "vendor/tabwright/a.py": "a\n",
    "vendor/tabwright/b.py": "b\n",
    "params.yaml": "seed: 1\n",
    "requirements.txt": "numpy==2.3.5 \\\n    --hash=sha256:aa\npandas==3.0.0 ; python_version > '3'\n",
}


def commit_all(folder: Path) -> None:
    """Put all that is there into a commit."""
    for command in (["add", "--all"], ["commit", "--quiet", "--no-verify", "--message", "all"]):
        subprocess.run(["git", *WHO, *command], cwd=folder, check=True, capture_output=True)


def write(project: Project, files: dict[str, str]) -> None:
    """Write files below the root."""
    for name, text in files.items():
        path = project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A committed project that is a part of a larger repository."""
    made = Project(tmp_path / "repository" / "part")
    write(made, FILES)
    subprocess.run(["git", "init", "--quiet", "."], cwd=made.root.parent, check=True)
    commit_all(made.root)
    return made


def run(project: Project, name: str, **changes: object) -> dict:
    """The record of a run from what is there now."""
    tree = git.snapshot(project.root)
    patch = git.uncommitted(project.root, tree)
    made = {"run": name, "commit": git.commit(project.root), "dirty": bool(patch), "inputs": tree}
    made |= {
        "data": {"data/raw/a.csv": "a"},
        "train_md5": "t",
        "schema_md5": "s",
        "rows": {"train": 9},
    }
    made |= {"lock_md5": "l", "platform": "Linux, Python 3.11.7", "params": {"seed": 1}}
    made |= changes
    record.save_record(project, made, patch)
    return made


def test_runs_from_the_same_inputs_differ_in_nothing(project: Project) -> None:
    said = describe_differences(project, run(project, "b"), run(project, "a"))
    commit = git.commit(project.root)[:7]
    assert said.pop("code") == f"the same (commit {commit}; was commit {commit})"
    assert set(said.values()) == {"the same"}


def test_files_lines_versions_and_data_are_named(project: Project) -> None:
    before = run(project, "a")
    write(project, {"src/shop/models/candidates.py": "one\nthree\nfour\n"})
    commit_all(project.root)
    changes = {"vendor/tabwright/a.py": "", "vendor/tabwright/b.py": "b\nc\n", "src/é x.py": "x\n"}
    lock = {
        "requirements.txt": FILES["requirements.txt"].replace("3.0.0", "3.1.0") + "tqdm==4.67\n"
    }
    write(project, changes | lock)
    after = run(
        project,
        "b",
        lock_md5="other",
        train_md5="other",
        rows={"train": 8},
        data={"data/raw/b.csv": "b"},
        platform="Linux, Python 3.13.1",
        params={"seed": 2, "evaluate.bootstrap": 9},
    )
    said = describe_differences(project, after, before)
    commits = f"commit {after['commit'][:7]} and uncommitted changes, reports/runs/b.diff"
    assert said == {
        "parameters": "seed 2 (was 1)",
        "code": "src/shop/models/candidates.py +2 -1 lines, src/é x.py +1 -0 lines, "
        f"vendor/tabwright +1 -1 lines ({commits}; was commit {before['commit'][:7]})",
        "libraries": "Python 3.13.1 (was 3.11.7), pandas 3.1.0 (was 3.0.0), tqdm 4.67 (was none)",
        "data": "data/raw/b.csv, training rows (8, were 9), data/raw/a.csv",
    }


def test_commit_that_is_not_in_this_clone_is_said(project: Project) -> None:
    here = run(project, "a")
    away = run(project, "b", commit="f" * 40, inputs="e" * 40, lock_md5="other")
    said = describe_differences(project, away, here)
    name = record.short(away)
    assert f"the commit or the uncommitted changes of {name} are not in this clone" in said["code"]
    assert said["libraries"].startswith("not compared, ")
    assert said["data"] == "the same"


def test_values_that_change_no_model_are_no_difference() -> None:
    params = ({"a": 1, "evaluate.x": 1, "b": [1]}, {"a": 1, "evaluate.x": 2, "b": [2], "c": 0})
    assert varying([{"params": each} for each in params]) == ["b", "c"]


@pytest.mark.parametrize(
    ("folds", "rows", "words"),
    [
        (Gain(1, 0.5, 2), Gain(-1, -2, -0.5), "{} is worse than {} on the same held-out rows"),
        (Gain(1, 0.5, 2), None, "{} is better than {} on the same folds"),
        (
            Gain(1, 0.5, 2),
            Gain(1, -1, 2),
            "no evidence of a difference between {} and {} on the same h",
        ),
        (None, None, "none, as {} and {} have neither held-out rows nor folds in common"),
    ],
)
def test_verdict_follows_the_rule(folds: Gain | None, rows: Gain | None, words: str) -> None:
    runs = {"run": "a"}, {"run": "b"}
    said, rule = verdict(*runs, folds, rows, 0.95).split("\n")
    assert said.startswith(words.format(*map(record.short, runs)))
    assert "95% interval" in rule


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"evaluation": {"test_md5": "a"}, "seed": 2}, True),  # the file is the same
        ({}, True),  # with another derived column
        ({"seed": 2}, False),
        ({"data": {"raw.csv": "other"}}, False),
        ({"params": dict.fromkeys(SPLIT_PARAMS, "raw.csv") | {"data.split": "group"}}, False),
    ],
)
def test_derived_columns_leave_held_out_rows_the_same(changes: dict, same: bool) -> None:
    made = {"evaluation": {"test_md5": "a"}, "seed": 1, "data": {"raw.csv": "raw"}}
    made["params"] = dict.fromkeys(SPLIT_PARAMS, "raw.csv")
    other = made | {"evaluation": {"test_md5": "b"}} | changes
    assert may_be_same_rows(made, other) is same


@pytest.mark.parametrize(
    ("name", "cells", "same"),
    [("bought", "yn", True), ("bought", "ny", False), ("bought", "y", False), ("b", "yn", False)],
)
def test_rows_that_clean_leaves_out_are_noticed(name: str, cells: str, same: bool) -> None:
    table = pd.DataFrame({"bought": list("yn")})
    assert same_targets(table, pd.DataFrame({name: list(cells)})) is same
