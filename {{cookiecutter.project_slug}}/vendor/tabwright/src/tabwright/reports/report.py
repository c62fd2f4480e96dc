"""One HTML page, complete in itself, on what the model does and how well."""

from typing import Any

from ..project.errors import cli_errors
from ..evaluation.gate import verdict
from .facts import collect_facts
from ..project.files import read_json
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


def main() -> None:
    facts = collect_facts()
    figures = facts.pop("figures")
    page = render(
        title=TITLE,
        warnings=len(read_json(project.warnings_file)),
        figures=figures_in(figures, CAPTIONS),
        slices_figure=figures_in(figures, SLICES_CAPTION),
        **facts,
    )
    write_page(project.report_file, page)


def render(**facts: Any) -> str:
    """Fill `report.html.jinja` with the facts."""
    passed = all(check.passed for check in facts["checks"])
    return fill("report.html.jinja", **facts, outcome=verdict(facts["checks"]), passed=passed)


if __name__ == "__main__":
    with cli_errors():
        main()
