"""What tracking, gating and reporting add to the pipeline: `make all register promote` beside it.

    python3 benchmarks/overhead.py [--rows 100000]

Needs cookiecutter in the Python that runs it, git, make and a package index. A project is generated
in a temporary folder and pointed at a synthetic table. The bare pipeline is the project's own steps
as calls in one process, without DVC, MLflow, slices, behavioural tests, gate, figures and pages: the
contract, the rows, the model, its file, its scores. Both must give the same model file.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from common import BIN, COMMIT, PROJECT, Run, head, machine, new_project, ratio, row, run, tell
from speed import BARE, point_at

STEPS = """
from {package}.data.make_dataset import make_dataset
from {package}.models.train_model import select_model
from tabwright.dataset.infer import infer
from tabwright.evaluation.held_out import score_model
from tabwright.evaluation.predictions import Predictions
from tabwright.evaluation.resampling import make_resampling
from tabwright.project.project import Project
from tabwright.schema.schema import load_schema
from tabwright.selection.candidate import baseline
from tabwright.selection.cross_validation import read_rows
from tabwright.selection.fit import calibrate_and_threshold
from tabwright.selection.metrics import deciding_metric, predict_scores, task_metrics
from tabwright.selection.persistence import load_model, save_model
from tabwright.selection.threshold import get_threshold
from tabwright.tracking.record import source_code

project = Project.find()
infer(project)
make_dataset(project)
params, schema = project.params, load_schema(project.schema_file)
train = read_rows(project.train_file, params.train.max_rows, params.seed)
fit = select_model(train, schema, params)
model, facts = calibrate_and_threshold(fit, schema, params.train.threshold)
code = source_code(project)
saved = save_model(model, project.model_file, code)
model = load_model(project.model_file, saved, code)
test = read_rows(project.test_file, params.train.max_rows, params.seed)
constant = baseline(schema).pipeline.fit(train, train[schema.target])
metric = deciding_metric(schema, params.train.metric)
predicted = [
    Predictions(test, schema, predict_scores(each, test, schema), metrics, metric)
    for each, metrics in (
        (model, task_metrics(schema, get_threshold(model))),
        (constant, task_metrics(schema)),
    )
]
resampling = make_resampling(test, params.data, params.evaluate, params.seed)
score_model(*predicted, resampling)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        bare, ours, around = measure(new_project(Path(name)), options.rows)
    print(f"{machine()}, {options.rows} rows, one round\n")
    print(head(["work", "seconds"]))
    print(row(["the bare pipeline", f"{bare.seconds:.1f}"]))
    print(row(["`make all`", f"{ours.seconds:.1f}"]))
    print(row(["`make register promote experiments`", f"{around.seconds:.1f}"]))
    print(f"\n`make all` / bare: {ratio([ours.seconds], [bare.seconds])}")
    print(f"all of it / bare: {ratio([ours.seconds + around.seconds], [bare.seconds])}")


def measure(project: Path, rows: int) -> tuple[Run, Run, Run]:
    """The bare pipeline, `make all`, and what follows it, on the same table."""
    python = project / ".venv" / BIN / "python"
    table = project / "data" / "raw" / "table.csv"
    run(python, BARE, "table", rows, table, project / "data" / "table.parquet").check()
    (project / "data" / "table.parquet").unlink()
    point_at(project, table.name, "outcome")
    run("make", "setup", cwd=project).check()
    tell("the bare pipeline")
    steps = STEPS.format(package=PROJECT.replace("-", "_"))
    bare = run(python, "-c", steps, cwd=project).check()
    model = (project / "models" / "model.skops").read_bytes()
    run("make", "clean", cwd=project).check()
    run("git", "add", "--all", cwd=project).check()
    run(*COMMIT, cwd=project).check()
    tell("make all")
    ours = run("make", "all", cwd=project).check()
    if (project / "models" / "model.skops").read_bytes() != model:
        sys.exit("the bare pipeline made another model")
    tell("make register promote experiments")
    return bare, ours, run("make", "register", "promote", "experiments", cwd=project).check()


if __name__ == "__main__":
    main()
