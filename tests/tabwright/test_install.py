"""The environment of a project: made by one script, before anything is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.default_project import LIBRARY
from tabwright.workspace.install import PYTHON, InstallError, install, reason

SCRIPT = LIBRARY / "tabwright/workspace/install.py"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the stand-in for uv writes how it was called."""
    return tmp_path / "calls"


@pytest.fixture
def uv(tmp_path: Path, calls: Path) -> list[str]:
    """A stand-in that makes an empty environment and fails on a project that says so."""
    script = tmp_path / "uv.py"
    script.write_text(
        "import os, pathlib, subprocess, sys\n"
        f"with open({str(calls)!r}, 'a') as file: print(*sys.argv[1:], file=file)\n"
        "if sys.argv[2] == 'freeze' and pathlib.Path('own').exists():\n"
        "    print('Own.one==2.0\\npip==26.0\\nnumpy==2.5\\nlocal @ file:///tmp/local')\n"
        "if 'VIRTUAL_ENV' in os.environ: sys.exit('error: another environment')\n"
        "if pathlib.Path('fail-' + sys.argv[1]).exists(): sys.exit('error: No space left')\n"
        "if sys.argv[1] == 'venv':\n"
        "    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', '.venv'], check=True)\n",
        encoding="utf-8",
    )
    return [sys.executable, str(script)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as the script sees it."""
    root = tmp_path / "project"
    (root / "vendor/tabwright").mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (root / name).touch()
    return root


def test_a_new_environment_holds_the_pins_and_the_project(
    project: Path, uv: list[str], calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    install(project, uv)
    there = f"--quiet --python {PYTHON}"
    alone = "--no-deps --no-build-isolation"
    assert calls.read_text(encoding="utf-8").splitlines() == [
        "venv --quiet .venv",
        f"pip freeze --exclude-editable --python {PYTHON}",
        "pip install --no-deps --requirement requirements-dev.txt --requirement requirements.txt "
        f"{there} --require-hashes",
        f"pip install {there} {alone} --editable vendor/tabwright --editable .",
    ]


def test_an_environment_that_is_there_is_kept(project: Path, uv: list[str], calls: Path) -> None:
    install(project, uv)
    (project / ".venv/mine").touch()
    install(project, uv)
    assert (project / ".venv/mine").exists()
    assert calls.read_text(encoding="utf-8").count("venv --quiet") == 1


def test_what_a_person_installed_is_kept_and_told_and_removed_on_request_alone(
    project: Path, uv: list[str], calls: Path
) -> None:
    (project / "requirements.txt").write_text("numpy==2.5 \\\n    --hash=sha256:0\n", "utf-8")
    (project / "own").touch()
    said = install(project, uv)
    assert said.startswith("kept, though no lock file names it: Own.one==2.0, local @ file:///tmp/")
    assert "name it in pyproject.toml, then `make lock setup`" in said
    assert "pip sync" not in calls.read_text(encoding="utf-8")
    assert install(project, uv, exact=True).startswith("removed, as no lock file names it: Own.one")
    assert "pip sync requirements-dev.txt requirements.txt" in calls.read_text(encoding="utf-8")
    (project / "own").unlink()
    assert install(project, uv) == ""


def test_half_an_environment_is_removed(project: Path, uv: list[str]) -> None:
    (project / ".venv").mkdir()
    (project / "fail-venv").touch()
    with pytest.raises(InstallError, match=r"^No space left$"):
        install(project, uv)
    assert not (project / ".venv").exists()
    (project / "fail-venv").unlink()
    (project / "fail-pip").touch()
    with pytest.raises(InstallError):
        install(project, uv)
    assert (project / PYTHON).exists()


def test_a_run_older_than_the_library_has_one_package(
    project: Path, uv: list[str], calls: Path
) -> None:
    (project / "vendor/tabwright").rmdir()
    install(project, uv)
    assert calls.read_text(encoding="utf-8").endswith("--no-build-isolation --editable .\n")


def test_script_needs_the_standard_library_alone(tmp_path: Path) -> None:
    """In an empty folder there are no pins: uv, or pip without a network, says so."""
    copy = tmp_path / "vendor/tabwright/src/tabwright/workspace/install.py"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(SCRIPT.read_bytes())
    environment = os.environ | {"PATH": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    done = subprocess.run(
        [sys.executable, "-S", str(copy)],
        env=environment | {"PIP_RETRIES": "0"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: no answer from the network (")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_neighbour_of_the_script_hides_a_module_it_imports() -> None:
    assert not {path.stem for path in SCRIPT.parent.glob("*")} & sys.stdlib_module_names


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("fatal: not a git repository\n", "not a git repository"),
        ("WARNING: x\nERROR: no such option\n[notice] update pip\n", "no such option"),
        (
            "error: Failed to fetch: `index/numpy/`\n  Caused by: dns error\n"
            "  Caused by: failed to lookup address information\n",
            "no answer from the network (failed to lookup address information)",
        ),
        (
            "error: the target 'x' is not a column. The file has: connection, lookup. Correct it.",
            "the target 'x' is not a column. The file has: connection, lookup. Correct it.",
        ),
        ("  × No solution found\n  ╰─▶ Because x<1, it fails.\n", "Because x<1, it fails."),
        ("", ""),
    ],
)
def test_reason_is_the_telling_line(output: str, expected: str) -> None:
    assert reason(output) == expected
