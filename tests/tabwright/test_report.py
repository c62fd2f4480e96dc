"""The report of a model and its figures."""

import json
from dataclasses import asdict
from pathlib import Path

from support.small_table import predict_test_rows, score_test_rows
from tabwright.evaluation import gate
from tabwright.evaluation.figures import draw
from tabwright.evaluation.figures.importance import importances
from tabwright.reports import page, report
from tabwright.tracking import record


def test_figures_and_report_are_complete(trained, tmp_path: Path) -> None:
    predicted = predict_test_rows(trained.model, trained)
    losses = importances(trained.model, predicted, 1)
    draw.draw_figures(trained.model, predicted, losses, "f1", 1, tmp_path / "f")
    names = {path.stem for path in (tmp_path / "f").glob("*.svg")}
    assert names == {
        "roc",
        "precision_recall",
        "confusion_matrix",
        "calibration",
        "cost",
        "gain",
        "partial_dependence",
        "permutation_importance",
    }
    scores = json.loads(json.dumps(score_test_rows(trained.model, trained)))
    scores["reliance"] = "The column 'spent' has it all."
    part = {"column": "<city>", "value": "Bern", "rows": 12, "scores": {}}
    slices = [part | {"score": 0.5, "low": 0.25, "high": 0.75, "expected": 0.9, "differs": "worse"}]
    slices.append(part | {"value": "few", "score": None, "low": None, "high": None})
    draw.draw_slices(slices, 0.6, "roc_auc", tmp_path / "f")
    html = report.render(
        title="<Sales>",
        schema=trained.schema,
        scores=scores,
        slices=slices,
        tests=[],
        checks=[gate.Check("one", True, "x Holds"), gate.Check("two", False, "y is LOW")],
        candidates=trained.facts | {"left_out": ["forest", "linear 3"]},
        rows={"train": 1, "test": 2, "unlabelled": 3, "rejected": 4},
        issues=[{}],
        checked=[],
        figures=page.figures_in(tmp_path / "f") | {"mine": ""},
        params=record.flat(asdict(trained.params)),
        hashes={"train": "0" * 32},
        standing=["This is the <champion>."],
        role="champion, version 2",
        made={"trained": "2026-01-02", "run": "1a2b3c4d", "by": "Ada <Lovelace>"},
    )
    assert html.count("data:image/svg+xml;base64,") == len(names) + 1
    assert "<strong>mine:</strong> drawn by figures()" in html
    assert "&lt;Sales&gt;" in html
    assert "&lt;city&gt;" in html
    assert "&lt;champion&gt;" in html
    assert "Quality gate failed: y is LOW" in html
    assert "1 warning about the data" in html
    assert (
        "1 of 1 differs from the other rows beyond chance in roc_auc: &lt;city&gt; Bern is worse"
        in html
    )
    above, _, folded = html.partition("<details>")
    assert ("Bern</td>" in above, "few</td>" in above, "few</td>" in folded) == (True, False, True)
    assert "<strong>Warning:</strong> The column" in html
    assert "chosen for f1" in html
    assert "as <code>train.timeout</code> ends before they do: forest, linear 3." in html
    assert "Calibrated: " in html
    assert "http" not in html.replace("http-equiv", "")
