"""A generated project, copies of it as it is before each step, and processes to stop."""

import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import yaml

from .generator import Generator

TABLE = "key,weight,colour,bought\n" + "".join(
    f"k{n},{n % 17}.5,{'red' if n % 3 else 'blue'},"
    f"{'' if n % 13 == 0 else 'yes' if n % 17 + 5 * (n % 3 == 0) > 9 else 'no'}\n"
    for n in range(130)
)
QUICK = {
    "folds: 5": "folds: 2",
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear, forest]",
    "n_iter: auto": "n_iter: 0",
    "bootstrap: 500": "bootstrap: 20",
}
PREDICTIONS = "data/processed/predictions.csv"
LIMIT = 300  # seconds after which a command hangs
# What the tests stop, in the order of work.
STEPS = {
    "data": "make data",
    "train": "make train",
    "evaluate": "make evaluate",
    "predict": "make predict",
    "register": "make register",
    "promote": "make promote",
    "push": "make push",
}
# What a run writes that is not a file of the project: git's, DVC's and MLflow's own.
RUN = re.compile(rb'"run": "[0-9a-f]+"')
OF_DVC = re.compile(
    r"[.][\w-]{22}[.]tmp"
)  # left of a copy that DVC could not finish; git ignores it
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+]00:00)")
# What differs with the time, or with the machine.
BY_TIME = ("mlflow.db", ".venv", "reports/runs/", "models/seconds.json", "data/log/")
APART = {".git", ".venv", ".dvc", "mlruns", "__pycache__"}
MLFLOW_PATHS = (
    "experiments.artifact_location",
    "runs.artifact_uri",
    "logged_models.artifact_location",
)


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    text: str

    def is_a_sentence(self) -> bool:
        """Whether it says what is wrong, to people."""
        return "Traceback" not in self.text and "error" in self.text.lower()


@dataclass(frozen=True)
class Running:
    """A command on its way."""

    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end, but no longer than this."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, kind: signal.Signals, whole_group: bool) -> None:
        """Send a signal to the command, or to all of its group as a terminal does."""
        if whole_group:
            os.killpg(self.process.pid, kind)
        else:
            self.process.send_signal(kind)

    def end(self) -> Said:
        """Wait for its end."""
        code = self.process.wait(LIMIT)
        with self.log as log:
            log.seek(0)
            return Said(code, log.read().decode(errors="replace"))


