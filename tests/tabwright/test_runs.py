"""What is kept of a run, and how runs are found and listed."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.reports import experiments
from tabwright.reports.page import preserve_user_sections
from tabwright.tracking import experiment, names, record


def made(run: str, mean: float = 0.9, metric: str = "roc_auc", **changes) -> dict:
    """A record as training and evaluation leave it."""
    return {
        "run": run,
        "started": f"2024-05-01T12:00:{len(run):02}Z",
        "user": "Ada",
        "why": "",
        "commit": "c" * 40,
        "dirty": False,
        "train_md5": "d" * 32,
        "model": "linear",
        "model_md5": run,
        "seconds": 3,
        "params": {"seed": 1, "train.folds": 5, "evaluate.bootstrap": 50},
        "cv": {"metric": metric, "mean": mean, "std": 0.01, "folds": [mean] * 5},
    } | changes


def test_run_is_found_by_the_beginning_of_its_name(project: Project) -> None:
    for name in ("abc1", "abd22"):
        record.save_record(project, made(name))
    assert record.find_record(project, "abd")["run"] == "abd22"
    assert record.find_model_record(project, "abc1")["run"] == "abc1"
    assert record.find_model_record(project, "x") is None
    for start, words in (("x", "no run begins with"), ("ab", "more than one"), ("", "no|more")):
        with pytest.raises(ProjectError, match=words):
            record.find_record(project, start)


def test_run_has_a_name_that_finds_it(project: Project) -> None:
    run = made("15395a5706a34f669006d8767bf2e6cd")
    record.save_record(project, run)
    record.save_record(project, made("f2641944292a481d885de20e6922b828"))
    assert record.short(run) == "dry-lemur-73"  # names are in notes and messages: they never change
    for start in ("dry-lemur-73", "dry-l", "15395a"):
        assert record.find_record(project, start) == run
    with pytest.raises(ProjectError, match=r"'dry-lemming' \(did you mean dry-lemur-73\?\)"):
        record.find_record(project, "dry-lemming")
    assert len(set(names.ADJECTIVES.split())) == len(set(names.NOUNS.split())) == 64


def test_patch_is_kept_byte_for_byte(project: Project) -> None:
    patch = b"+caf\xe9\r\n+\xc3\xa9\n"  # a line of Latin-1, one of UTF-8
    record.save_record(project, made("a"), patch.decode("utf-8", "surrogateescape"))
    assert record.patch_file(project, "a").read_bytes() == patch
    record.save_record(project, made("b"), "")
    assert not record.patch_file(project, "b").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_damaged_file_is_named(content: str, project: Project) -> None:
    project.runs_folder.mkdir(parents=True)
    (project.runs_folder / "bad.json").write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"bad\.json is damaged"):
        record.load_records(project)


def test_leaderboard_has_the_best_first() -> None:
    auc = [made("a", 0.8), made("bb", 0.9, dirty=True, params={"seed": 1, "train.folds": 9})]
    table = experiments.leaderboard(auc, [{"run": "a"}], {})
    assert [row["id"] for row in table] == ["bb", "a"]
    assert [row["commit"] for row in table] == ["ccccccc+", "ccccccc"]
    assert [row[""] for row in table] == ["", "champion"]
    assert [row["parameters"] for row in table] == ["train.folds 9", "train.folds 5"]
    own = [made("a", params={"days": 7, "evaluate.bootstrap": 9}), made("bb", params={"days": 30})]
    assert [row["parameters"] for row in experiments.leaderboard(own, [], {})] == [
        "days 7",
        "days 30",
    ]
    rmse = [made("a", 2.0, "rmse"), made("bb", 1.0, "rmse")]
    assert [row["id"] for row in experiments.leaderboard(rmse, [], {})] == ["bb", "a"]


def test_notebook_tells_runs_and_decisions_whatever_the_words(tmp_path: Path) -> None:
    odd = "why | not?\n# <b>really</b> `x`"
    scores = {"metric": "roc_auc", "rows": 66, "test": {"roc_auc": 0.97}}
    scores |= {"interval": {"roc_auc": {"low": 0.9, "high": 1.0}}}
    records = [
        made("a" * 5, why=odd, dirty=True),
        made("b" * 9, evaluation=scores, params={"seed": 1, "train.folds": 9}),
    ]
    forced = {"time": "2024-06-01T00:00:00Z", "run": "b" * 9, "version": "2", "by": "Eve"}
    forced |= {"what": "promoted by force", "why": "the fair is tomorrow", "failed": ["too | bad"]}
    words = {"conclusions": "Forests are enough.\n"}
    table = experiments.leaderboard(records, [forced], {})
    page = experiments.notebook("Sales", table, records, [forced], words)
    assert preserve_user_sections(written(page, tmp_path), experiments.USER_SECTIONS) == words
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert len(table) == 2 + len(records)
    first, second = (page.index(f"run {record.short(each)}") for each in records)
    assert page.index("the fair is tomorrow") < second < first
    assert "roc\\_auc 0.9700" in page or "roc_auc 0.9700 (0.9000 to 1.0000)" in page
    assert "train.folds 9 (was 5)" in page
    assert "runs/aaaaa.diff" in page
    assert "runs/bbbbbbbbb.diff" not in page
    assert "# <b>" not in page


def written(page: str, folder: Path) -> Path:
    """The file of a page."""
    path = folder / "page.md"
    path.write_bytes(page.encode())
    return path


def test_run_is_over_when_its_process_is() -> None:
    me = psutil.Process()
    host = experiment.this_process().split(" ")[0]
    assert not experiment._is_over(experiment.this_process())
    assert experiment._is_over(f"{host} {me.pid} 12345.6")  # another process has the number now
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert experiment._is_over(f"{host} {done.pid} 1.0")
    assert not experiment._is_over(f"elsewhere {done.pid} 1.0")
    assert not experiment._is_over("")
