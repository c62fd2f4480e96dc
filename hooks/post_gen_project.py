"""Finish the new project: drop what was not chosen, then copy data, make environment, git and DVC.

A step that cannot finish says why and the others go on: were this hook to fail, cookiecutter would
delete the project.
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# What the calling shell may hold and the tools of the new project must not see.
FOREIGN = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
OFFLINE = re.compile(  # words that are no names of columns
    "name resolution|failed to lookup|getaddrinfo|(tcp|not|new) connect|unreachable|timed out"
    "|connection (refused|reset|to server)",
    re.IGNORECASE,
)
PYTHON = Path(".venv", "Scripts/python.exe" if os.name == "nt" else "bin/python")


class NotDone(Exception):
    """A step could not finish; the message says why."""


def step(name: str, action: Callable[..., str | None], *arguments: object) -> bool:
    """Run one step, print how long it took and what it has to say; tell whether it worked."""
    print(f"  {name:<13}", end="", flush=True)
    start = time.perf_counter()
    try:
        note, done = action(*arguments) or "", True
    except Exception as error:  # whatever went wrong, the project is kept
        note, done = f"not done: {error}", False
    print(f"{time.perf_counter() - start:6.1f} s  {note}".rstrip(), flush=True)
    return done


def run(project: Path, *command: object) -> str:
    """Run a command in the project and return what it prints."""
    tool = shutil.which(str(command[0]))
    if tool is None:
        raise NotDone(f"{command[0]} is not on this machine")
    result = subprocess.run(
        [tool, *map(str, command[1:])],
        cwd=project,
        env={name: value for name, value in os.environ.items() if name not in FOREIGN},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if result.returncode:
        raise NotDone(reason(result.stderr) or reason(result.stdout) or f"{command[0]} failed")
    return result.stdout.strip()


def reason(output: str) -> str:
    """Pick the line of a tool's output that says why it failed: the last that is no advice."""
    lines = [line.strip(" \t│├╰─▶") for line in output.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("WARNING", "[", "hint:"))]
    last = telling[-1] if telling else ""
    last = re.sub("^(error|fatal|caused by|cause): *", "", last, flags=re.IGNORECASE)
    return f"no answer from the network ({last})" if OFFLINE.search(output) else last


def prune(project: Path, answers: dict) -> None:
    """Delete the files that only options not chosen own, and the folders this leaves empty."""
    owned, chosen = set[str](), set[str]()
    for option, values in answers["_optional"].items():
        answer = answers[option]
        owned.update(*values.values())
        chosen.update(values.get(answer if isinstance(answer, str) else json.dumps(answer), ()))
    for name in owned - chosen:
        path = project / name.replace("*", answers["package_name"])
        path.unlink(missing_ok=True)
        while (path := path.parent) != project and path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def raw_data(project: Path, answers: dict) -> str | None:
    """Copy the file or folder to learn from, under its last name only when it is whole."""
    if answers["raw_data"] == "example":
        return None
    goal = project / "data" / "raw" / answers["__raw_file"]
    goal.parent.mkdir(parents=True, exist_ok=True)
    source, part = find(answers["__raw_path"], answers), goal.with_name(".raw.part")
    try:
        shutil.copytree(source, part) if source.is_dir() else shutil.copyfile(source, part)
        part.replace(goal)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
    size = sum(path.stat().st_size for path in (goal, *goal.rglob("*")) if path.is_file())
    return f"{goal.relative_to(project).as_posix()}, {size / 1e6:.1f} MB"


def find(source: str, answers: dict) -> Path:
    """Look for the file or folder from where the command was typed, then from the output folder."""
    path = os.path.expanduser(source)
    here = Path(os.environ.get("PWD", answers["_output_dir"]), path)
    return here if here.exists() else Path(answers["_output_dir"], path)


def place(project: Path) -> str | None:
    """Where in its git repository the project is: empty at the top, nothing without one."""
    try:
        return run(project, "git", "rev-parse", "--show-prefix")
    except NotDone:
        return None


def repository(project: Path) -> str | None:
    """Make a git repository, unless there is one around that is not a template's clone."""
    if place(project) is not None:
        around = Path(run(project, "git", "rev-parse", "--show-toplevel"))
        if not (around / "cookiecutter.json").exists():
            return "left alone: the folder is already inside a git repository"
    run(project, "git", "-c", "init.defaultBranch=main", "init", "--quiet")
    return None


