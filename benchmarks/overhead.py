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

from common import BIN, PROJECT, Run, generate, head, machine, ratio, row, run, tell
from speed import BARE, point_at

STEPS = """
from {package}.config import MODEL, TEST, TRAIN, load_params
from {package}.data import infer_schema, make_dataset
from {package}.data.contract.schema import load_schema
from {package}.models.candidates import candidates
from {package}.models.evaluate_model import evaluate
from {package}.models.metrics import deciding_metric
from {package}.models.rows import read_rows
from {package}.models.store import load_model, save_model
from {package}.models.train_model import train_model

infer_schema.main()
make_dataset.main()
params, schema = load_params(), load_schema()
train = read_rows(TRAIN, params.train.max_rows, params.seed)
model, facts = train_model(train, schema, params)
saved = save_model(model, MODEL)
test = read_rows(TEST, params.train.max_rows, params.seed)
baseline = candidates(schema, params.seed)["baseline"].pipeline
baseline.fit(train, train[schema.target])
metric = deciding_metric(schema, params.train.metric)
evaluate(load_model(MODEL, saved), baseline, test, schema, metric, params.evaluate, params.seed)
"""
COMMIT = ("git", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--no-verify", "-qm", "x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        scratch = Path(name)
        tell("generating a project and its data")
        made = generate(scratch).check()
        if "not done" in made.output:
            sys.exit(made.output)
        bare, ours, around = measure(scratch / PROJECT, options.rows)
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