@dataclass
class ProjectCopy:
    """A copy of the project."""

    path: Path
    environment: dict[str, str]
    groups: list[int] = field(default_factory=list)

    def start(self, command: str, **options: Any) -> Running:
        """Start a command line in a process group of its own, as a terminal does."""
        # Not a pipe, which those that outlive the command would hold open.
        log = TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        self.groups.append(process.pid)
        return Running(process, log)

    def run(self, command: str, **options: Any) -> Said:
        """Run a command line to its end."""
        return self.start(command, **options).end()

    def done(self, command: str) -> str:
        """Run a command line that must succeed."""
        said = self.run(command)
        assert said.code == 0, f"{command}\n{said.text}"
        assert "Traceback" not in said.text, said.text
        return said.text

    def told(self, command: str, **options: object) -> str:
        """Run a command line that must fail with a sentence."""
        said = self.run(command, **options)
        assert said.code, f"{command} succeeds\n{said.text}"
        assert said.is_a_sentence(), said.text
        return said.text

    def go_on(self, command: str) -> None:
        """Run a command after a fault; where DVC's list of those at work is in its way, without it.

        The list names processes that are gone but for their number, as in a container whose first
        process does not look after them; or it was written to a full disk.
        """
        said = self.run(command)
        if said.code:
            assert said.is_a_sentence(), said.text
            self.wait_for_all()
            if "there is no challenger" in said.text or "champion already" in said.text:
                return  # it had been promoted
            if ".dvc/tmp/rwlock" in said.text:
                (self.path / ".dvc/tmp/rwlock").unlink()
            self.done(command)
        self.wait_for_all()

    def wait_for_all(self) -> None:
        """Wait until no process is left of any command started here; zombies do not count."""
        while set(self.groups) & _groups_alive():
            time.sleep(0.05)
        self.groups.clear()

    def files(self) -> dict[str, str]:
        """The hash of each file of the project, by its path."""
        return files(self.path)

    def statuses(self) -> list[str]:
        """How the runs in MLflow's database ended, after a look at its health."""
        with closing(sqlite3.connect(self.path / "mlflow.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [status for (status,) in database.execute("SELECT status FROM runs")]

    def registry(self) -> list[tuple[str, ...]]:
        """The versions in MLflow's registry and the aliases they have."""
        with closing(sqlite3.connect(self.path / "mlflow.db")) as database:
            return [
                *database.execute("SELECT version, run_id, status FROM model_versions ORDER BY 1"),
                *database.execute("SELECT alias, version FROM registered_model_aliases ORDER BY 1"),
            ]

    def change(self, name: str, old: str, new: str) -> None:
        """Edit a text file."""
        path = self.path / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")


class ProjectStates:
    """A project whose whole pipeline has run with one seed, and then step by step with another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.generator = Generator(root, packages=True)
        (self.generator.folder / "colours.csv").write_text(TABLE, encoding="utf-8")
        project = self.generator(
            venv=True, project_slug="faults", raw_data="colours.csv", target="bought"
        )
        assert "not done" not in project.output
        self.venv = project.path / ".venv"
        self.package = "faults"
        self.folders: dict[str, Path] = {}
        self.before: dict[str, dict[str, str]] = {}
        self.after: dict[str, dict[str, str]] = {}
        self.registry: dict[str, list[tuple[str, ...]]] = {}
        self.seconds: dict[str, float] = {}
        self._run_all(
            ProjectCopy(project.path, self.generator.environment | {"PWD": str(project.path)})
        )

    def _run_all(self, project: ProjectCopy) -> None:
        """Note for each step what is there before it, what is after it, and how long it takes."""
        for old, new in QUICK.items():
            project.change("params.yaml", old, new)
        self._keep("fresh", project)
        project.done("make evaluate predict")
        project.change("params.yaml", "seed: 42", "seed: 7")
        project.done("git add --all")
        project.done(
            "git -c user.name=x -c user.email=x@y commit --quiet --no-verify -m 'First run'"
        )
        for name, command in STEPS.items():
            self._keep(name, project)
            self.before[name] = project.files()
            start = time.monotonic()
            project.done(command)
            self.seconds[name] = time.monotonic() - start
            self.after[name] = project.files()
            self.registry[name] = project.registry()
        self._keep("done", project)
        shutil.rmtree(project.path.with_name("faults-remote"))

    def _keep(self, name: str, project: ProjectCopy) -> None:
        self.folders[name] = self.root / "states" / name
        _copy(project.path, self.folders[name])
        self.origin = project.path

    def copy(self, state: str, path: Path) -> ProjectCopy:
        """Copy a state of the project to a path, with the environment it needs there."""
        _copy(self.folders[state], path)
        (path / ".venv").symlink_to(self.venv, target_is_directory=True)
        with closing(sqlite3.connect(path / "mlflow.db")) as database:
            for entry in MLFLOW_PATHS:  # MLflow keeps whole paths
                table, column = entry.split(".")
                words = (f"{self.origin}/", f"{path}/")
                database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", words)
            database.commit()
        code = f"{path / 'src'}{os.pathsep}{path / 'vendor/tabwright/src'}"
        source = {"PYTHONPATH": code, "PWD": str(path)}
        return ProjectCopy(path, self.generator.environment | source)


def files(project: Path) -> dict[str, str]:
    """The hash of each file that is the user's or a step's, but for the time in it, by its path."""
    found = {}
    for folder, folders, names in os.walk(project):
        folders[:] = [name for name in folders if name not in APART]
        for path in (Path(folder, name) for name in names if not OF_DVC.fullmatch(name)):
            key = path.relative_to(project).as_posix()
            if not key.startswith(BY_TIME):
                data = path.read_bytes()
                if key == "dvc.lock":  # DVC writes it stage by stage
                    for stage, entry in yaml.safe_load(data)["stages"].items():
                        found[f"{key} {stage}"] = hashlib.md5(repr(entry).encode()).hexdigest()
                    continue
                if path.suffix == ".json":
                    data = TIME.sub(b"", data)
                if path.name.endswith(".origin.json"):
                    data = RUN.sub(b"", data)  # the model may have been trained again
                found[key] = hashlib.md5(data).hexdigest()
    return found


def nothing_is_lost_or_half_written(
    project: ProjectCopy, before: dict[str, str], undisturbed: dict[str, str]
) -> None:
    """Each file is as it was, or as it becomes; what is neither is marked as partial."""
    now = project.files()
    for name in before.keys() | now.keys():
        if name in now:
            whole = now[name] in (before.get(name), undisturbed.get(name))
            assert whole or ".partial" in name, f"{name} is half-written"
        else:
            assert name not in undisturbed or ".partial" in name, f"{name} is lost"


def _copy(source: Path, target: Path) -> None:
    ignore = shutil.ignore_patterns(".venv")
    shutil.copytree(source, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)


def _groups_alive() -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True)
    lines = (line.split() for line in listed.stdout.splitlines())
    return {int(group) for group, state in lines if not state.startswith("Z")}
