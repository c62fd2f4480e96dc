"""What is kept of a run, and how runs are found and listed."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tabwright.project import git
from tabwright.project.errors import ProjectError
from tabwright.reports import experiments, user_sections
from tabwright.tracking import record, runs


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
        "cv": {"metric": metric, "mean": mean, "sd": 0.01, "folds": [mean] * 5},
    } | changes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Where the files of runs are, empty."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "RUNS", tmp_path)
    return tmp_path


def test_run_is_found_by_the_beginning_of_its_name(folder: Path) -> None:
    for name in ("abc1", "abd22"):
        record.save_record(made(name))
    assert record.find_record("abd")["run"] == "abd22"
    assert record.find_model_record("abc1")["run"] == "abc1"
    assert record.find_model_record("x") is None
    for start, words in (("x", "no run begins with"), ("ab", "more than one"), ("", "no|more")):
        with pytest.raises(ProjectError, match=words):
            record.find_record(start)


def test_patch_is_kept_byte_for_byte(folder: Path) -> None:
    patch = b"+caf\xe9\r\n+\xc3\xa9\n"  # a line of Latin-1, one of UTF-8
    record.save_record(made("a"), patch.decode("utf-8", "surrogateescape"))
    assert record.patch_file("a").read_bytes() == patch
    record.save_record(made("b"), "")
    assert not record.patch_file("b").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", "<<<<<<< HEAD"])
def test_damaged_file_is_named(content: str, folder: Path) -> None:
    (folder / "bad.json").write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"bad\.json is damaged"):
        record.load_records()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    """A committed project; git is asked there."""
    for name in ("src/a.py", "params.yaml", "dvc.yaml", "pyproject.toml", "requirements.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    for name in ("data/.gitignore", "references/schema.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    monkeypatch.setattr(git, "ROOT", tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # of a hook that runs these tests
    commit("init")
    return tmp_path


def commit(*command: str) -> None:
    """Make a git repository, or a commit of all there is."""
    if command:
        assert git.git(*command) is not None
    who = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
    assert git.git("add", "--all") is not None
    assert git.git(*who, "commit", "--no-verify", "--message", "all") is not None


def test_snapshot_has_what_is_not_committed_and_changes_nothing(repository: Path) -> None:
    assert git.uncommitted(git.snapshot()) == ""
    (repository / "src/new.py").write_text("new = 1\n", encoding="utf-8")
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    (repository / "notes.txt").write_text("no input of a run\n", encoding="utf-8")
    before = git.git("status", "--porcelain")
    tree = git.snapshot()
    patch = git.uncommitted(tree)
    assert "+new = 1" in patch and "+seed: 2" in patch and "notes" not in patch
    assert git.git("status", "--porcelain") == before
    assert not git.is_committed(tree)
    assert git.is_as_now(tree)
    assert git.changed_since(tree) == ["params.yaml", "src/new.py"]
    commit()
    assert git.is_committed(tree)
    (repository / "src/new.py").unlink()
    assert not git.is_as_now(tree)
    commit()
    assert not git.is_committed(tree)


def test_patch_makes_the_inputs_again(repository: Path, tmp_path_factory) -> None:
    (repository / "src/a.py").write_bytes(b"caf\xe9 = 1\n")
    (repository / "src/image.png").write_bytes(bytes(range(256)))
    patch = tmp_path_factory.mktemp("patch") / "p.diff"
    patch.write_bytes(git.uncommitted(git.snapshot()).encode("utf-8", "surrogateescape"))
    git.git("stash", "--include-untracked")
    git.git("checkout", ".")
    assert not (repository / "src/image.png").exists()
    assert git.git("apply", str(patch)) is not None
    assert (repository / "src/a.py").read_bytes() == b"caf\xe9 = 1\n"
    assert (repository / "src/image.png").read_bytes() == bytes(range(256))


def test_without_git_nothing_is_committed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(git, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (git.commit(), git.snapshot(), git.uncommitted("")) == ("", "", "")
    assert not git.is_committed("")


def test_leaderboard_has_the_best_first() -> None:
    auc = [made("a", 0.8), made("bb", 0.9, dirty=True, params={"seed": 1, "train.folds": 9})]
    table = experiments.leaderboard(auc, [{"run": "a"}])
    assert table["run"].tolist() == ["bb", "a"]
    assert table["commit"].tolist() == ["ccccccc+", "ccccccc"]
    assert table[""].tolist() == ["", "champion"]
    assert table["parameters"].tolist() == ["train.folds 9", "train.folds 5"]
    rmse = [made("a", 2.0, "rmse"), made("bb", 1.0, "rmse")]
    assert experiments.leaderboard(rmse, [])["run"].tolist() == ["bb", "a"]


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
    table = experiments.leaderboard(records, [forced])
    page = experiments.notebook(table, records, [forced], words)
    assert (
        user_sections.preserve_user_sections(written(page, tmp_path), experiments.USER_SECTIONS)
        == words
    )
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert len(table) == 2 + len(records)
    assert page.index("the fair is tomorrow") < page.index("run bbbbbbbb") < page.index("run aaaaa")
    assert "roc\\_auc 0.9700" in page or "roc_auc 0.9700 (0.9000 to 1.0000)" in page
    assert "train.folds 9 (was 5)" in page
    assert "runs/aaaaa.diff" in page and "runs/bbbbbbbbb.diff" not in page
    assert "# <b>" not in page


def written(page: str, folder: Path) -> Path:
    """The file of a page."""
    path = folder / "page.md"
    path.write_bytes(page.encode())
    return path


def test_run_is_over_when_its_process_is() -> None:
    me = psutil.Process()
    host = runs._this_process().split(" ")[0]
    assert not runs._is_over(runs._this_process())
    assert runs._is_over(f"{host} {me.pid} 12345.6")  # another process has the number now
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert runs._is_over(f"{host} {done.pid} 1.0")
    assert not runs._is_over(f"elsewhere {done.pid} 1.0")
    assert not runs._is_over("")
