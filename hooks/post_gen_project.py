"""Finish the new project: drop what was not chosen, then copy data, make Git and environment.

A step that cannot finish says why and the others go on: were this hook to fail, cookiecutter would
delete the project.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

# The library, where this hook runs: it needs no other package so far, and leaves no bytecode.
sys.path.insert(0, str(Path.cwd() / "vendor/tabwright/src"))
sys.dont_write_bytecode = True
from tabwright.workspace.install import PYTHON, InstallError, install, run
from tabwright.workspace.repository import first_commit, make_repository, place


def step(name: str, action: Callable[..., str | None], *arguments: object) -> bool:
    """Run one step, print how long it took and what it has to say; tell whether it worked."""
    print(f"  {name:<13}", end="", flush=True)
    start, done = time.perf_counter(), True
    try:
        note = action(*arguments) or ""
    except Exception as error:  # whatever went wrong, the project is kept
        note, done = f"not done: {error}", False
    print(f"{time.perf_counter() - start:6.1f} s  {note}".rstrip(), flush=True)
    return done


def prune(project: Path, answers: dict) -> str:
    """Delete the files of options not chosen and the folders this empties; write .cruft.json."""
    for name in answers["__unwanted"]:
        path = project / name
        path.unlink(missing_ok=True)
        while (path := path.parent) != project and path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    text, note = answers["__cruft"]
    if text:
        (project / ".cruft.json").write_text(text, encoding="utf-8")
    return note


def raw_data(project: Path, answers: dict) -> str:
    """Copy the file or folder to learn from, under its last name only when it is whole."""
    source, goal = Path(answers["__found"]), project / "data/raw" / answers["__raw_file"]
    part = goal.with_name(".raw.part")
    try:
        shutil.copytree(source, part) if source.is_dir() else shutil.copyfile(source, part)
        part.replace(goal)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        part.unlink(missing_ok=True)
    size = sum(path.stat().st_size for path in (goal, *goal.rglob("*")) if path.is_file())
    return f"{goal.relative_to(project).as_posix()}, {size / 1e6:.1f} MB"


def prepare(project: Path, installed: bool) -> str:
    """Let the project prepare itself: DVC, MLflow, the git hooks, raw data and its schema."""
    if not installed:
        raise InstallError("it needs the environment")
    said = run(project, str(project / PYTHON), "-m", "tabwright", "prepare")
    return "\n    ".join(line.strip() for line in said.splitlines())


def show_next(project: Path, answers: dict, done: dict[str, bool]) -> None:
    """Print the next commands, or the one that finishes what is not done."""
    inside = place(project)
    left = [] if done["raw data"] else [answers["__copy"]]
    left += ["git init"] * (inside is None)
    left += ["make setup"] * (inside is None or not done["setup"])
    if not inside and not all(done.values()):
        left.append('git add --all && git commit --message "Set up the project"')
    title, commands = "Ready. Next:", answers["__next"]
    if left and answers["venv"]:
        title = "The project is kept. Once that is fixed, one command finishes it:"
        commands = [" && ".join([answers["__enter"], *left])]
    elif left:
        commands = [answers["__enter"], " && ".join(left), "make predict"]
    if answers["__remote"] == "path":
        remote, dvc = answers["dvc_remote"], PYTHON.with_stem("dvc").as_posix()
        print(f"\nThe DVC remote is {remote}, a folder of this machine. For a team, there:")
        print(f"  {dvc} remote modify storage url <an address or a shared folder>")
    print("", title, *[f"  {command}" for command in commands], sep="\n")
    if left and not shutil.which("make"):
        print("make is not on this machine; install it first.")


def finish(project: Path, answers: dict) -> None:
    """Run all steps and say what comes next."""
    if "_output_dir" not in answers:  # cruft: it compares trees, so there is nothing to prepare
        prune(project, answers)
        return
    print(f"\nPreparing {answers['project_name']}{answers['__wait']}", flush=True)
    done = dict.fromkeys(("raw data", "setup", "commit"), False)
    try:
        step("prune", prune, project, answers)
        own_file = answers["__source"] == "none" and answers["raw_data"] != "example"
        done["raw data"] = not own_file or step("raw data", raw_data, project, answers)
        if answers["venv"]:
            step("git", make_repository, project)
            installed = step("environment", install, project)
            done["setup"] = step("DVC, MLflow", prepare, project, installed) and done["raw data"]
            words = (f"Start {answers['project_name']}", answers["author_name"])
            done["commit"] = step("first commit", first_commit, project, *words)
    except KeyboardInterrupt:
        print("stopped")
    show_next(project, answers, done)


def main() -> None:
    """Finish the project in the current folder."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # letters no terminal has
    finish(Path.cwd(), json.loads(r"""{{ cookiecutter | for_post_gen | jsonify }}"""))


if __name__ == "__main__":
    main()
