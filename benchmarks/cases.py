"""Every file of a folder of cases: make a dataset of it, print what is right and what it gave.

    python3 benchmarks/cases.py FOLDER [--only NAME]

Needs the Python of `tox -e tables`: the library and one generated project run in this process. A file
`predict-<name>-new-<what>` is read with the contract of `predict-<name>-train`. Exits with 1 when a
file is not ok.
"""

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from common import ROOT, head, row

(LIBRARY,) = ROOT.glob("{{*}}/vendor/tabwright/src")
sys.path[:0] = [str(ROOT / "tests"), str(LIBRARY)]

from support.dataset_runner import DatasetRunner, StepResult
from support.default_project import owner_module
from tabwright.dataset.observed import detect_source
from tabwright.io.read import read_batches
from tabwright.prediction.predict_file import predict_file
from tabwright.schema.rules import apply_contract

COLUMNS = ("file", "expected", "got", "result")


@dataclass
class Made:
    """What `make data` made of a file."""

    runner: DatasetRunner
    result: StepResult

    @property
    def said(self) -> str:
        return " ".join([self.result.message, self.result.output, str(self.result.broke or "")])

    @property
    def columns(self) -> dict[str, Any]:
        return self.runner.schema.columns

    @property
    def rows(self) -> pd.DataFrame:
        return pd.concat(map(self.runner.table, ("train", "test", "unlabelled")))

    def sorted(self, name: str) -> list[Any]:
        return sorted(self.rows[name].dropna())

    def first(self, name: str) -> list[Any]:
        return self.sorted(name)[:3]

    def tells(self, *words: str) -> bool:
        return all(word in self.said for word in words)


def new(made: Made, path: Path, column: str) -> list[Any]:
    """Cells of a column of new rows as the contract reads them, or the sentence about each."""
    schema = made.runner.schema
    source = detect_source(path, schema)
    rows = pd.concat(read_batches(path, source, known=schema))
    typed, problems = apply_contract(rows, replace(schema, source=source), target=False)
    broken = problems[problems["rejected_column"] == column]
    return (
        broken["rejected_rule"].tolist() if typed[column].isna().all() else typed[column].tolist()
    )


