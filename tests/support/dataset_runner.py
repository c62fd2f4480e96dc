"""Makes datasets of tables in one project, by its steps in this process, as often as wanted."""

import contextlib
import ctypes
import hashlib
import io
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import yaml
from hypothesis import HealthCheck, Phase, settings
from tabwright.dataset.infer import infer
from tabwright.io import read
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.schema.schema import Schema, load_schema, save_schema

from .default_project import default_project, owner_module

SECONDS = 90  # a step that takes longer hangs
ORDINARY = settings(  # the same examples every time
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
MADE = ("data", "references", "reports", "params.yaml")
UNUSED = shutil.ignore_patterns("src", "vendor", "docs", "tests", "notebooks")  # by steps run here


@dataclass(frozen=True)
class StepResult:
    """How a step ended: a message when it refused, an exception when it broke."""

    message: str
    output: str
    broke: BaseException | None
    seconds: float
    changed: set[str]  # files of the project that are not what they were

    @property
    def worked(self) -> bool:
        """Whether it came to its end."""
        return not self.message and self.broke is None


class Dataset:
    """The rows of train, test and unlabelled, their columns in one order."""

    def __init__(self, project: Project) -> None:
        files = {
            "train": project.train_file,
            "test": project.test_file,
            "unlabelled": project.unlabelled_file,
        }
        self.parts = {
            name: pd.read_parquet(file).sort_index(axis=1) for name, file in files.items()
        }

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def values(self, part: str, column: str) -> set[str]:
        """What a column holds in `train`, `test` or `unlabelled`."""
        return set(self.parts[part][column])

    def assert_equals(self, other: "Dataset") -> None:
        """Compare with what another run made."""
        for name, table in self.parts.items():
            pd.testing.assert_frame_equal(table, other.parts[name], obj=name)


class DatasetRunner:
    """Puts a table into `raw` and makes a dataset of it: `clear`, write the file, `run`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.raw = root / "data" / "raw"
        self.schema_file = self.project.schema_file
        self.params_file = self.project.params_file
        self.pristine = default_project()
        shutil.copytree(self.pristine, root, ignore=UNUSED)
        self._make_dataset = owner_module("data.make_dataset").make_dataset

    @property
    def project(self) -> Project:
        """The project, with its settings as they are now."""
        return Project(self.root)

    @property
    def schema(self) -> Schema:
        """The contract as it is now."""
        return load_schema(self.schema_file)

    def save_schema(self, schema: Schema) -> None:
        """Put another contract in its place."""
        save_schema(schema, self.schema_file)

    def clear(self, state: Path | None = None) -> Path:
        """Make the project as it was when kept, or as generated without its table; its `data/raw`."""
        for name in MADE:
            _remove(self.root / name)
            _copy((state or self.pristine) / name, self.root / name)
        if state is None:
            _remove(self.raw)
            self.raw.mkdir()
        return self.raw

    def keep(self, name: str) -> Path:
        """Copy the state of the project, for `clear`."""
        state = self.root.with_name(name)
        for made in MADE:
            _copy(self.root / made, state / made)
        return state

    def run(self, raw: str, target: Any, **params: Any) -> StepResult:
        """Infer the contract of `data/raw/<raw>`, unless there is one, and make the dataset."""
        self.set(raw=f"data/raw/{raw}", target=target, **params)
        inferred = self.infer()
        return self.make_dataset() if inferred.worked else inferred

    def set(self, **data: Any) -> None:
        """Change parameters of the section `data`."""
        tree = yaml.safe_load(self.params_file.read_text(encoding="utf-8"))
        tree["data"] |= data
        self.params_file.write_text(yaml.safe_dump(tree), encoding="utf-8")

    def infer(self) -> StepResult:
        """Infer the contract, as `python -m tabwright infer`."""
        return self._step(infer)

    def make_dataset(self) -> StepResult:
        """Check and split the rows, as `python -m my_ml_project.data.make_dataset`."""
        return self._step(self._make_dataset)

    def _step(self, function: Callable[[Project], None]) -> StepResult:
        before, start = snapshot(self.root), time.monotonic()
        message, broke, said = "", None, io.StringIO()
        try:
            with (
                _in_time(),
                contextlib.redirect_stdout(said),
                contextlib.redirect_stderr(said),
                cli_errors(),
            ):
                function(self.project)
        except SystemExit as stop:
            message = str(stop.code or "")
        except Exception as error:
            broke = error
        seconds = time.monotonic() - start
        after = snapshot(self.root)
        changed = {path for path in before | after if before.get(path) != after.get(path)}
        return StepResult(message, said.getvalue(), broke, seconds, changed)

    def in_batches(self, rows: int) -> AbstractContextManager[object]:
        """While it lasts, tables are read so many rows at a time."""
        return mock.patch.object(read, "BATCH_ROWS", rows)

    def table(self, name: str) -> pd.DataFrame:
        """What the last run made: train, test, unlabelled or rejected."""
        return pd.read_parquet(getattr(self.project, f"{name}_file"))

    def dataset(self, result: StepResult) -> Dataset:
        """What a run that came to its end has made."""
        assert result.broke is None, repr(result.broke)
        assert result.worked, result.message
        return Dataset(self.project)


def snapshot(root: Path) -> dict[str, tuple[int, str]]:
    """Mode and content of everything below a folder; where a link leads, not what is there."""
    found = {}
    for path in root.rglob("*"):
        content = ""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            with contextlib.suppress(PermissionError), path.open("rb") as file:
                content = hashlib.file_digest(file, "blake2b").hexdigest()
        found[path.relative_to(root).as_posix()] = (path.lstat().st_mode, content)
    return found


@contextlib.contextmanager
def plain_user() -> Iterator[None]:
    """Hold permissions against Linux's superuser too, without the rights to overlook them."""
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None)
    version_and_thread = (ctypes.c_uint32 * 2)(0x20080522, 0)
    rights, fewer = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    libc.capget(version_and_thread, rights)
    fewer[:] = rights[:]
    fewer[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    libc.capset(version_and_thread, fewer)
    try:
        yield
    finally:
        libc.capset(version_and_thread, rights)


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"no end after {SECONDS} seconds")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
