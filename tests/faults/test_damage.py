"""Files are damaged: a sentence says so and what to do, and doing that helps."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from support.faults import ProjectCopy, ProjectStates
from support.summary import asked_for, some, trying

GARBAGE = Random(7).randbytes(3000)
MODEL = "models/model.skops"
PREDICT = ".venv/bin/python -m {package}.models.predict_model"


def cut(data: bytes) -> bytes:
    """The first half, as after a crash."""
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """One bit in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def garbage(_: bytes) -> bytes:
    """Something else."""
    return GARBAGE


def empty(_: bytes) -> bytes:
    """Nothing."""
    return b""


def in_conflict(data: bytes) -> bytes:
    """Both sides of a merge."""
    lines = data.splitlines(keepends=True)
    marks = [b"<<<<<<< HEAD\n", lines[-1], b"=======\n", lines[-1], b">>>>>>> other\n"]
    return b"".join([*lines[:-1], *marks])


@dataclass(frozen=True)
class Damage:
    """A file, what happens to it, and a command that meets it."""

    name: str
    change: Callable[[bytes], bytes]
    command: str
    mend: str  # as the sentence says, or as everybody knows: `git checkout` for what git keeps

    def __str__(self) -> str:
        return f"{self.name.rpartition('/')[2]}-{self.change.__name__}-{self.command.split()[1]}"


AGAIN = "git checkout --quiet {name}"
ASIDE = "mv mlflow.db mlflow.db.damaged"
DAMAGES = [
    *[
        # Half of params.yaml has all that `make data` needs.
        Damage(
            name,
            change,
            f"make {'train' if name[:6] == 'params' and change is cut else 'data'}",
            AGAIN,
        )
        for name in ("params.yaml", "references/schema.yaml", "dvc.lock")
        for change in (cut, garbage, empty, in_conflict)
        if (name, change) != ("dvc.lock", cut)
    ],
    *[Damage("dvc.lock", change, "make verify", AGAIN) for change in (garbage, empty, in_conflict)],
    Damage("dvc.lock", garbage, "make pull", AGAIN),
    *[Damage("models/champion.json", change, "make models", AGAIN) for change in (garbage, cut)],
    *[Damage("mlflow.db", change, "make train", ASIDE) for change in (cut, garbage)],
]


@pytest.fixture(scope="module")
def outcomes(
    states: ProjectStates, pool: ThreadPoolExecutor, request: pytest.FixtureRequest
) -> dict[Damage, Future]:
    """The trials of all damages that are asked for, two at a time."""
    asked = asked_for(request, "damage")
    return {damage: pool.submit(survive, states, damage) for damage in asked}


@pytest.mark.parametrize("damage", some(DAMAGES, 3), ids=str)
def test_damage_is_told_and_mended_as_told(damage: Damage, outcomes: dict[Damage, Future]) -> None:
    with trying(f"damaged {damage.name}"):
        outcomes[damage].result()


def survive(states: ProjectStates, damage: Damage) -> None:
    """Damage a file of a whole project, see the command refuse it, mend it, and go on."""
    state = "train" if damage.name == "mlflow.db" else "done"
    project = states.copy(state, states.root / "damages" / str(damage) / "project")
    project.done("git add --all")
    project.done("git -c user.name=x -c user.email=x@y commit --quiet --no-verify -m all")
    before = project.files()
    path = project.path / damage.name
    path.write_bytes(damage.change(path.read_bytes()))
    said = project.told(damage.command)
    assert Path(damage.name).name in said or "Could not find 'data.raw'" in said, said
    project.done(damage.mend.format(name=damage.name))
    if state == "train":
        project.done("make train")
        assert project.files().items() >= states.after["train"].items()
        assert project.statuses() == ["FINISHED"]
    else:
        project.done("make push")
        project.done(damage.command)
        assert project.files() == before
    shutil.rmtree(project.path.parent)


