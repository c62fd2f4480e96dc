"""The environment and the first commit, also on machines that lack something."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.generator import COMMIT, GeneratedProject, Generator, steps

# PATH holds stand-ins alone; `uv` makes an empty environment in which the command
# `tabwright prepare` is one line.
UV = """
import pathlib, subprocess, sys
if sys.argv[1] == "venv":
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", sys.argv[-1]], check=True)
elif "sync" in sys.argv:
    assert "--require-hashes" in sys.argv and "requirements.txt" in sys.argv
elif "--editable" in sys.argv:
    packages = [word for before, word in zip(sys.argv, sys.argv[1:]) if before == "--editable"]
    assert packages == ["vendor/tabwright", "."]
    assert all(pathlib.Path(package, "pyproject.toml").exists() for package in packages)
    (site,) = pathlib.Path(".venv").rglob("site-packages")
    (site / "tabwright").mkdir()
    (site / "tabwright" / "__main__.py").write_text({prepare!r})
"""
PREPARE = "import pathlib; pathlib.Path('data/raw/penguins.csv.dvc').write_text('prepared')"
GOOD_UV = UV.format(prepare=PREPARE)
OFFLINE = """
import sys
sys.exit("error: Failed to fetch\\n  Caused by: dns error\\n  Caused by: failed to lookup address")
"""


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Generator]:
    """Put a few tools, and no others, on a machine: programs by name, or None for the real ones."""
    generator = Generator(tmp_path)

    def machine(**tools: str | None) -> Generator:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, program in tools.items():
            if program is None:
                real = [shutil.which(name)]
                program = (
                    f"import subprocess, sys; sys.exit(subprocess.call({real} + sys.argv[1:]))"
                )
            script = folder / f"{name}.py"
            script.write_text(program, encoding="utf-8")
            if os.name == "nt":
                start = f'@"{sys.executable}" "{script}" %*\r\n'
                (folder / f"{name}.bat").write_text(start, encoding="utf-8")
            else:
                start = f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n'
                (folder / name).write_text(start, encoding="utf-8")
                (folder / name).chmod(0o755)
        generator.environment["PATH"] = str(folder)
        return generator

    return machine


def git(project: GeneratedProject, *words: str) -> str:
    """Ask git about a project."""
    done = subprocess.run(
        ["git", *words], cwd=project.path, capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout.strip()


def test_complete_machine(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    generator.environment |= {"VIRTUAL_ENV": "/elsewhere", "GIT_DIR": "/elsewhere"}
    project = generator(venv=True, author_name='Ada "L" <x>; $(x)', project_name="Pinguïn 'x'")
    assert list(steps(project.output)) == [
        "prune",
        "git",
        "environment",
        "DVC, MLflow",
        "first commit",
    ]
    assert "not done" not in project.output
    assert project.output.endswith("\nReady. Next:\n  cd pinguin-x\n  make predict\n  make help\n")
    assert git(project, "log", "--all", "--format=%D|%s") == "HEAD -> main|Start Pinguïn 'x'"
    assert git(project, "log", "--format=%an") == 'Ada "L" x; $(x)'
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "show", "HEAD:data/raw/penguins.csv.dvc") == "prepared"
    assert git(project, "config", "--local", "user.name") == ""


def test_known_identity_is_used(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    config = Path(generator.environment["HOME"], ".gitconfig")
    config.write_text("[user]\nname = Grace\nemail = grace@example.org\n", encoding="utf-8")
    project = generator(venv=True)
    assert git(project, "log", "--format=%an <%ae>") == "Grace <grace@example.org>"


def test_hooks_do_not_run_on_the_first_commit(machine: Callable[..., Generator]) -> None:
    block = "p = pathlib.Path('.git/hooks/pre-commit'); p.write_text('#!/bin/sh\\nexit 1\\n')"
    prepare = f"import pathlib; {block}; p.chmod(0o755)"
    project = machine(git=None, make="", uv=UV.format(prepare=prepare))(venv=True)
    assert steps(project.output)["first commit"] == "as The project authors"
    assert git(project, "log", "--format=%s") == "Start My ML Project"


def test_no_network_with_uv(machine: Callable[..., Generator]) -> None:
    project = machine(git=None, make="", uv=OFFLINE)(venv=True)
    said = steps(project.output)
    why = "not done: no answer from the network (failed to lookup address)"
    assert said["environment"] == why
    assert said["DVC, MLflow"] == "not done: it needs the environment"
    assert git(project, "log", "--format=%s") == "Start My ML Project"
    assert project.output.endswith(
        "The project is kept. Once that is fixed, one command finishes it:\n"
        f"  cd my-ml-project && make setup{COMMIT}\n"
    )


def test_no_network_and_no_uv(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="")
    generator.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    project = generator(venv=True)
    assert steps(project.output)["environment"].startswith("not done: no answer from the network")
    assert not (project.path / ".venv").exists()
    assert f"one command finishes it:\n  cd my-ml-project && make setup{COMMIT}\n" in project.output


def test_no_git(machine: Callable[..., Generator]) -> None:
    project = machine(make="", uv=GOOD_UV)(venv=True)
    said = steps(project.output)
    assert said["git"] == "not done: git is not on this machine"
    assert said["environment"] == said["DVC, MLflow"] == ""
    assert said["first commit"] == "not done: there is no git repository"
    assert project.output.endswith(f"  cd my-ml-project && git init && make setup{COMMIT}\n")


def test_nothing_at_hand(machine: Callable[..., Generator]) -> None:
    project = machine(uv=OFFLINE)(venv=True)
    assert (project.path / "README.md").exists()
    assert f"  cd my-ml-project && git init && make setup{COMMIT}\n" in project.output
    assert project.output.endswith("make is not on this machine; install it first.\n")


def test_no_make(machine: Callable[..., Generator]) -> None:
    project = machine(git=None, uv=GOOD_UV)(venv=True)
    enter, *commands = project.output.split("Ready. Next:\n")[1].splitlines()
    assert enter.endswith("activate")
    assert commands == ["  dvc repro", "  python -m my_ml_project.models.predict_model"]


@pytest.mark.parametrize(
    ("remote", "told"),
    [("../p-remote", True), ("none", False), ("s3://bucket/folder", False)],
)
def test_remote_that_others_do_not_reach_is_told(
    remote: str, told: bool, machine: Callable[..., Generator]
) -> None:
    said = machine(git=None, make="", uv=GOOD_UV)(venv=True, dvc_remote=remote).output
    assert (f"The DVC remote is {remote}, a folder of this machine." in said) == told
    assert (".venv/bin/dvc remote modify storage url" in said) == told


def test_project_that_cannot_prepare_itself(machine: Callable[..., Generator]) -> None:
    prepare = "import sys; sys.exit('error: disk full')"
    project = machine(git=None, make="", uv=UV.format(prepare=prepare))(venv=True)
    assert steps(project.output)["DVC, MLflow"] == "not done: disk full"
    assert project.output.endswith(f"  cd my-ml-project && make setup{COMMIT}\n")


def test_inside_another_repository(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    subprocess.run(["git", "init", "--quiet"], cwd=generator.folder, check=True)
    project = generator(venv=True)
    assert not (project.path / ".git").exists()
    said = steps(project.output)
    assert said["git"] == "left alone: the folder is already inside a git repository"
    assert said["first commit"] == "left to you: the repository is not new"
    assert git(project, "rev-parse", "--verify", "--quiet", "HEAD") == ""
    assert git(project, "diff", "--cached", "--name-only") == ""
    assert "Ready. Next:\n  cd my-ml-project\n" in project.output


def test_inside_the_clone_of_a_template(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    subprocess.run(["git", "init", "--quiet"], cwd=generator.folder, check=True)
    (generator.folder / "cookiecutter.json").write_text("{}", encoding="utf-8")
    project = generator(venv=True)
    assert (project.path / ".git").exists()
    assert git(project, "log", "--format=%s") == "Start My ML Project"


def test_folder_with_spaces_and_letters_of_the_world(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    table = generator.folder / "größe 1.csv"
    table.write_text("a,y\n1,2\n", encoding="utf-8")
    done = generator.run("-o", "mes données/2024", raw_data=table.name, target="y", venv=True)
    assert done.returncode == 0
    assert "not done" not in done.stdout
    assert "  cd 'mes données/2024/my-ml-project'\n" in done.stdout
    folder = generator.folder / "mes données/2024/my-ml-project"
    assert (folder / "data/raw/größe 1.csv").read_bytes() == table.read_bytes()
    assert not (folder / "data/raw/penguins.csv").exists()
