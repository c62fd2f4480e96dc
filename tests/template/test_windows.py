"""Nothing here runs on Windows, so what cannot work there is looked for in the text.

What is allowed is named in `ALLOWED` with the reason.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.generator import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
CODE = sorted(
    [
        *TEMPLATE.glob("*.py"),
        *TEMPLATE.glob("hooks/*.py"),
        *TEMPLATE.glob("tests/[pst]*/**/*.py"),
        *PROJECT.rglob("*.py"),
    ]
)
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}
POSIX_NAMES = {
    "add_signal_handler",
    "fork",
    "geteuid",
    "getuid",
    "killpg",
    "mkfifo",
    "NamedTemporaryFile",  # which Windows does not open a second time
    "SIGALRM",
    "SIGHUP",
    "SIGKILL",
    "SIGUSR1",
    "SIGUSR2",
    "uname",
}
ALLOWED = {
    "dataset_runner.py: SIGALRM": "behind hasattr",
    "environment.py: getuid": "only where the name of the user is unknown, as in containers",
    "checkout.py: sh -c": "in a branch for other systems",
    "dask_cluster.py: SIGKILL": "what an operating system does to a worker; workers are of POSIX here",
    "faults.py: killpg": "tox runs the faults on POSIX only",
    "service.py: killpg": "in a branch for other systems",
    "postgres.py: geteuid": "behind hasattr",
    "test_broken_folders.py: mkfifo": "a case of POSIX",
    **dict.fromkeys(
        (f"{test}.py: .venv/bin/python" for test in ("clones", "test_env_file", "test_workflows")),
        "a stand-in for a program, written as a script of sh",
    ),
    "scheduled.py: .venv/bin/python": "cron, systemd and the runners of a forge are of POSIX",
    "test_schedule.py: sh -c": "as cron calls it",
    "test_windows.py: sh -c": "this list",
    "test_windows.py: .venv/bin/python": "this list",
}
WITHOUT_ENCODING = {"read_text": 0, "write_text": 1}  # arguments


def name(path: Path) -> str:
    return path.relative_to(TEMPLATE).as_posix()


def posix(path: Path) -> Iterator[str]:
    """What of a module exists on POSIX only."""
    text = path.read_text(encoding="utf-8")
    yield from re.findall(r"\bsh -c\b|(?<!/)\.venv/bin/python(?=['\" ])", text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in POSIX_NAMES:
            yield node.attr
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in POSIX_MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {node.module, *(each.name for each in node.names)}
            yield from sorted(filter(None, names & (POSIX_MODULES | POSIX_NAMES)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            keywords = {each.arg for each in node.keywords}
            if node.func.attr == "get_context" and getattr(node.args[0], "value", "") == "fork":
                yield "fork"
            most = WITHOUT_ENCODING.get(node.func.attr)
            if most == len(node.args) and "encoding" not in keywords:
                yield f"{node.func.attr} in the encoding of the system"


def test_code_uses_nothing_of_posix_alone() -> None:
    found = {f"{path.name}: {word}" for path in CODE for word in posix(path)}
    assert found - ALLOWED.keys() == set()
    assert ALLOWED.keys() - found == set()


@pytest.mark.parametrize(
    "line",
    [
        "import fcntl",
        "from os import fork",
        "os.kill(1, signal.SIGKILL)",
        "tempfile.NamedTemporaryFile()",
        "run('sh -c true')",
        "run('.venv/bin/python x')",
        "path.read_text()",
        "multiprocessing.get_context('fork')",
    ],
)
def test_what_cannot_work_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(line, encoding="utf-8")
    assert [*posix(tmp_path / "module.py")]


def test_hooks_and_steps_start_programs_by_name() -> None:
    text = (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ *entry: (\S+)", text, re.MULTILINE)
    steps = re.findall(r"^ *cmd: (.*)$", (PROJECT / "dvc.yaml").read_text("utf-8"), re.MULTILINE)
    assert len(entries) > 5
    assert len(steps) > 5
    assert [entry for entry in entries if "/" in entry or entry in ("sh", "bash")] == []
    assert [step for step in steps if re.search(r"[|;&>$]|/bin/", step)] == []


def test_names_of_files_exist_on_every_system() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TEMPLATE, capture_output=True, encoding="utf-8"
    ).stdout.split("\0")
    names = [each for each in listed if each] or [name(path) for path in CODE]
    assert [each for each in names if re.search(r'[<>:"|?*\\]|[. ](/|$)', each)] == []
    assert len({each.casefold() for each in names}) == len(names)


def test_files_keep_their_bytes_in_every_clone() -> None:
    for folder in (TEMPLATE, PROJECT):
        assert "* -text\n" in (folder / ".gitattributes").read_text(encoding="utf-8")
