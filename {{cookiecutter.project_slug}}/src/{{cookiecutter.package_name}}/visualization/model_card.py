"""The model card, for those who use, review or inherit the model.

After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). What is known is written anew;
what people write between two marks is kept byte for byte.
"""

import re
from pathlib import Path
from typing import Any

from ..config import (
    BEHAVIOUR,
    CANDIDATES,
    METRICS,
    MODEL,
    MODEL_CARD,
    SLICES,
    TEST,
    TRAIN,
    WARNINGS,
    load_params,
)
from ..data.contract.schema import load_schema
from ..errors import ProjectError, explained
from ..files import md5, replacing
from ..models.gate import present_checks, read_result
from .page import TITLE, count_rows, fill, read_json

YOURS = {
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
MARK = re.compile(r"^<!-- (?:yours: (.+?)|end) -->\r?\n?", re.MULTILINE)


def main() -> None:
    schema, params = load_schema(), load_params()
    card = render(
        yours=kept(MODEL_CARD),
        title=TITLE,
        schema=schema,
        params=params,
        rows=count_rows(),
        hashes={"train": md5(TRAIN), "test": md5(TEST), "model": md5(MODEL)},
        run=run_of_model(md5(MODEL)),
        scores=read_result(METRICS),
        slices=read_result(SLICES),
        tests=read_result(BEHAVIOUR),
        checks=present_checks(),
        candidates=read_json(CANDIDATES),
        warnings=read_json(WARNINGS),
    )
    with replacing(MODEL_CARD) as partial:
        partial.write_text(card, encoding="utf-8", newline="")
    print(f"wrote reports/{MODEL_CARD.name}")


def render(yours: dict[str, str], **facts: Any) -> str:
    """Fill `model_card.md.jinja`; `yours` has the text between the marks, by name."""
    return fill("model_card.md.jinja", yours=yours, **facts)


def kept(path: Path) -> dict[str, str]:
    """What people wrote between the marks of a card; where there is no card, what is true unasked.

    Raises
    ------
    ProjectError
        When a mark is missing, twice there or in the wrong place.
    """
    if not path.exists():
        return {name: f"{text}\n" for name, text in YOURS.items()}
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is not written in UTF-8") from error
    found: dict[str, str] = {}
    name, start = None, 0
    for mark in MARK.finditer(text):
        if (mark[1] is None) == (name is None):
            line = text.count("\n", 0, mark.start()) + 1
            raise _damaged(path, f"the mark in line {line} has no partner")
        if name is not None:
            found[name] = text[start : mark.start()]
        elif mark[1] in found or mark[1] not in YOURS:
            raise _damaged(path, f"`{mark[0].strip()}` is there twice, or is no mark of this card")
        name, start = mark[1], mark.end()
    if missing := [name for name in YOURS if name not in found]:
        raise _damaged(
            path, f"`<!-- yours: {missing[0]} -->` or the `<!-- end -->` of it is missing"
        )
    return found


def run_of_model(model_md5: str) -> str | None:
    """The run that trained the model, or None where it is not known."""
    return None


def _damaged(path: Path, what: str) -> ProjectError:
    return ProjectError(
        f"reports/{path.name}: {what}, and nothing is overwritten. Mend it (`git diff` shows what "
        "changed), or move the file away: the next `make report` begins a new one."
    )


if __name__ == "__main__":
    with explained():
        main()
