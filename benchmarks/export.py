"""Exported models next to scikit-learn's: the largest difference, and the CPU time of one row.

    python benchmarks/export.py [FOLDER] [--only NAME] [--rows 2000]

Runs in a Python that has the packages of a generated project and onnx, in one process. Each candidate
is fitted on at most `--rows` rows of each table without text and predicts 5,000 of them, and unusual
rows made from them. `voting` is the weighted mean of all five, of classes calibrated and with a threshold. The times are
its own: from a typed table of one row to an array, and of the session alone, whose inputs are made.
"""

import argparse
import re
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from common import ROOT, head, machine, row
from scores import load
from tables import HEADLESS, read

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator
    from tabwright.schema.schema import Schema

MODELS = ("linear", "boosting", "extra trees", "neural net", "forest")
TIMES = ("scikit-learn, ms", "exported, ms", "session, ms", "ratio", "ratio of the session")
COLUMNS = ("file", "task", "rows", "features", *MODELS, "voting", *TIMES)
MAX_ROWS = 5000
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", default="", help="files with this in their name")
    parser.add_argument("--rows", type=int, default=2000, help="to fit on")
    options = parser.parse_args()
    (project,) = ROOT.glob("{{*}}")
    sys.path[:0] = [str(ROOT / "tests"), str(project / "vendor/tabwright/src")]
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    print(f"{machine()}\n\n{head(COLUMNS)}", flush=True)
    for entry in read(options.folder / "index.csv"):
        if options.only not in entry["file"]:
            continue
        target = re.sub(r'^#\d+ "(.*)"$', r"\1", entry["target"]).removesuffix(HEADLESS)
        found = measure(options.folder / entry["file"], target, project, options.rows)
        print(row([entry["file"], *found]), flush=True)


def measure(path: Path, target: str, project: Path, rows: int) -> list[object]:
    """The cells of a line after the first."""
    from support.owner import candidates
    from tabwright.export.check import compare, unusual_rows
    from tabwright.export.models import to_onnx
    from tabwright.export.runtime import Session
    from tabwright.project.errors import ProjectError
    from tabwright.selection.metrics import one_thread, predict_scores

    table, schema, _ = load(path, target, project)
    cells: list[object] = [schema.task, len(table), len(schema.features)]
    some = table.sample(min(rows, len(table)), random_state=0)
    tables = [table.head(MAX_ROWS), unusual_rows(table.head(5), schema)]
    models: dict[str, BaseEstimator] = {}
    with one_thread():
        for name in (*MODELS, "voting"):
            if name in MODELS:
                model = candidates.candidates(schema, 0)[name].pipeline
                models[name] = model.fit(some[list(schema.features)], some[schema.target])
            else:
                model = combined(models, some, schema)
            try:
                session = Session(to_onnx(model, schema).SerializeToString(), schema)
            except ProjectError as error:
                return [*cells, str(error).partition(";")[0]]
            _, difference = compare(model, session, schema, tables)
            cells.append(f"{difference:.1e}")
        one = table.head(1)
        given = session.inputs(one)
        theirs = cpu(lambda: predict_scores(model, one, schema), 5)
        ours = cpu(lambda: session.scores(one), 100)
        alone = cpu(lambda: session.session.run(None, given), 100)
    times = (f"{1000 * each:.3f}" for each in (theirs, ours, alone))
    return [*cells, *times, f"{theirs / ours:.0f}", f"{theirs / alone:.0f}"]


def combined(models: dict, rows: "pd.DataFrame", schema: "Schema") -> "BaseEstimator":
    """The mean of fitted models, of classes calibrated and with a threshold."""
    from sklearn.frozen import FrozenEstimator
    from sklearn.model_selection import FixedThresholdClassifier
    from tabwright.selection.calibration import calibrator, corrected
    from tabwright.selection.candidate import voting_ensemble

    features, target = rows[list(schema.features)], rows[schema.target]
    parts = {name: FrozenEstimator(model) for name, model in models.items()}
    weights = list(range(1, len(parts) + 1))
    model = voting_ensemble(parts, weights, schema).pipeline.fit(features, target)
    if schema.task == "regression":
        return model
    classes = model.classes_.tolist()
    y_proba = model.predict_proba(features)
    y_proba = y_proba[:, 1:] if len(classes) == 2 else y_proba
    fitted = calibrator(len(classes)).fit(y_proba, target.map(classes.index))
    model = corrected(model, fitted).fit(features, target)
    if len(classes) > 2:
        return model
    return FixedThresholdClassifier(
        FrozenEstimator(model),
        threshold=0.3,
        pos_label=schema.classes[1],
        response_method="predict_proba",
    ).fit(features, target)


def cpu(call: Callable[[], object], times: int) -> float:
    """CPU seconds of a call, the median of some rounds."""
    call()
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(times):
            call()
        seconds.append((time.process_time() - start) / times)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
