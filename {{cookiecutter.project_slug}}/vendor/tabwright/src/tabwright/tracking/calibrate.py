"""Calibrate the model that was trained, choose its threshold, and log the run."""

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project
from ..schema.schema import load_schema
from ..selection.fingerprint import require_same_fingerprint
from ..selection.fit import calibrate_and_threshold, describe_fit, load_fit
from .runs import TrainingRun


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("calibrate", __doc__).parse_args(arguments)
    files = project.fingerprint_file, project.selection_file, project.fitted_file
    if missing := [project.short(path) for path in files if not path.is_file()]:
        raise ProjectError(
            f"nothing is trained here ({missing[0]} is missing): `make train` trains and calibrates."
        )
    run, schema = TrainingRun(project), load_schema(project.schema_file)
    require_same_fingerprint(project)
    fit, seconds = load_fit(project, schema)
    goal = project.params.train.threshold
    model, facts = calibrate_and_threshold(fit, schema, goal, project.metrics)
    run.log(model, fit, facts, seconds)
    print(f"{describe_fit(facts)}, saved as models/{project.model_file.name}")
