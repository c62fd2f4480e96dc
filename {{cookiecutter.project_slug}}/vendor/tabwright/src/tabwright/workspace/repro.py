"""Run steps of the pipeline with DVC: `make data`, `train`, `evaluate`, `report`, `all`."""

import os
import sys
from pathlib import Path

from ..evaluation.params import check_project
from ..project.commands import Arguments, command_parser
from ..project.git import commit_hint, require_merged
from ..project.project import Project


def main(project: Project, arguments: Arguments = None) -> None:
    """Run the steps that are not up to date, and say how to keep what they made."""
    parser = command_parser("repro", main.__doc__)
    parser.add_argument("steps", nargs="*", help="their names; all if there are none")
    parser.add_argument("--again", action="store_true", help="run these alone, up to date or not")
    options = parser.parse_args(arguments)
    require_merged(project.root)
    check_project(project)
    from dvc.cli import main as dvc  # takes seconds to import
    from dvc.repo import scm_context

    scm_context.logger.setLevel("WARNING")  # what to commit is said below, for all files
    os.chdir(project.root)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    again = ["--force", "--single-item"] if options.again else []
    why, runs = os.environ.get("WHY", ""), set(project.runs_folder.glob("*.json"))
    if code := dvc(["repro", *options.steps, *again]):
        sys.exit(code)
    if why and runs >= set(project.runs_folder.glob("*.json")):
        print(f"no run has the reason {why!r}: the model was up to date, so none was made")
    if hint := commit_hint(project.root, why or "Run the pipeline"):
        print(hint)