@pytest.mark.thorough
def test_database_without_a_byte_is_made_anew(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("train", tmp_path / "project")
    with trying("damaged mlflow.db"):
        (project.path / "mlflow.db").write_bytes(b"")
        project.done("make train")
        assert project.statuses() == ["FINISHED"]


def test_locked_database_is_told_and_the_training_is_kept(
    states: ProjectStates, tmp_path: Path
) -> None:
    project = states.copy("train", tmp_path / "project")
    with trying("locked mlflow.db"):
        with closing(sqlite3.connect(project.path / "mlflow.db")) as database:
            database.execute("BEGIN EXCLUSIVE")
            assert "locked" in project.told("make train")
        assert "Running stage 'train'" not in project.done("make train")
        assert project.files() == states.after["train"]


@pytest.mark.parametrize("change", some([flipped, cut, garbage, empty], 4))
def test_damaged_model_is_refused_and_comes_back(
    change: Callable[[bytes], bytes], states: ProjectStates, tmp_path: Path
) -> None:
    project = states.copy("register", tmp_path / "project")
    model = project.path / MODEL
    good = model.read_bytes()
    with trying("damaged model file"):
        replace(model, change(good))
        refused(project, states)
        assert MODEL in project.told("make verify")
        project.done("make predict")
        assert model.read_bytes() == good
        assert project.files() == states.after["predict"]


def test_model_swapped_for_another_is_refused(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("register", tmp_path / "project")
    other = states.folders["train"] / MODEL  # of the first seed
    with trying("model file swapped"):
        assert other.read_bytes() != (project.path / MODEL).read_bytes()
        replace(project.path / MODEL, other.read_bytes())
        refused(project, states)
        assert MODEL in project.told("make verify")
        project.done("make predict")
        assert project.files() == states.after["predict"]


def test_foreign_type_in_a_model_never_runs(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("register", tmp_path / "project")
    marker = tmp_path / "it ran"
    with trying("model file with a foreign type"):
        (tmp_path / "foreign.py").write_text(FOREIGN.format(marker=str(marker)), encoding="utf-8")
        model = project.path / MODEL
        model.unlink()
        python = [states.venv / "bin/python", tmp_path / "foreign.py", model]
        subprocess.run(python, check=True, env=project.environment)
        # Where Python would find the type, should anything ask for it.
        project.environment["PYTHONPATH"] += f":{tmp_path}"
        assert "is not what the step calibrate made" in refused(project, states)
        assert not marker.exists()
        # Nor does it run when DVC has been told that this is the model.
        project.done(".venv/bin/python -m dvc commit --force calibrate")
        assert "no run in reports/runs saved this file" in refused(project, states)
        assert "no run in reports/runs saved this file" in project.told("make evaluate")
        assert not marker.exists()


def test_champion_that_was_tampered_with_is_refused(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("done", tmp_path / "project")
    (model,) = project.path.glob("models/champions/*/model.skops")
    with trying("model file of the champion tampered with", 2):
        for data in (cut(model.read_bytes()), (states.folders["train"] / MODEL).read_bytes()):
            replace(model, data)
            assert "champion" in refused(project, states)
            assert "champion" in project.told("make predict")


FOREIGN = '''
import sys
from pathlib import Path

import skops.io


class Sneaky:
    """Leaves a mark when an object of it is made."""

    def __new__(cls, *_):
        Path({marker!r}).touch()
        return object.__new__(cls)

    def __setstate__(self, state):
        Path({marker!r}).touch()


if __name__ == "__main__":
    import foreign

    made = foreign.Sneaky()
    made.x = 1
    skops.io.dump(made, sys.argv[1])
    Path({marker!r}).unlink()
    # It does run for those who trust it.
    skops.io.load(sys.argv[1], trusted=["foreign.Sneaky"])
    Path({marker!r}).unlink()
'''


def test_damaged_objects_in_the_cache_are_mended(states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy("register", tmp_path / "project")
    with trying("damaged object in DVC's cache", 2):
        for name in ("data/processed/train.parquet", MODEL):
            md5 = states.after["predict"][name]
            replace(project.path / f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}", GARBAGE, 0o444)
        assert MODEL in project.told("make verify")
        project.done("make verify REPAIR=1")
        project.done("make push")
        shutil.rmtree(project.path / ".dvc/cache")
        project.done("make clean")
        project.done("make pull verify predict")
        assert project.files() == states.after["predict"]


@pytest.mark.thorough
def test_damaged_table_that_dvc_took_from_its_cache_is_told(
    states: ProjectStates, tmp_path: Path
) -> None:
    project = states.copy("register", tmp_path / "project")
    table = "data/processed/train.parquet"
    with trying("damaged object in DVC's cache"):
        md5 = states.after["predict"][table]
        stored = project.path / f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}"
        replace(stored, GARBAGE, 0o444)
        (project.path / table).unlink()
        project.change("params.yaml", "folds: 2", "folds: 3")
        assert "`make verify`" in project.told("make train")
        assert table in project.told("make verify")
        stored.unlink()
        project.change("params.yaml", "folds: 3", "folds: 2")
        project.done("make predict")
        assert project.files() == states.after["predict"]


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write other bytes, whatever the file's mode."""
    path.unlink()
    path.write_bytes(data)
    path.chmod(mode)


def refused(project: ProjectCopy, states: ProjectStates) -> str:
    """Predict with the model that is there, unseen by DVC."""
    return project.told(PREDICT.format(package=states.package))
