"""Every table of a folder: generate a project for it, predict, evaluate, print the scores.

    python3 benchmarks/tables.py [FOLDER] [--only NAME] [--keep]

Needs cookiecutter in the Python that runs it, git and make; with uv on the PATH and its cache
warm, generation takes seconds. FOLDER (default `../shared/data` beside the repository) holds the
tables, `index.csv` (file, target, task, separator; a headerless file names its target by position,
`#14`), `reference_scores.csv` and `published_scores.csv`.

A row is `ok` when the cross-validated score of the chosen model is not worse than the reference by
more than one standard deviation of the reference: the better of a linear model and a random forest
(`logreg_or_ridge`, `random_forest`), also scored in 5-fold cross-validation. The deciding metrics
are those of the project: ROC AUC, log loss for more than two classes, RMSE for values. Where the
AutoML Benchmark (Gijsbers et al. 2024) has the table, the score is to reach that of its tuned random
forest, and the gap to its best system is printed, in per cent of that system's score.
"""

import argparse
import csv
import json
import re
import shutil
import statistics
import tempfile
from pathlib import Path

from common import PROJECT, ROOT, Run, generate, head, machine, row, run, tell

METRICS = {  # of a task: name in the project, columns of the reference, whether more is better
    "binary": ("roc_auc", "auc", True),
    "multiclass": ("log_loss", "logloss", False),
    "regression": ("rmse", "rmse", False),
}
COLUMNS = (
    "file",
    "task",
    "rows",
    "rejected",
    "metric",
    "held-out rows (interval)",
    "cross-validated",
    "reference",
    "result",
    "tuned forest",
    "best published",
    "gap, %",
    "gate",
    "model",
    "generate, s",
    "predict, s",
    "evaluate, s",
    "peak, MB",
)
HEADLESS = " (0-based; no header)"  # behind the position of a target in index.csv
NOISE = ("make", "ERROR: failed to reproduce", "ERROR: Stopping generation", "Hook script failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", default="", help="files with this in their name")
    parser.add_argument("--keep", action="store_true", help="keep the projects")
    options = parser.parse_args()
    tables = [
        entry for entry in read(options.folder / "index.csv") if options.only in entry["file"]
    ]
    references = read(options.folder / "reference_scores.csv")
    published = read(options.folder / "published_scores.csv")
    print(f"{machine()}\n\n{head(COLUMNS)}", flush=True)
    results, gaps = [], []
    for number, entry in enumerate(tables, start=1):
        tell(f"{number} of {len(tables)}: {entry['file']}")
        folder = Path(tempfile.mkdtemp(prefix="tables-"))
        try:
            path = options.folder.resolve() / entry["file"]
            cells = measure(path, entry, references, published, folder)
        finally:
            if options.keep:
                tell(f"  kept in {folder}")
            else:
                shutil.rmtree(folder)
        print(row(cells[name] for name in COLUMNS), flush=True)
        results.append(cells["result"].partition(":")[0])
        gaps += [float(cells["gap, %"])] if cells["gap, %"] else []
    counts = ", ".join(f"{results.count(name)} {name}" for name in dict.fromkeys(results))
    print(f"\nTables: {len(tables)}; {counts}.")
    if gaps:
        print(f"Mean gap to the best published system: {statistics.mean(gaps):.2f} %.")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measure(
    path: Path,
    entry: dict[str, str],
    references: list[dict[str, str]],
    published: list[dict[str, str]],
    folder: Path,
) -> dict[str, str]:
    """The cells of one table's row."""
    cells = dict.fromkeys(COLUMNS, "") | {"file": entry["file"], "task": entry["task"]}
    target = re.sub(r'^#\d+ "(.*)"$', r"\1", entry["target"]).removesuffix(HEADLESS)
    made = generate(folder, f"raw_data={path}", f"target={target}")
    cells["generate, s"] = f"{made.seconds:.0f}"
    if made.code or "not done" in made.output:
        return cells | {"result": f"failed: {last_sentence(made)}"}
    project = folder / PROJECT
    predicted = run("make", "predict", cwd=project)
    cells["predict, s"] = f"{predicted.seconds:.0f}"
    cells["peak, MB"] = f"{predicted.peak_mb:.0f}"
    if found := re.search(r"^(\d+) rows: .* (\d+) rejected$", predicted.output, re.MULTILINE):
        cells["rows"], cells["rejected"] = found.groups()
    if predicted.code:
        return cells | {"result": f"failed: {last_sentence(predicted)}"}
    evaluated = run("make", "evaluate", cwd=project)
    cells["evaluate, s"] = f"{evaluated.seconds:.0f}"
    metrics = project / "reports" / "metrics.json"
    if not metrics.exists():
        return cells | {"result": f"failed: {last_sentence(evaluated)}"}
    cells["gate"] = "closed" if evaluated.code else "open"
    candidates = json.loads((project / "reports" / "candidates.json").read_text("utf-8"))
    cells |= scores(json.loads(metrics.read_text("utf-8")), candidates, entry, references)
    return cells | beside_published(candidates, entry, published)


