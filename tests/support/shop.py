"""A project with a champion and the model before it, and what its owner does in it."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .generator import ACTIVATE, Generator, edit

COMMIT = "git add --all && git -c user.name=Ada -c user.email=a@b commit -qnm work"
QUICK = {
    "n_iter: auto": "n_iter: 0",
    "bootstrap: 500": "bootstrap: 60",
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear]",
}


def table() -> str:
    """Rows in which `bought` follows from size, colour and noise; some are not known yet."""
    draw = random.Random(7)
    lines = ["key,size,colour,bought"]
    for n in range(600):
        size, colour = draw.gauss(0, 1), draw.choice(["blue", "green", "red"])
        score = size + (colour == "red") + draw.gauss(0, 0.7)
        bought = "" if n % 20 == 0 else "yes" if score > 0.4 else "no"
        lines.append(f"k{n},{size:.3f},{colour},{bought}")
    return "\n".join(lines) + "\n"


def make_shop(generator: Generator) -> Path:
    """A project whose second model is the champion."""
    (generator.folder / "shop.csv").write_text(table(), encoding="utf-8")
    made = generator(venv=True, raw_data="shop.csv", target="bought", project_slug="shop")
    assert "not done" not in made.output
    edit(made.path, "params.yaml", QUICK | {"candidates: [linear]": "candidates: [forest]"})
    generator.sh(made.path, f"{COMMIT} && make evaluate WHY='the first' && {COMMIT}")
    generator.sh(made.path, "make register promote")
    edit(made.path, "params.yaml", {"candidates: [forest]": "candidates: [linear]"})
    generator.sh(made.path, f"{COMMIT} && make evaluate register WHY='straight | lines'")
    said = generator.sh(made.path, "make promote")
    assert "is the champion" in said
    checked = COMMIT.replace("-qnm", "-qm")  # git's hooks let pass what a promotion writes
    generator.sh(made.path, f"{checked} && make push")
    return made.path


@contextmanager
def other_work(generator: Generator, project: Path) -> Iterator[None]:
    """Afterwards all is as it was committed before."""
    before = generator.sh(project, "git rev-parse HEAD").strip()
    try:
        yield
    finally:
        generator.sh(project, f"git checkout -q . && git reset -q --hard {before}")
        generator.sh(
            project,
            f". .venv/{ACTIVATE} && dvc checkout --quiet --force data train calibrate evaluate",
        )


def decisions(project: Path) -> list[dict]:
    """The log of promotions."""
    return json.loads((project / "models/champion.json").read_text(encoding="utf-8"))
