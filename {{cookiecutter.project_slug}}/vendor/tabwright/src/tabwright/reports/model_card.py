"""The model card, for those who use, review or inherit the model.

After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). What is known is rewritten;
what people write between two marks is kept byte for byte.
"""

from typing import Any

from ..project.files import read_json
from ..project.project import Project
from .facts import collect_facts
from .page import fill, write_page
from .user_sections import preserve_user_sections

USER_SECTIONS = {
    "intended use": (
        "Not decided yet: who uses the predictions, for which decision, and what a wrong one costs.\n"
        "Until that is written here, the model is an experiment, and its predictions decide nothing."
    ),
    "out of scope": (
        "Not decided yet. Until it is: no rows from another place, time or way of measuring than the\n"
        "data came from, and no decision about a person without a person who can overrule it."
    ),
    "limits": (
        "Nobody has written down yet what the data leaves out, how the target was measured, and when\n"
        "the model has to be looked at again. Sections above say what was measured; this one is for\n"
        "what was not."
    ),
    "contacts": (
        "Nobody is named yet: who answers for the model, and whom to tell when it is wrong.\n"
        "`git log` says who made it."
    ),
}


def write_model_card(project: Project) -> None:
    """Write `reports/model_card.md`, keeping what people wrote in it."""
    card = render(
        user_sections=preserve_user_sections(project.model_card_file, USER_SECTIONS),
        title=project.title,
        warnings=read_json(project.warnings_file),
        **collect_facts(project),
    )
    write_page(project.model_card_file, card)


def render(user_sections: dict[str, str], **facts: Any) -> str:
    """Fill `model_card.md.jinja`; `yours` has the text between the marks, by name."""
    return fill("model_card.md.jinja", yours=user_sections, **facts)
