"""The model card, for those who use, review or inherit the model.

After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). What is known is written anew;
what people write between two marks is kept byte for byte.
"""

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
from ..errors import explained
from ..files import md5, replacing
from ..models.gate import present_checks, read_lines, read_scores
from ..tracking.record import record_of_model
from .page import TITLE, count_rows, fill, read_json
from .yours import kept

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


def main() -> None:
    schema, params = load_schema(), load_params()
    record = record_of_model(md5(MODEL))
    card = render(
        yours=kept(MODEL_CARD, YOURS),
        title=TITLE,
        schema=schema,
        params=params,
        rows=count_rows(),
        hashes={"train": md5(TRAIN), "test": md5(TEST), "model": md5(MODEL)},
        run=record["run"] if record else None,
        scores=read_scores(METRICS),
        slices=read_lines(SLICES),
        tests=read_lines(BEHAVIOUR),
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


if __name__ == "__main__":
    with explained():
        main()
