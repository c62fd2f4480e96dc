"""Is the difference between two runs significant? `make compare RUN=... WITH=...`"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from ..evaluation.comparison import Gain, corrected_t_test, make_side, paired_bootstrap, versus
from ..evaluation.resampling import make_resampling
from ..io.parquet import read_parquet
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.files import md5
from ..project.project import Project
from ..registry.champion import current_champion
from ..schema.schema import load_schema
from ..selection.cross_validation import read_rows
from ..selection.metrics import encode_target, task_metrics
from ..tracking.experiment import download_file
from ..tracking.record import Record, find_record, load_records, short, test_score
from .differences import describe_differences

# Together with rows and seed, these decide the folds.
FOLD_PARAMS = ("train.folds", "data.split", "data.split_by", "train.max_rows")
# Together with the raw table and the seed, these decide which rows are held out.
SPLIT_PARAMS = ("data.raw", "data.split", "data.split_by", "data.test_size", "train.max_rows")


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("compare", __doc__)
    parser.add_argument(
        "--run", default="", help="its name or identifier, or how it begins (default: the latest)"
    )
    parser.add_argument("--with", default="", dest="other", help="(default: the champion)")
    options = parser.parse_args(arguments)
    records, champion = load_records(project), current_champion(project)
    if not records:
        raise ProjectError("there is no run yet: `make train` makes one.")
    if not (options.other or champion):
        words = f"name a run, as in WITH={short(records[0])}"
        raise ProjectError(f"there is no champion to compare with: {words}.")
    run = find_record(project, options.run or records[-1]["run"])
    other = find_record(project, options.other or (champion or {})["run"])
    if run["run"] == other["run"]:
        raise ProjectError(f"{short(run)} is compared with itself: name another with WITH=.")
    for record in (run, other):
        why = f": {record['why']}" if record["why"] else ""
        print(f"{short(record)}  {record['model']}, {test_score(record) or 'not evaluated'}{why}")
    for name, words in describe_differences(project, run, other).items():
        print(f"{name}: {words}")
    rows = by_rows(project, run, other)
    folds = by_folds(project, run, other, same_rows=rows[1] is not None)
    print(f"cross-validation: {folds[0]}")
    print(f"held-out rows: {rows[0]}")
    print(f"verdict: {verdict(run, other, folds[1], rows[1], project.params.evaluate.confidence)}")


def verdict(
    run: Record, other: Record, folds: Gain | None, rows: Gain | None, confidence: float
) -> str:
    """Whether a run is better than another, and a line with the rule."""
    gain, where = (rows, "held-out rows") if rows else (folds, "folds")
    first, second = short(run), short(other)
    if gain is None:
        words = f"none, as {first} and {second} have neither held-out rows nor folds in common"
    elif (found := gain.verdict()) in ("better", "worse"):
        words = f"{first} is {found} than {second} on the same {where}"
    else:
        words = f"{found} between {first} and {second} on the same {where}"
    return (
        f"{words}\nrule: the same held-out rows decide, where there are none the same folds; better is a "
        f"gain whose {confidence:.0%} interval is above 0, worse one below 0, else it may be chance"
    )


def by_folds(
    project: Project, run: Record, other: Record, *, same_rows: bool = False
) -> tuple[str, Gain | None]:
    """The corrected t-test on the scores of the folds, if both runs had the same folds.

    The same rows held out of the same table leave the same rows to train on.
    """
    metric = run["cv"]["metric"]
    made = [
        [record["seed"], record["cv"]["metric"]] + [record["params"][name] for name in FOLD_PARAMS]
        for record in (run, other)
    ]
    same = same_rows and origin(run) == origin(other) and run["rows"] == other["rows"]
    if made[0] != made[1] or not (same or run["train_md5"] == other["train_md5"]):
        return "not compared, the folds or the metric were not the same", None
    scores = f"{metric} {run['cv']['mean']:.4f} against {other['cv']['mean']:.4f}"
    if run["params"]["data.split"] == "chronological":
        words = "not tested: folds of growing length are no sample, see held-out rows"
        return f"{scores}, {words}", None
    known = task_metrics(load_schema(project.schema_file), own=project.metrics)
    confidence = project.params.evaluate.confidence
    gain = corrected_t_test(known[metric], run["cv"]["folds"], other["cv"]["folds"], confidence)
    return f"{scores}, {gain}", gain


def by_rows(project: Project, run: Record, other: Record) -> tuple[str, Gain | None]:
    """The paired bootstrap on the held-out rows, if both runs had the same rows."""
    if "evaluation" not in run or "evaluation" not in other:
        return "not compared, `make evaluate` was not run for both", None
    schema, params = load_schema(project.schema_file), project.params
    with TemporaryDirectory() as folder:
        tables = (predictions(project, record, Path(folder)) for record in (run, other))
        pair = list(tables) if may_be_same_rows(run, other) else []
    if not pair or not same_targets(*pair):
        return "not compared, they were not the same rows", None
    new, old = pair
    metric, y_true = run["evaluation"]["metric"], encode_target(new, schema)
    sides = [make_side(table, schema, metric, project.metrics) for table in (new, old)]
    held_out = new
    if params.data.split != "random":  # groups and dates are not stored with predictions
        if md5(project.test_file) not in [each["evaluation"]["test_md5"] for each in (run, other)]:
            words = "test.parquet has other rows now, so their groups or dates are not known"
            return f"not compared, {words}", None
        held_out = read_rows(project.test_file, params.train.max_rows, params.seed)
    resampling = make_resampling(held_out, params)
    gain = paired_bootstrap(y_true, sides, resampling)
    return f"{versus(metric, y_true, sides)}, {gain}, by {resampling}", gain


def may_be_same_rows(run: Record, other: Record) -> bool:
    """Whether file or origin of the held-out rows are the same; `clean` may derive other columns."""
    files = [record["evaluation"]["test_md5"] for record in (run, other)]
    return files[0] == files[1] or origin(run) == origin(other)


def origin(record: Record) -> list[Any]:
    """The raw table, the seed and the parameters that decide which rows are held out."""
    params = record["params"]
    table = record["data"].get(params["data.raw"])
    return [table, record["seed"], *(params[name] for name in SPLIT_PARAMS)]


def same_targets(new: pd.DataFrame, old: pd.DataFrame) -> bool:
    """Whether two tables of predictions have the same target, row by row: `clean` may drop rows."""
    return list(new) == list(old) and new.iloc[:, 0].equals(old.iloc[:, 0])


def predictions(project: Project, record: Record, folder: Path) -> pd.DataFrame:
    """What the model of a run predicted for the held-out rows.

    Raises
    ------
    ProjectError
        When neither MLflow nor DVC has it.
    """
    name, known = "test_predictions.parquet", record["evaluation"]["predictions_md5"]
    path = download_file(project, record["run"], name, folder / record["run"])
    if path is None:
        from ..project.dvc_storage import DvcStorage  # takes a second to import

        path = DvcStorage(project.root).find(known)
    if path is None:
        raise ProjectError(
            f"the predictions of run {short(record)} are neither in this MLflow database nor in "
            "DVC's cache or remote: `make push` where the run was made."
        )
    return read_parquet(path)