def environment(project: Path) -> None:
    """Do what `make setup` does: the pinned packages and the project itself, in .venv."""
    uv: object = shutil.which("uv")
    if uv and not (project / PYTHON).exists():
        run(project, uv, "venv", ".venv")
    elif not uv:
        quiet = ("--quiet", "--disable-pip-version-check", "--retries", "2")
        try:
            run(project, sys.executable, "-m", "venv", ".venv")
            run(project, project / PYTHON, "-m", "pip", "install", *quiet, "uv")
        except NotDone:
            shutil.rmtree(project / ".venv", ignore_errors=True)  # `make setup` begins anew
            raise
        uv = project / PYTHON.with_stem("uv")
    pins = sorted(path.name for path in project.glob("requirements*.txt"))
    run(project, uv, "pip", "sync", "--python", PYTHON, "--require-hashes", *pins)
    itself = ("--editable", "vendor/tabwright", "--editable", ".")
    alone = ("--no-deps", "--no-build-isolation")
    run(project, uv, "pip", "install", "--python", PYTHON, *alone, *itself)


def dvc(project: Path, environment_done: bool) -> str:
    """Let the project prepare itself: DVC, MLflow, the git hooks, raw data and its schema."""
    if not environment_done:
        raise NotDone("it needs the environment")
    said = run(project, project / PYTHON, "-m", "tabwright", "prepare")
    return "\n    ".join(line.strip() for line in said.splitlines())


def first_commit(project: Path, answers: dict) -> str | None:
    """Commit everything, under the author's name when git knows no other."""
    inside = place(project)
    if inside is None:
        raise NotDone("there is no git repository")
    if inside or run(project, "git", "rev-list", "--all", "--max-count=1"):
        return "left to you: the repository is not new"
    who = ["-c", "user.useConfigOnly=true"]
    try:
        run(project, "git", *who, "var", "GIT_COMMITTER_IDENT")
        note = None
    except NotDone:
        name, email = answers["author_name"], f"{answers['project_slug']}@localhost"
        who, note = ["-c", f"user.name={name}", "-c", f"user.email={email}"], f"as {name}"
    run(project, "git", "add", "--all")
    message = f"Start {answers['project_name']}"
    run(project, "git", *who, "commit", "--quiet", "--no-verify", "--message", message)
    return note


def commands_left(project: Path, answers: dict, done: dict[str, bool]) -> list[str]:
    """The commands that do what the steps could not."""
    commands = []
    if not done["raw data"]:
        source = shlex.quote(str(find(answers["__raw_path"], answers)))
        commands.append(f"cp -r {source} {shlex.quote('data/raw/' + answers['__raw_file'])}")
    inside = place(project)
    commands += ["git init"] * (inside is None)
    commands += ["make setup"] * (inside is None or not done["setup"])
    if not inside and not all(done.values()):
        commands.append('git add --all && git commit --message "Set up the project"')
    return commands


def show_next(project: Path, answers: dict, done: dict[str, bool]) -> None:
    """Print the next three commands, or the one that finishes what is not done."""
    here = Path(os.environ.get("PWD", answers["_output_dir"]))
    folder = project.relative_to(here) if project.is_relative_to(here) else project
    enter = f"cd {shlex.quote(str(folder))}"
    left = " && ".join(commands_left(project, answers, done))
    make, title = shutil.which("make"), "Ready. Next:"
    if left and answers["venv"]:
        title = "The project is kept. Once that is mended, one command finishes it:"
        commands = [f"{enter} && {left}"]
    elif left:
        commands = [enter, left, "make predict"]
    elif make:
        commands = [enter, "make predict", "make help"]
    else:
        activate = PYTHON.with_name("activate")
        source = str(activate) if os.name == "nt" else f"source {activate}"
        predict = f"python -m {answers['package_name']}.models.predict_model"
        commands = [f"{enter} && {source}", "dvc repro", predict]
    print("", title, *[f"  {command}" for command in commands], sep="\n")
    if left and not make:
        print("make is not on this machine; install it first.")


def finish(project: Path, answers: dict) -> None:
    """Run all steps and say what comes next."""
    if "_output_dir" not in answers:  # cruft: it compares trees, so there is nothing to prepare
        prune(project, answers)
        return
    local = answers["__source"] == "none"
    slow = "the environment takes" if local else "the environment and the raw data take"
    wait = f"; {slow} a minute or more the first time" if answers["venv"] else ""
    print(f"\nPreparing {answers['project_name']}{wait}", flush=True)
    done = dict.fromkeys(("raw data", "setup", "commit"), False)
    try:
        step("prune", prune, project, answers)
        done["raw data"] = not local or step("raw data", raw_data, project, answers)
        if answers["venv"]:
            step("git", repository, project)
            made = step("environment", environment, project)
            prepared = step("DVC, MLflow", dvc, project, made)
            done["setup"] = prepared and done["raw data"]
            done["commit"] = step("first commit", first_commit, project, answers)
    except KeyboardInterrupt:
        print("stopped")
    show_next(project, answers, done)


def main() -> None:
    """Finish the project in the current folder."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name the terminal cannot show is no failure
    finish(Path.cwd(), json.loads(r"""{{ cookiecutter | jsonify }}"""))


if __name__ == "__main__":
    main()
