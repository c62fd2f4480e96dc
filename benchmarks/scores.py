"""Scores and seconds of model selection on the tables that have published results.

    python benchmarks/scores.py [FOLDER] [--only NAME] [--splits 3] [--template CHECKOUT] [--timeout S]

Runs in a Python that has the packages of a generated project, in one process: `select_model` with the
settings of `params.yaml` on nine tenths of the rows, scored on the last tenth, for the first `--splits`
of ten folds. The AutoML Benchmark (Gijsbers et al. 2024) scores ten such folds, of its own. `--template`
measures the code of another checkout, for a before and an after. On a busy machine, raise `--timeout`:
the CPU seconds tell whether 120 s on two idle cores were enough.
"""

import argparse
import contextlib
import io
import re
import statistics
import sys
from dataclasses import replace
from pathlib import Path

from common import ROOT, head, machine, row, tell
from tables import HEADLESS, METRICS, read

COLUMNS = (
    "file",
    "metric",
    "score",
    "tuned forest",
    "best published",
    "gap, %",
    "model",
    "CPU s",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", default="", help="files with this in their name")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--template", type=Path, default=ROOT)
    parser.add_argument("--timeout", type=float, help="in place of train.timeout")
    options = parser.parse_args()
    (project,) = options.template.glob("{{*}}")
    sys.path[:0] = [str(options.template / "tests"), str(project / "vendor/tabwright/src")]
    sys.dont_write_bytecode = True
    published = read(options.folder / "published_scores.csv")
    print(f"{machine()}, {options.splits} of 10 folds\n\n{head(COLUMNS)}", flush=True)
    gaps = []
    for entry in read(options.folder / "index.csv"):
        _, column, more_is_better = METRICS[entry["task"]]
        known = [
            (line["framework"], float(line[f"{column}_mean"]))
            for line in published
            if line["file"] == entry["file"] and line[f"{column}_mean"]
        ]
        if not known or options.only not in entry["file"]:
            continue
        target = re.sub(r'^#\d+ "(.*)"$', r"\1", entry["target"]).removesuffix(HEADLESS)
        path = options.folder / entry["file"]
        found = measure(path, target, project, options.splits, options.timeout)
        forest = statistics.mean(score for name, score in known if name == "TunedRandomForest")
        best = (max if more_is_better else min)(score for _, score in known)
        score = found["score"]
        gap = 100 * (best - score if more_is_better else score - best) / best
        reached = score >= forest if more_is_better else score <= forest
        found |= {
            "file": entry["file"],
            "score": f"{score:.4g}",
            "tuned forest": f"{forest:.4g}: {'ok' if reached else 'lower'}",
            "best published": f"{best:.4g}",
            "gap, %": f"{gap:.1f}",
        }
        gaps.append(gap)
        print(row(found[name] for name in COLUMNS), flush=True)
    print(f"\nMean gap to the best published system: {statistics.mean(gaps):.2f} %.")


def measure(path: Path, target: str, project: Path, splits: int, timeout: float | None) -> dict:
    """The mean score on held-out rows, the CPU seconds and the models of the splits."""
    from sklearn.model_selection import KFold, StratifiedKFold
    from support.owner import fit_model
    from tabwright.selection.metrics import (
        deciding_metric,
        encode_target,
        predict_scores,
        task_metrics,
    )

    table, schema, params = load(path, target, project)
    if timeout:
        params = replace(params, train=replace(params.train, timeout=timeout))
    metric = deciding_metric(schema, "auto")
    folds = (KFold if schema.task == "regression" else StratifiedKFold)(
        10, shuffle=True, random_state=0
    )
    scores, seconds, models = [], [], []
    for fit, held_out in list(folds.split(table, table[schema.target]))[:splits]:
        start = cpu_seconds()
        with contextlib.redirect_stdout(io.StringIO()):
            model, facts = fit_model(table.iloc[fit], schema, params)
        seconds.append(cpu_seconds() - start)
        rows = table.iloc[held_out]
        y_true = encode_target(rows, schema)
        score = task_metrics(schema)[metric].function(y_true, predict_scores(model, rows, schema))
        scores.append(score)
        models.append(facts["best"])
        used = facts["candidates"][facts["best"]]
        left_out = ", ".join(facts.get("left_out", [])) or "nothing"
        tell(
            f"{path.name}: {score:.4f}, cross-validated {used['mean']:.4f}, {seconds[-1]:.0f} CPU s, "
            f"{used.get('weights', facts['best'])}, left out: {left_out}"
        )
    return {
        "metric": metric,
        "score": statistics.mean(scores),
        "model": ", ".join(dict.fromkeys(models)),
        "CPU s": f"{statistics.mean(seconds):.0f}",
    }


def cpu_seconds() -> float:
    """Of this process and of those that fit folds for it."""
    import psutil

    this = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in [this, *this.children(recursive=True)])


def load(path: Path, target: str, project: Path) -> tuple:
    """Typed rows with a target, their schema, and the settings a new project has for training."""
    import pandas as pd
    from ruamel.yaml import YAML
    from support.small_table import PARAMS
    from tabwright.dataset.clean import read_clean, unchanged
    from tabwright.dataset.infer import infer_from_file
    from tabwright.project.settings import TrainParams
    from tabwright.schema.rules import apply_contract

    block = re.search(
        r"^train:\n(?:  .*\n)+", (project / "params.yaml").read_text("utf-8"), re.MULTILINE
    )
    train = YAML(typ="safe").load(block[0])["train"]
    params = replace(
        PARAMS,
        seed=42,
        data=replace(PARAMS.data, target=target),
        train=TrainParams(**train),
    )
    with contextlib.redirect_stdout(io.StringIO()):
        schema = infer_from_file(path, params.data, params.seed)
        raw = pd.concat(read_clean(path, schema.source, unchanged, schema.known_columns))
    typed, _ = apply_contract(raw, schema)
    return typed.dropna(subset=[schema.target]).reset_index(drop=True), schema, params


if __name__ == "__main__":
    main()
