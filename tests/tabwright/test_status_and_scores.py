"""What automation asks: is dvc.lock up to date, and how good is this next to another commit?"""

import json
import subprocess
from pathlib import Path

import pytest
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.reports import scores
from tabwright.workspace import status

WHO = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")


def git(folder: Path, *command: str) -> None:
    """Run git."""
    subprocess.run(["git", *WHO, *command], cwd=folder, check=True, capture_output=True)


def write_scores(project: Project, auc: float, test_rows: str) -> None:
    """Write what `make evaluate` leaves."""
    metrics = {"f1": 0.8, "roc_auc": auc}
    interval = {name: {"low": value - 0.1, "high": value + 0.1} for name, value in metrics.items()}
    made = {"metric": "roc_auc", "rows": 60, "resampling": "50 resamples of rows", "test": metrics}
    made |= {"baseline": dict.fromkeys(metrics, 0.5), "interval": interval}
    project.metrics_file.parent.mkdir(exist_ok=True)
    project.metrics_file.write_text(json.dumps(made), encoding="utf-8")
    lock = {"evaluate": {"deps": [{"path": "data/processed/test.parquet", "md5": test_rows}]}}
    (project.root / "dvc.lock").write_text(json.dumps({"stages": lock}), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project, a part of a repository, with a commit without scores and one with them."""
    made = Project(tmp_path / "part")
    made.root.mkdir()
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", ".")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "empty")
    git(tmp_path, "tag", "start")
    write_scores(made, 0.7, "r")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "scores")
    write_scores(made, 0.75, "r")
    return made


def table(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    """The cells of what is printed, and the last line."""
    scores.main(project, [*arguments])
    *lines, _, last = capsys.readouterr().out.splitlines()
    return [*([cell.strip() for cell in line.strip("|").split("|")] for line in lines), [last]]


def test_scores_stand_beside_those_of_another_commit(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = "0.7500 (0.6500 to 0.8500)", "0.7000 (0.6000 to 0.8000)"
    header, _, auc, f1, (last,) = table(project, capsys, "--against", "main")
    assert header == ["metric", "here", "main", "baseline"]
    assert auc == ["**roc_auc**", here, there, "0.5000"]
    assert f1[0] == "f1"
    assert (
        last
        == "60 held-out rows, intervals by 50 resamples of rows. main was scored on the same rows."
    )
    assert table(project, capsys)[2] == ["**roc_auc**", here, "0.5000"]
    assert table(project, capsys, "--against", "start")[2] == [
        "**roc_auc**",
        here,
        "none",
        "0.5000",
    ]


def test_other_held_out_rows_are_said(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write_scores(project, 0.75, "others")
    assert "scored on 60 other rows" in table(project, capsys, "--against", "main")[-1][0]


def test_scores_that_cannot_be_read_are_a_sentence(project: Project) -> None:
    with pytest.raises(ProjectError, match=r"no commit 'mian' \(did you mean main\?\)"):
        scores.main(project, ["--against", "mian"])
    for text in ("", "[]", "{}", "<<<<<<< HEAD"):
        project.metrics_file.write_text(text, encoding="utf-8")
        with pytest.raises(ProjectError, match="damaged"):
            scores.main(project, [])
    project.metrics_file.unlink()
    with pytest.raises(ProjectError, match="`make evaluate` writes it"):
        scores.main(project, [])


def test_stale_step_is_named_with_what_has_changed(project: Project) -> None:
    (project.root / ".gitignore").write_text("*.parquet\n", encoding="utf-8")
    away = {"train.parquet": "deleted", "test.parquet": "not in cache"}
    away |= {"reports/slices.json": "deleted"}
    params = {"params.yaml": {"train.folds": "modified", "seed": "modified"}}
    changes = {
        "raw.csv.dvc": [{"changed outs": {"raw.parquet": "deleted"}}],
        "data": [{"changed outs": {"train.parquet": "deleted"}}],
        "train": [{"changed deps": {"src/a": "modified"} | params}, "changed command"],
        "evaluate": [{"changed deps": away}],
        "report": [{"changed deps": {"src/a": "modified"}}],
    }
    assert status.stale_stages(project.root, changes, {"data", "train", "evaluate"}) == {
        "train": ["src/a", "train.folds", "seed", "changed command"],
        "evaluate": ["reports/slices.json (deleted)"],
    }


def test_stale_lock_is_an_error_that_says_what_to_run(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"evaluate": [{"changed deps": {"src/a": "modified"}}], "report": [{}]}
    monkeypatch.setattr(status, "dvc", lambda *_: json.dumps(changes))
    with pytest.raises(
        ProjectError, match=r"evaluate: src/a\nRun `make all`, then commit dvc\.lock"
    ):
        status.main(project, [])
    del changes["evaluate"]
    status.main(project, [])
    assert capsys.readouterr().out == "dvc.lock is up to date; never run: report\n"
