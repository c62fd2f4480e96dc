"""What stands in .env arrives whole, by whatever command, and what is damaged is said."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.default_project import LIBRARY, default_project

SHOW = """
import json, os
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
with cli_errors():
    Project.find()
    print(json.dumps(dict(os.environ)))
"""
WRITTEN = r"""
# a comment
DOLLAR=pa$word#1
BRACES=${HOME}$(touch pwned)`x`
EQUALS=a=b==
QUOTE=it's "so"
SINGLE='two words # ${HOME} \n "x"'
ESCAPED='it\'s'
DOUBLE="two words # it's"
PERCENT=100%
UMLAUT=größe
EMPTY=
COMMENTED=x # why
export EXPORTED=1
  INDENTED = 2
GIVEN=file
"""
ARRIVES = {
    "DOLLAR": "pa$word#1",
    "BRACES": "${HOME}$(touch pwned)`x`",
    "EQUALS": "a=b==",
    "QUOTE": 'it\'s "so"',
    "SINGLE": 'two words # ${HOME} \\n "x"',
    "ESCAPED": "it's",
    "DOUBLE": "two words # it's",
    "PERCENT": "100%",
    "UMLAUT": "größe",
    "EMPTY": "",
    "COMMENTED": "x",
    "EXPORTED": "1",
    "INDENTED": "2",
    "GIVEN": "shell",
}
MAKE = ("make", "show")
PLAIN = (sys.executable, "-m", "my_ml_project.show")
NOTEBOOK = (sys.executable, "-c", SHOW)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a step that prints its variables, and this environment for its own."""
    made = tmp_path / "project"
    shutil.copytree(default_project(), made)
    (made / "src/my_ml_project/show.py").write_text(SHOW, encoding="utf-8")
    with (made / "Makefile").open("a", encoding="utf-8") as makefile:
        makefile.write("\nshow:\n\t@$(STEP).show\n")
    python = made / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return made


def run(folder: Path, source: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the package where it would be installed."""
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{source}{os.pathsep}{LIBRARY}", "PYTHONUTF8": "1"} | more,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.skipif(os.name == "nt", reason="make")
def test_values_arrive_whole_by_every_command(project: Path) -> None:
    (project / ".env").write_text(WRITTEN, encoding="utf-8")
    experiment = project / ".dvc/tmp/exps/a"
    shutil.copytree(project / "src", experiment / "src")
    shutil.copy(project / "params.yaml", experiment)
    for folder, command in [
        (project, MAKE),
        (project, PLAIN),
        (project / "notebooks", NOTEBOOK),
        (experiment, PLAIN),
    ]:
        done = run(folder, project / "src", *command, GIVEN="shell")
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert {name: seen.get(name) for name in ARRIVES} == ARRIVES, command
    assert not list(project.rglob("pwned"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"A=1\n\n\nB C\n", "line 4"),
        (b"# x\nA='open\n", "line 2"),
        (b"A='b'c\n", "line 1"),
        (b"ALONE\n", "line 1"),
        (b"A=1\n=2\n", "line 2"),
        ("A=größe\n".encode("cp1252"), "UTF-8"),
        (b"A=\0\n", "null"),
    ],
)
def test_damaged_line_is_one_sentence_without_the_secret(
    text: bytes, line: str, project: Path
) -> None:
    (project / ".env").write_bytes(text)
    done = run(project, project / "src", *PLAIN)
    assert done.returncode == 1
    assert done.stdout == ""
    (said,) = done.stderr.strip().splitlines()
    assert said.startswith("error: .env")
    assert line in said
    assert "open" not in said.replace("opened", "")


def test_folder_of_that_name_is_no_file_of_settings(project: Path) -> None:
    (project / ".env").mkdir()
    assert run(project, project / "src", *PLAIN).returncode == 0