def scores(
    metrics: dict, candidates: dict, entry: dict[str, str], references: list[dict[str, str]]
) -> dict[str, str]:
    """The cells about scores, beside the reference's where both have the same metric."""
    name = metrics["metric"]
    low, high = metrics["interval"][name].values()
    best = candidates["candidates"][candidates["best"]]
    cells = {
        "metric": name,
        "held-out rows (interval)": f"{metrics['test'][name]:.4g} ({low:.4g} to {high:.4g})",
        "cross-validated": f"{best['mean']:.4g} ± {best['std']:.2g}",
        "model": candidates["best"],
    }
    metric, column, more_is_better = METRICS[entry["task"]]
    if name != metric:
        return cells | {"result": f"not comparable: the reference is in {metric}"}
    known = [
        (float(line[column]), float(line[f"{column}_sd"]))
        for line in references
        if line["file"] == entry["file"]
        and line["protocol"] == "cv5"
        and line["model"] in ("logreg_or_ridge", "random_forest")
    ]
    if not known:
        return cells | {"result": "no reference"}
    reference, std = max(known) if more_is_better else min(known)
    lead = best["mean"] - reference if more_is_better else reference - best["mean"]
    cells["reference"] = f"{reference:.4g} ± {std:.2g}"
    return cells | {"result": "ok" if lead >= -std else "lower"}


def beside_published(
    candidates: dict, entry: dict[str, str], published: list[dict[str, str]]
) -> dict[str, str]:
    """The cells about the AutoML Benchmark."""
    _, column, more_is_better = METRICS[entry["task"]]
    results = [
        (line["framework"], float(line[f"{column}_mean"]))
        for line in published
        if line["file"] == entry["file"] and line[f"{column}_mean"]
    ]
    if not results:
        return {}
    forest = statistics.mean(score for name, score in results if name == "TunedRandomForest")
    best = (max if more_is_better else min)(score for _, score in results)
    ours = candidates["candidates"][candidates["best"]]["mean"]
    reached = ours >= forest if more_is_better else ours <= forest
    gap = (best - ours if more_is_better else ours - best) / best
    return {
        "tuned forest": f"{forest:.4g}: {'ok' if reached else 'lower'}",
        "best published": f"{best:.4g}",
        "gap, %": f"{100 * gap:.1f}",
    }


def last_sentence(done: Run) -> str:
    """The line that says why a command failed: the last error, else the last line."""
    lines = [line.strip() for line in done.output.splitlines()]
    lines = [line for line in lines if line and not line.startswith(NOISE)] or ["nothing was said"]
    errors = [line for line in lines if line.startswith("error:") or "not done:" in line]
    return (errors or lines)[-1].removeprefix("error: ")


if __name__ == "__main__":
    main()
