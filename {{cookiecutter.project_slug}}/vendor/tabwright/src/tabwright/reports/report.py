"""Write the pages of the data and of the model, and the model card: `make report`."""

from typing import Any

from ..evaluation.gate import verdict
from ..evaluation.slices import describe_slices
from ..project.commands import Arguments, command_parser
from ..project.environment import set_environment
from ..project.files import read_json
from ..project.project import Project
from .facts import Facts, collect_facts
from .headline import headline
from .model_card import write_model_card
from .page import figures_in, fill, write_page


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("report", __doc__).parse_args(arguments)
    set_environment(project)
    from .data_page import write_data_page  # of skrub, which reads the environment

    write_data_page(project)
    facts = {"title": project.title, **read_json(project.warnings_file)}
    facts |= collect_facts(project)
    write_report(project, facts)
    write_model_card(project, facts)


def write_report(project: Project, facts: Facts) -> None:
    """Write `reports/report.html`, of the model that predicts."""
    write_page(project.report_file, render(**facts | {"figures": figures_in(facts["figures"])}))


def render(**facts: Any) -> str:
    """Fill `report.html.jinja` with the facts."""
    passed = all(check.passed for check in facts["checks"])
    sentence = describe_slices(facts["slices"], facts["scores"]["metric"])
    facts |= {"outcome": verdict(facts["checks"]), "passed": passed, "slices_in_words": sentence}
    facts["headline"] = headline(facts["schema"], facts["scores"])
    return fill("report.html.jinja", **facts)
