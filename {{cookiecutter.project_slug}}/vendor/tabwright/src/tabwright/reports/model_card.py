"""The model card, for those who use, review or inherit the model.

After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). It is written again each time;
what people write between two marks is kept byte for byte.
"""

from typing import Any

from ..project.files import read_json
from ..project.project import Project
from .facts import collect_facts
from .page import fill, write_page
from .user_sections import preserve_user_sections

USER_SECTIONS = ("intended use", "out of scope", "limits", "contacts")


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
    """Fill `model_card.md.jinja` with the facts and the sections of the user, by name."""
    return fill("model_card.md.jinja", yours=user_sections, **facts)