def carried(made: Made, path: Path, column: str) -> list[str]:
    """Cells of a column in the predictions of a file, as text."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    schema = made.runner.schema
    rows = made.rows
    features = owner_module("features.build_features").build_features(schema, 0)
    model = make_pipeline(features, LogisticRegression())
    classes = sorted(rows[schema.target].unique())
    model.fit(rows[list(schema.features)], rows[schema.target].map(classes.index))
    output = made.runner.root / "predictions.csv"
    predict_file(path, output, model, schema)
    return pd.read_csv(output, dtype=str, keep_default_na=False)[column].tolist()


MARKS = "a number with decimal ',' and thousands '.'"
ACCOUNTS = ["1582218195625938945", "", "1582218195625938949"]
# Of each file: the target, what is right, and how to see it.
CASES: dict[str, tuple[str, Any, Callable[[Made], Any]]] = {
    "apostrophes.csv": ("y", 28, lambda made: len(made.rows)),
    "class-called-NA.csv": ("garage", True, lambda made: made.tells("10 of 28", "'NA'")),
    "classes-that-differ-in-case.csv": (
        "churn",
        True,
        lambda made: made.tells("data checks", "'Yes'", "'yes'"),
    ),
    "cover-sheet.xlsx": ("y", True, lambda made: made.tells("'Read me'", "'Answers'")),
    "date-in-the-index.parquet": ("y", "datetime", lambda made: made.columns["day"].type),
    "dates-day-first-mostly-first-of-month.csv": (
        "y",
        ("%d/%m/%Y", 28),
        lambda made: (made.columns["period"].format, len(made.rows)),
    ),
    "dates-first-cell-odd.csv": (
        "y",
        ("%d/%m/%Y", 27),
        lambda made: (made.columns["due"].format, len(made.rows)),
    ),
    "dates-two-digit-year.csv": (
        "y",
        ["2020-01-01", "2020-01-05"],
        lambda made: [f"{day:%Y-%m-%d}" for day in made.sorted("seen")[:2]],
    ),
    "dates-zero-sentinel.csv": (
        "y",
        ("datetime", 9),
        lambda made: (made.columns["ended"].type, int(made.rows["ended"].isna().sum())),
    ),
    "duration.parquet": (
        "y",
        [0.0, 0.05, 0.12],
        lambda made: [round(v, 2) for v in made.first("wait")],
    ),
    "first-row-incomplete.csv": (
        "y",
        True,
        lambda made: len(made.runner.table("rejected")) > 0 or made.tells("n/k"),
    ),
    "header-of-wavelengths.csv": (
        "grade",
        ["sample", "9.81", "9.72", "9.63", "grade"],
        lambda made: list(made.columns),
    ),
    "header-repeated.csv": ("y", ["no", "yes"], lambda made: made.columns["y"].categories),
    "identifier-of-19-digits.csv": ("y", "identifier", lambda made: made.columns["post_id"].role),
    "nul-byte.csv": (
        "y",
        True,
        lambda made: (
            made.tells("row 21") or 21 in set(made.runner.table("rejected")["rejected_row"])
        ),
    ),
    "numbers-below-limit.csv": ("y", True, lambda made: made.tells("23 of 28", "'<0.5'")),
    "numbers-no-break-space.csv": (
        "y",
        [1100.05, 1191.75, 1282.45],
        lambda made: made.first("prix"),
    ),
    "numbers-one-double-zero.csv": ("y", [0.0, 1.0, 2.0], lambda made: made.first("minutes")),
    "numbers-thousands-comma.tsv": (
        "y",
        [700.0, 1079.0, 1458.0],
        lambda made: made.first("income"),
    ),
    "percent-and-share.csv": ("y", [0.01, 0.03, 0.05], lambda made: made.first("rate")),
    "predict-de-train.csv": ("kauf", [35.94, 137.77, 280.47], lambda made: made.first("betrag")),
    "predict-us-train.csv": ("buy", [35.94, 137.77, 280.47], lambda made: made.first("amount")),
    "target-few-odd-cells.csv": ("price", True, lambda made: made.tells("'sold'", "4, 10")),
    "text-of-digits.xlsx": (
        "y",
        ["02100", "02101", "02102"],
        lambda made: sorted(set(made.rows["zip"]))[:3],
    ),
    "three-of-a-class.csv": (
        "y",
        True,
        lambda made: bool(made.result.message) or "1" in set(made.runner.table("test")["y"]),
    ),
}
# Of each file of new rows: what is right, and how to see it.
NEW: dict[str, tuple[Any, Callable[[Made, Path], Any]]] = {
    "predict-de-new-decimal.parquet": (
        [12.5, 30.25, 99.9],
        lambda made, path: new(made, path, "betrag"),
    ),
    "predict-de-new-english.csv": ([MARKS] * 3, lambda made, path: new(made, path, "betrag")),
    "predict-us-new-ids.jsonl": (ACCOUNTS, lambda made, path: carried(made, path, "account")),
    "predict-us-new-share.xlsx": ([0.81, 0.01], lambda made, path: new(made, path, "share")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="files with this in their name")
    options = parser.parse_args()
    files = [path for path in sorted(options.folder.iterdir()) if path.suffix != ".md"]
    wrong = 0
    print(head(COLUMNS), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runner = DatasetRunner(Path(folder) / "project")
        for path in (path for path in files if options.only in path.name):
            expected, got = outcome(runner, path)
            wrong += got != expected
            print(row([path.name, expected, got, "ok" if got == expected else "not"]), flush=True)
    sys.exit(wrong > 0)


def outcome(runner: DatasetRunner, path: Path) -> tuple[Any, Any]:
    """What is right of a file, and what it gave."""
    if path.name in NEW:
        expected, see_new = NEW[path.name]
        (raw,) = path.parent.glob(f"{path.name.partition('-new-')[0]}-train.*")
        target, _, _ = CASES[raw.name]
    elif path.name in CASES:
        target, expected, see = CASES[path.name]
        raw = path
    else:
        return "no expectation", ""
    shutil.copy(raw, runner.clear())
    made = Made(runner, runner.run(raw.name, target))
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return expected, see_new(made, path) if path.name in NEW else see(made)
    except (Exception, SystemExit) as error:
        told = f"{type(error).__name__}: {made.result.message or error}"
        return expected, " ".join(told.split())[:200]


if __name__ == "__main__":
    main()
