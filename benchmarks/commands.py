"""CPU seconds of the commands of a working day, in a new project of penguins.

    python3 benchmarks/commands.py

Needs cookiecutter in the Python that runs it, git, make and a package index. Each command runs twice,
and the second counts; `mlruns` is measured after two trainings of which one is registered.
"""

import argparse
import tempfile
from pathlib import Path

from common import BIN, COMMIT, head, machine, new_project, row, run, tell

DAY = ("models", "experiments", "gate", "register", "report")
STEPS = ("prepare", "infer")


def main() -> None:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory(prefix="commands-") as name:
        project = new_project(Path(name))
        python = project / ".venv" / BIN / "python"
        print(f"{machine()}\n\n{head(['command', 'CPU seconds', 'seconds'])}")

        def take(label: str, *command: object) -> None:
            tell(label)
            done = run(*command, cwd=project).check()
            print(row([label, f"{done.cpu:.1f}", f"{done.seconds:.1f}"]), flush=True)

        take("models, of a new project", python, "-m", "tabwright", "models")
        take("make predict, the first", "make", "predict")
        run("make", "evaluate", cwd=project).check()
        run("git", "add", "--all", cwd=project).check()
        run(*COMMIT, cwd=project).check()
        for command in (*STEPS, *DAY):
            run(python, "-m", "tabwright", command, cwd=project).check()
            take(command, python, "-m", "tabwright", command)
        take("promote", python, "-m", "tabwright", "promote")
        take("make report", "make", "report")
        run("make", "train", "AGAIN=1", cwd=project).check()
        files = (path for path in (project / "mlruns").rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in files) / 1e6
    print(f"\nmlruns after two trainings, one of them registered: {size:.0f} MB")


if __name__ == "__main__":
    main()
