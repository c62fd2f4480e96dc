"""`make train` and `make predict` next to the same scikit-learn calls in one bare script, by turns.

    python3 benchmarks/speed.py [--rows 100000] [--rounds 3]

Needs cookiecutter in the Python that runs it, git, make and a package index. A project is generated
in a temporary folder and pointed at a synthetic table; `bare.py` runs in the project's environment.
The chosen model, its scores and the predictions of both must agree, else there is no table.
"""

import argparse
import csv
import json
import shutil
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from common import BIN, Run, head, machine, median, new_project, ratio, row, run, tell

BARE = Path(__file__).with_name("bare.py")
NOTE = "prediction_note"  # which the bare script does not write
SCORES, PREDICTIONS = 1e-4, 1e-6  # what may differ: the last digit of a sum may decide a tie


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speed-") as name:
        done = measure(new_project(Path(name)), options.rows, options.rounds)
    print(f"{machine()}, {options.rows} rows, {options.rounds} rounds\n")
    print(head(["work", "project, s, median (range)", "bare script, s", "ratio", "ratio of CPU"]))
    for work, runs in done.items():
        ours, theirs = ([run.seconds for run in each] for each in runs)
        cpu = ratio(*([run.cpu for run in each] for each in runs))
        print(row([work, median(ours), median(theirs), ratio(ours, theirs), cpu]))


def measure(project: Path, rows: int, rounds: int) -> dict[str, tuple[list[Run], list[Run]]]:
    """Runs of the project and of the bare script, by kind of work."""
    scratch = project.parent
    python = project / ".venv" / BIN / "python"
    table = project / "data" / "raw" / "table.csv"
    columns = table.with_suffix(".parquet")
    run(python, BARE, "table", rows, table, columns).check()
    point_at(project, table.name, "outcome")
    run("make", "data", cwd=project).check()
    prepared = (project / "dvc.lock").read_bytes()
    model, scores = scratch / "model.pickle", scratch / "scores.json"
    training = project / "data" / "processed" / "train.parquet"
    trained: tuple[list[Run], list[Run]] = ([], [])
    for number in range(1, rounds + 1):
        tell(f"training, round {number} of {rounds}")
        forget_training(project, prepared)
        trained[0].append(run("make", "train", cwd=project).check())
        candidates = project / "reports" / "candidates.json"
        settings = json.loads(candidates.read_text("utf-8"))["settings_tried"]
        bare = run(python, BARE, "train", training, model, scores, settings, cwd=project)
        trained[1].append(bare.check())
        compare_scores(candidates, scores)
    done = {"`make train`": trained}
    ours, theirs = scratch / "ours.csv", scratch / "theirs.csv"
    for source in (table, columns):
        predicted: tuple[list[Run], list[Run]] = ([], [])
        for number in range(1, rounds + 1):
            tell(f"predicting {source.name}, round {number} of {rounds}")
            files = (f"INPUT={source}", f"OUTPUT={ours}")
            predicted[0].append(run("make", "predict", *files, cwd=project).check())
            predicted[1].append(run(python, BARE, "predict", model, source, theirs).check())
            compare_predictions(ours, theirs)
        done[f"`make predict`, from {source.suffix[1:]} to csv"] = predicted
    return done


def point_at(project: Path, raw: str, target: str) -> None:
    """Name another raw file and target in `params.yaml`, where no clock may stop the search."""
    params = project / "params.yaml"
    text = params.read_text(encoding="utf-8").replace("penguins.csv", raw)
    text = text.replace("timeout: 120", "timeout: 86400")
    text = f"{text.partition('behaviour:')[0]}behaviour: []\n"  # those there are of penguins
    params.write_text(text.replace("target: 'sex'", f"target: '{target}'"), encoding="utf-8")
    (project / "references" / "schema.yaml").unlink(missing_ok=True)


def forget_training(project: Path, lock: bytes) -> None:
    """Let DVC know of the data only, so that `make train` trains."""
    (project / "dvc.lock").write_bytes(lock)
    shutil.rmtree(project / ".dvc" / "cache" / "runs", ignore_errors=True)


def compare_scores(ours: Path, theirs: Path) -> None:
    """Stop unless both chose the same model and saw the same scores."""
    project, bare = json.loads(ours.read_text("utf-8")), json.loads(theirs.read_text("utf-8"))
    names = project["candidates"].keys() | bare["scores"].keys()
    agree = project["best"] == bare["best"] and all(
        abs(project["candidates"][name][kind] - bare["scores"][name][place]) < SCORES
        for name in names
        for place, kind in enumerate(("mean", "std"))
    )
    if not agree:
        sys.exit(f"the bare script does other work: {project}, {bare}")


def compare_predictions(ours: Path, theirs: Path) -> None:
    """Stop unless both predicted the same classes and probabilities."""
    with ours.open(encoding="utf-8") as first, theirs.open(encoding="utf-8") as second:
        for mine, other in zip_longest(csv.DictReader(first), csv.DictReader(second)):
            if not mine or not other or mine.keys() - {NOTE} != other.keys():
                sys.exit(f"the predictions have other rows or columns: {mine}, {other}")
            for name, value in mine.items():
                if name.startswith("probability_"):
                    agree = abs(float(value) - float(other[name])) < PREDICTIONS
                else:
                    agree = not name.startswith("predicted_") or value == other[name]
                if not agree:
                    sys.exit(f"the predictions differ: {mine}, {other}")


if __name__ == "__main__":
    main()
