"""The model card, for those who use, review or inherit the model.

After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). It is written again each time;
what people write between two marks is kept byte for byte.
"""

from typing import Any

from ..evaluation.slices import describe_slices
from ..project.project import Project
from .facts import Facts
from .page import fill, write_page
from .user_sections import preserve_user_sections

USER_SECTIONS = ("intended use", "out of scope", "limits", "contacts")


def write_model_card(project: Project, facts: Facts) -> None:
    """Write `reports/model_card.md`, keeping what people wrote in it."""
    kept = preserve_user_sections(project.model_card_file, USER_SECTIONS)
    write_page(project.model_card_file, render(kept, **facts))


def render(user_sections: dict[str, str], **facts: Any) -> str:
    """Fill `model_card.md.jinja` with the facts and the sections of the user, by name."""
    sentence = describe_slices(facts["slices"], facts["scores"]["metric"])
    return fill("model_card.md.jinja", yours=user_sections, **facts, slices_in_words=sentence)
