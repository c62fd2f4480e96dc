"""The pages of the data and of the model, and the model card.

The report is one HTML page, complete in itself, on what the model does and how well.
"""

from pathlib import Path
from typing import Any

from ..evaluation.gate import verdict
from ..project.commands import Arguments, command_parser
from ..project.environment import set_environment
from ..project.files import read_json
from ..project.project import Project
from .facts import collect_facts
from .model_card import write_model_card
from .page import figures_in, fill, write_page

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
SLICES_CAPTION = {
    "slices": (
        "Slices",
        "score and interval of each; one far from the dotted line is a group the model serves otherwise",
    )
}


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("report", __doc__).parse_args(arguments)
    set_environment(project)
    from .data_page import write_data_page  # of skrub, which reads the environment

    write_data_page(project)
    write_report(project)
    write_model_card(project)


def write_report(project: Project) -> None:
    """Write `reports/report.html`, of the model that predicts."""
    facts = collect_facts(project)
    figures = facts.pop("figures")
    page = render(
        title=project.title,
        warnings=len(read_json(project.warnings_file)),
        figures=figures_in(figures, CAPTIONS | _own_captions(figures)),
        slices_figure=figures_in(figures, SLICES_CAPTION),
        **facts,
    )
    write_page(project.report_file, page)


def _own_captions(folder: Path) -> dict[str, tuple[str, str]]:
    """Of the figures that the owner has added."""
    known = CAPTIONS.keys() | SLICES_CAPTION.keys()
    stems = sorted(path.stem for path in folder.glob("*.png") if path.stem not in known)
    return {stem: (stem, "drawn by figures() in visualization/visualize.py") for stem in stems}


def render(**facts: Any) -> str:
    """Fill `report.html.jinja` with the facts."""
    passed = all(check.passed for check in facts["checks"])
    return fill("report.html.jinja", **facts, outcome=verdict(facts["checks"]), passed=passed)
