"""One HTML page, complete in itself, on what the model does and how well."""

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader
from skrub import TableReport

from ..config import (
    CANDIDATES,
    CLEAN,
    DATA_PROFILE,
    FIGURES,
    METRICS,
    REJECTED,
    REPORT,
    TEST,
    TRAIN,
    UNLABELLED,
    load_params,
)
from ..data.schema import load_schema
from ..errors import ProjectError, explained
from ..files import md5, replacing
from ..models.gate import verdict

TABLES = (TRAIN, TEST, UNLABELLED, REJECTED)
PROFILE_ROWS = 20_000
CAPTIONS = {
    "roc": ("ROC curve", "share of the class found against false alarms, for every threshold"),
    "precision_recall": (
        "Precision and recall",
        "share of alarms that are right against the share of the class found",
    ),
    "confusion_matrix": ("Confusion matrix", "held-out rows by true class and predicted class"),
    "calibration": (
        "Calibration",
        "when the model says 70 %, is it right in 70 of 100 rows? On the line, it is",
    ),
    "predicted_and_actual": (
        "Predicted and actual",
        "each dot is a held-out row; on the line, the prediction is exact",
    ),
    "residuals": (
        "Residuals",
        "what is left over; a pattern here is something the model has not learned",
    ),
    "permutation_importance": (
        "Permutation importance",
        "what the model leans on: the loss when a column is shuffled",
    ),
}


def main() -> None:
    params = load_params()
    clean = pd.read_parquet(CLEAN)
    page = render(
        title=REPORT.parents[1].name.replace("-", " "),
        schema=load_schema(),
        scores=_read(METRICS),
        candidates=_read(CANDIDATES),
        rows={path.stem: pq.read_metadata(path).num_rows for path in TABLES},
        figures=figures_in(FIGURES),
        data=params.data.raw,
        data_md5=md5(TRAIN),
        seed=params.seed,
    )
    with replacing(REPORT) as partial:
        partial.write_text(page, encoding="utf-8")
    sample = clean if len(clean) <= PROFILE_ROWS else clean.sample(PROFILE_ROWS, random_state=0)
    with replacing(DATA_PROFILE) as partial:
        TableReport(sample, title="Data profile", verbose=0).write_html(partial)
    print(f"wrote reports/{REPORT.name} and reports/{DATA_PROFILE.name}")


def render(**facts: Any) -> str:
    """Fill `report.html.jinja` with the facts."""
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        outcome, passed = verdict(facts["scores"]), True
    except ProjectError as refusal:
        outcome, passed = str(refusal), False
    page = environment.get_template("report.html.jinja")
    return page.render(**facts, outcome=outcome, passed=passed)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def figures_in(folder: Path) -> list[dict[str, str]]:
    """The known figures in a folder: `name`, `caption`, and the `png` file in base64."""
    return [
        {
            "name": name,
            "caption": caption,
            "png": base64.b64encode((folder / f"{stem}.png").read_bytes()).decode(),
        }
        for stem, (name, caption) in CAPTIONS.items()
        if (folder / f"{stem}.png").exists()
    ]


if __name__ == "__main__":
    with explained():
        main()
