"""Temporary files on a shared disk, interrupted commands, linked folders, homes, moved projects."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.default_project import LIBRARY
from tabwright.io.parquet import parquet_batches
from tabwright.project.commands import run
from tabwright.project.errors import ProjectError, cli_errors
from tabwright.project.files import replacing, temporary_name
from tabwright.project.project import Project
from tabwright.reproduction.reproduce import remove_leftovers
from tabwright.workspace import prepare


def test_live_file_of_another_machine_stays_until_it_is_old(tmp_path: Path) -> None:
    _, token, here = temporary_name().split("-")
    name = ".table.99999999-{}-{}.partial.csv"
    mine, theirs = tmp_path / name.format(token, here), tmp_path / name.format(token, "node2")
    forgotten = tmp_path / name.format("0" * 8, "node2")
    for path in (mine, theirs, forgotten):
        path.touch()
    os.utime(forgotten, (0, 0))
    with replacing(tmp_path / "table.csv") as partial:
        partial.touch()
    assert set(tmp_path.iterdir()) == {tmp_path / "table.csv", theirs}


def test_no_two_writers_have_one_name(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.csv") as one, replacing(tmp_path / "a.csv") as other:
        assert one != other
        one.write_text("one", encoding="utf-8")
        other.write_text("other", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_folder_that_may_not_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with (
        pytest.raises(ProjectError, match="is not writable"),
        replacing(tmp_path / "a.csv"),
    ):
        pass


def test_reproduction_leaves_the_folder_of_another_machine(tmp_path: Path) -> None:
    _, token, here = temporary_name().split("-")
    for host in (here, "node2"):
        (tmp_path / f"1a2b3c4d.99999999-{token}-{host}").mkdir()
    remove_leftovers(tmp_path)
    assert [path.name.rpartition("-")[2] for path in tmp_path.iterdir()] == ["node2"]


def test_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"garbage")
    with pytest.raises(ProjectError, match=r"train\.parquet.*`make verify`"):
        list(parquet_batches(tmp_path / "train.parquet"))


def arrow_error() -> None:
    """What code of an owner raises when it reads a file of its own."""
    import pyarrow as pa

    raise pa.ArrowInvalid("mine")


def os_error() -> None:
    """The same of the operating system."""
    Path("/nowhere/at all").read_bytes()


def database_error() -> None:
    """The same of a database."""
    from sqlalchemy.exc import OperationalError

    raise OperationalError("SELECT 1", {}, Exception("mine"))


@pytest.mark.parametrize("fault", [arrow_error, os_error, database_error])
def test_exception_of_other_code_keeps_its_traceback(fault: Callable[[], None]) -> None:
    with pytest.raises(Exception, match=r"mine|nowhere"), cli_errors():
        fault()


def test_interrupted_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, cli_errors():
        raise KeyboardInterrupt
    assert end.value.code == 130
    assert "stopped" in capsys.readouterr().err


def test_reason_why_dvc_refuses_raw_data_is_shown(tmp_path: Path) -> None:
    said = "Cannot add files inside symlinked directories to DVC."
    script = f"import sys; sys.exit('WARNING: x\\nERROR: {said}')"
    with pytest.raises(ProjectError, match=f"failed: {said}"):
        run(sys.executable, "-c", script, at=tmp_path)


HOMELESS = """
import os, sys
from pathlib import Path
from tabwright.project.project import Project
from tabwright.reports import report
try:
    report.main(Project(Path.cwd()), [])
except FileNotFoundError:  # there is no params.yaml
    assert "skrub" in sys.modules
print(os.environ["SKB_DATA_DIRECTORY"])
"""


def test_home_that_is_read_only_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKB_DATA_DIRECTORY", raising=False)  # of tests in this process
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS],
        cwd=tmp_path,
        env=os.environ | {"HOME": "/proc/nonexistent", "PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / ".cache")


def test_environment_finds_the_package_after_a_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "project" / ".venv" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    link = packages / "__editable__.case-0.1.0.pth"
    link.write_text(str(tmp_path / "project" / "src"), encoding="utf-8")
    other = packages / "__editable__.other-1.pth"
    other.write_text("/opt/other/src", encoding="utf-8")
    monkeypatch.setattr(prepare.sysconfig, "get_path", lambda name: str(packages))
    prepare._make_movable(Project(tmp_path / "project"))
    (tmp_path / "project").rename(tmp_path / "moved")
    moved = tmp_path / "moved" / packages.relative_to(tmp_path / "project")
    found = (moved / (moved / link.name).read_text(encoding="utf-8").strip()).resolve()
    assert found == tmp_path / "moved" / "src"
    assert (moved / other.name).read_text(encoding="utf-8") == "/opt/other/src"
