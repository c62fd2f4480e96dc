"""Runs of any age are repeated from a fresh clone, with nothing but git and the DVC remote."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from support.generator import TABLE, Generator

QUICK = {
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear, forest]",
    "folds: 5": "folds: 2",
    "n_iter: auto": "n_iter: 9",
    "timeout: 120": "timeout: 0.01",  # which leaves out all but one model
    "bootstrap: 500": "bootstrap: 20",
}
IMPORT = "import build_features\n"
SAVE = "git add --all && git -c user.name=x -c user.email=x@y commit -qnm"


@pytest.fixture(scope="module")
def project(generator: Generator) -> Path:
    """Two runs: never evaluated, before everything changed; and with uncommitted changes."""
    table = generator.folder / "my prices.csv"
    table.write_text(TABLE, encoding="utf-8")
    path = generator(venv=True, project_slug="runs", raw_data=table.name, target="price").path
    edit(path / "params.yaml", QUICK)
    generator.sh(path, f"{SAVE} first && make train WHY=first && {SAVE} model")
    source = path / "src/runs/models"
    (source / "strength.py").write_text("ALPHA = 2.0\n", encoding="utf-8")
    old = {
        "else Ridge()": "else Ridge(alpha=ALPHA)",
        IMPORT: f"{IMPORT}from .strength import ALPHA\n",
    }
    edit(source / "candidates.py", old)
    edit(path / "requirements.txt", {"# This file": "# This very file"})
    raw = path / "data/raw/my prices.csv"
    raw.chmod(0o644)
    raw.write_text(TABLE + "x1;3.5;red;9\nx2;4.5;blue;23\n", encoding="utf-8")
    edit(path / "params.yaml", {"seed: 42": "seed: 7"})
    generator.sh(path, "make evaluate WHY=changed")
    code = SAVE.replace("--all", "src params.yaml requirements.txt")
    checked = SAVE.replace("-qnm", "-qm")  # git's hooks take hashes in records for what they are
    generator.sh(path, f"{code} changed && {checked} records && make push")
    return path


def edit(path: Path, changes: dict[str, str]) -> None:
    """Replace words of a file, each of which it has."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, f"{old} in {path}"
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def records(project: Path) -> dict[str, dict]:
    """The files of runs by their reason."""
    files = (project / "reports/runs").glob("*.json")
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {record["why"]: record for record in found}


def state(generator: Generator, project: Path) -> dict[str, str]:
    """All that must not change: what git says, and the hash of every file of consequence."""
    names = (
        ".git/config",
        ".git/index",
        ".git/hooks/pre-commit",
        ".dvc/config",
        ".dvc/config.local",
    )
    found = {name: hashlib.md5((project / name).read_bytes()).hexdigest() for name in names}
    found["database"] = hashlib.md5((project / "mlflow.db").read_bytes()).hexdigest()
    found["git"] = generator.sh(project, "git for-each-ref && git worktree list && git ls-files -s")
    found["runs"] = " ".join(sorted(path.name for path in (project / "reports/runs").iterdir()))
    status = generator.sh(project, "git status --short --ignored").splitlines()
    # Data that has come from the remote stays in DVC's cache, and its scratch folder is its own.
    made = (".dvc/cache", ".dvc/tmp", "__pycache__")
    kept = [line for line in status if not any(name in line for name in made)]
    return found | {"status": " ".join(kept)}


def test_runs_are_repeated_from_git_and_the_remote_alone(
    generator: Generator, project: Path, tmp_path: Path
) -> None:
    shutil.move(project / ".dvc/cache", tmp_path / "lost")
    clone = tmp_path / "clone with spaces é"
    generator.sh(project, f'git clone -q . "{clone}"')
    generator.sh(clone, "make setup")
    runs = records(clone)
    assert [runs[why]["dirty"] for why in ("first", "changed")] == [False, True]
    assert runs["first"]["left_out"][0] == "forest"
    before = state(generator, clone)
    for why, record in runs.items():
        said = generator.sh(clone, f"make reproduce RUN={record['run'][:8]}")
        assert "is reproduced: every result is identical" in said, said
        assert not re.search(r"\bdiffers$", said, re.MULTILINE)
        assert ("never evaluated" in said) == (why == "first")
        assert ("test_rmse" in said) == (why != "first")
    assert state(generator, clone) == before
    assert not list((clone / ".dvc/tmp/reproduce").iterdir())


def test_what_is_missing_is_named(generator: Generator, project: Path) -> None:
    assert "no run begins with 'zz'" in generator.sh(project, "make reproduce RUN=zz", code=1)
    record = records(project)["first"]
    path = project / f"reports/runs/{record['run']}.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(record["commit"], "1" * 40), encoding="utf-8")
    said = generator.sh(project, f"make reproduce RUN={record['run'][:8]}", code=1)
    path.write_text(good, encoding="utf-8")
    assert "commit 11111111 of run" in said
    assert "is not in this clone: `git fetch --all`" in said
