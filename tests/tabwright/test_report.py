"""The report of a model and its figures."""

import json
import re
from dataclasses import asdict
from pathlib import Path

from support.small_table import predict_test_rows, score_test_rows
from tabwright.evaluation import gate
from tabwright.evaluation.figures import draw
from tabwright.evaluation.figures.importance import importances
from tabwright.project.project import Project
from tabwright.project.text import score
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
        checks=[gate.Check(True, "x Holds"), gate.Check(False, "y is LOW")],
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
    assert html.count("drawn by figures()") == 1
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


def test_every_figure_of_the_library_has_a_sentence_how_to_read_it() -> None:
    code = Path(draw.__file__).parent.glob("*.py")
    stems = {stem for path in code for stem in re.findall(r'"(\w+)\.svg"', path.read_text("utf-8"))}
    template = (Path(page.__file__).parent / "report.html.jinja").read_text(encoding="utf-8")
    assert len(stems) > 10
    for stem in stems - {"slices"}:
        (words,) = re.findall(rf'"{stem}": \(".+", "(.+)"\),', template)
        assert ";" in words or "?" in words, f"{stem}: what is good, what is bad?"


def test_colours_of_the_pages_can_be_read_and_printing_is_black_on_white() -> None:
    base = (Path(page.__file__).parent / "base.html.jinja").read_text(encoding="utf-8")
    light, _, dark = base.partition("@media screen and (prefers-color-scheme: dark)")
    assert "prefers-color-scheme" not in light + dark.partition("{")[2].partition("@media")[2]
    assert "@media print {\n  :root { color-scheme: light; }" in base
    for style, ground in ((light, "#ffffff"), (dark, "#171717")):
        for name in ("quiet", "good", "bad"):
            (colour,) = re.findall(rf"--{name}: (#\w{{6}});", style)
            assert contrast(colour, ground) >= 4.5, (name, ground)


def contrast(*colours: str) -> float:
    """The contrast ratio of WCAG 2."""
    lights = []
    for colour in colours:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        parts = [((part + 0.055) / 1.055) ** 2.4 if part > 0.04 else part / 12.92 for part in parts]
        lights.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05)
    return max(lights) / min(lights)


def test_large_scores_have_no_decimals() -> None:
    assert [score(value) for value in (0.25, 1234.5, 48649.5234)] == ["0.2500", "1,234.5", "48,650"]


def test_pages_are_titled_by_the_project_else_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "car-sales"
    folder.mkdir()
    assert Project(folder).title == "car sales"
    settings = folder / "pyproject.toml"
    settings.write_text('[tool.tabwright]\npackage = "cars"\n', encoding="utf-8")
    assert Project(folder).title == "car sales"  # a project that is older than the setting
    settings.write_text('[tool.tabwright]\ntitle = "R&D: *cars*"\n', encoding="utf-8")
    assert Project(folder).title == "R&D: *cars*"
