"""Write the pages of the data and of the model, and the model card: `make report`."""

from typing import Any

from ..evaluation.gate import verdict
from ..evaluation.slices import describe_slices
from ..project.commands import Arguments, command_parser
from ..project.environment import set_environment
from ..project.files import read_json
from ..project.project import Project
from .facts import collect_facts
from .headline import headline
from .page import figures_in, fill, preserve_user_sections, write_page

USER_SECTIONS = ("intended use", "out of scope", "limits", "contacts")  # of the model card


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("report", __doc__).parse_args(arguments)
    set_environment(project)
    from .data_page import write_data_page  # of skrub, which reads the environment

    write_data_page(project)
    facts = {"title": project.title, **read_json(project.warnings_file), **collect_facts(project)}
    facts["figures"] = figures_in(facts["figures"])
    write_page(project.report_file, render(**facts))
    kept = preserve_user_sections(project.model_card_file, USER_SECTIONS)
    write_page(project.model_card_file, render_card(kept, **facts))


def render(**facts: Any) -> str:
    """Fill `report.html.jinja` with the facts."""
    checks, schema, scores = facts["checks"], facts["schema"], facts["scores"]
    return fill(
        "report.html.jinja",
        **facts,
        headline=headline(schema, scores),
        outcome=verdict(checks),
        passed=all(check.passed for check in checks),
        slices_in_words=describe_slices(facts["slices"], scores["metric"]),
    )


def render_card(user_sections: dict[str, str], **facts: Any) -> str:
    """Fill `model_card.md.jinja` with the facts and the sections of the user, by name.

    The card is for those who use, review or inherit the model, after Mitchell et al., "Model Cards for
    Model Reporting" (FAT* 2019). It is written again each time; what people write between two marks is
    kept byte for byte.
    """
    sentence = describe_slices(facts["slices"], facts["scores"]["metric"])
    return fill("model_card.md.jinja", yours=user_sections, **facts, slices_in_words=sentence)
