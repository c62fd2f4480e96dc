"""A workbench: one baked project whose `make data` runs in this process, as often as wanted."""

import contextlib
import ctypes
import hashlib
import io
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pandas as pd
import yaml
from hypothesis import HealthCheck, Phase, settings

SECONDS = 90  # a step that takes longer hangs
ORDINARY = settings(  # the same examples every time
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
MADE = ("data", "references", "reports", "params.yaml")
MODULES = {
    "errors": "tabwright.project.errors",
    "infer": "tabwright.dataset.infer",
    "make_dataset": "{package}.data.make_dataset",
    "project": "tabwright.project.project",
    "read": "tabwright.io.read",
    "schema": "tabwright.schema.schema",
}


@dataclass(frozen=True)
class Run:
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


class Workbench:
    """Puts a table into `raw` and makes a dataset of it: `clear`, write the file, `run`."""

    def __init__(self, root: Path, pristine: Path) -> None:
        self.root = root
        self.raw = root / "data" / "raw"
        self.schema = root / "references" / "schema.yaml"
        self.params = root / "params.yaml"
        self.modules = self._import()
        self._pristine = pristine
        for name in MADE:
            _copy(root / name, pristine / name)

    def clear(self) -> Path:
        """Make the project as it was generated, but without its table; the folder for one."""
        for name in MADE:
            _remove(self.root / name)
            _copy(self._pristine / name, self.root / name)
        _remove(self.raw)
        self.raw.mkdir()
        return self.raw

    def run(self, raw: str, target: Any, **params: Any) -> Run:
        """Infer the contract of `data/raw/<raw>`, unless there is one, and make the dataset."""
        self.set(raw=f"data/raw/{raw}", target=target, **params)
        inferred = self.step("infer")
        return self.step("make_dataset") if inferred.worked else inferred

    def set(self, **data: Any) -> None:
        """Change parameters of the section `data`."""
        tree = yaml.safe_load(self.params.read_text(encoding="utf-8"))
        tree["data"] |= data
        self.params.write_text(yaml.safe_dump(tree), encoding="utf-8")

    def step(self, name: str) -> Run:
        """Run `infer` or `make_dataset` as its command does."""
        before, start = snapshot(self.root), time.monotonic()
        message, broke, said = "", None, io.StringIO()
        try:
            with (
                _in_time(),
                contextlib.redirect_stdout(said),
                contextlib.redirect_stderr(said),
                _command_line(name),
                self.modules.errors.cli_errors(),
            ):
                getattr(getattr(self.modules, name), name)(self.project())
        except SystemExit as stop:
            message = str(stop.code or "")
        except Exception as error:
            broke = error
        seconds = time.monotonic() - start
        after = snapshot(self.root)
        changed = {path for path in before | after if before.get(path) != after.get(path)}
        return Run(message, said.getvalue(), broke, seconds, changed)

    def in_batches(self, rows: int) -> AbstractContextManager[object]:
        """While it lasts, tables are read so many rows at a time."""
        return mock.patch.object(self.modules.read, "BATCH_ROWS", rows)

    def table(self, name: str) -> pd.DataFrame:
        """What the last run made: train, test, unlabelled or rejected."""
        return pd.read_parquet(getattr(self.project(), f"{name}_file"))

    def project(self) -> Any:
        """The project with the settings that its file has now."""
        return self.modules.project.Project.find(self.root)

    def load_schema(self) -> Any:
        """The schema as its file has it now."""
        return self.modules.schema.load_schema(self.schema)

    def _import(self) -> SimpleNamespace:
        (package,) = (self.root / "src").glob("*/__init__.py")
        sys.path[:0] = [str(self.root / "src"), str(self.root / "vendor/tabwright/src")]
        sys.dont_write_bytecode = True  # the project's files are compared
        named = MODULES.items()
        modules: dict[str, ModuleType] = {
            name: import_module(path.format(package=package.parent.name)) for name, path in named
        }
        return SimpleNamespace(**modules)


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


@contextlib.contextmanager
def _command_line(*words: str) -> Iterator[None]:
    before, sys.argv = sys.argv, [*words]
    try:
        yield
    finally:
        sys.argv = before


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
