"""From drift to another champion in a generated project, by make alone."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from support.generator import ACTIVATE, Generator, edit
from support.orders import orders

COMMIT = "git add --all && git -c user.name=Ada -c user.email=a@b commit -qnm work"
QUICK = {
    "n_iter: auto": "n_iter: 0",
    "bootstrap: 500": "bootstrap: 100",
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear]",
}
COLUMNS = ["order_id", "channel", "amount", "items", "express", "returned"]
CHANGED = {"concept": 2.0, "new": 0.05}
OPPOSITE = {"concept": -2.0}  # of what the second champion has learned


@pytest.fixture
def project(generator: Generator) -> Path:
    """A project with a champion, whose raw data is a file."""
    orders(2_000, seed=1)[COLUMNS].to_csv(generator.folder / "orders.csv", index=False)
    made = generator(venv=True, raw_data="orders.csv", target="returned", project_slug="orders")
    edit(made.path, "params.yaml", QUICK)
    said = generator.sh(made.path, f"{COMMIT}; make train register && {COMMIT} && make promote")
    assert "version 1" in said
    return made.path


def months(generator: Generator, project: Path, *seeds: int, **change: float) -> None:
    """Predict 900 orders in each, and learn what became of them."""
    tables = [orders(900, seed, **change)[COLUMNS] for seed in seeds]
    for table in tables:
        table.drop(columns="returned").to_csv(project / "new.csv", index=False)
        generator.sh(project, "make predict INPUT=new.csv OUTPUT=scored.csv")
    known = pd.concat(tables)[["order_id", "returned"]]
    known.to_csv(project / "known.csv", index=False)
    said = generator.sh(project, "make outcomes INPUT=known.csv")
    assert f"{len(known)} of them of a logged answer" in said
    for name in ("new.csv", "known.csv", "scored.csv", "scored.csv.origin.json"):
        (project / name).unlink()


def test_drift_leads_to_another_champion_and_back(generator: Generator, project: Path) -> None:
    assert "nothing is to be done" in generator.sh(project, "make monitor act")
    months(generator, project, 2, 3, **CHANGED)
    said = generator.sh(project, "make monitor")
    assert "retrain: train again" in said
    report_month(generator, project)
    assert "channel: it has values" in said
    said = generator.sh(project, "make act", code=1)
    assert "orders.csv is one file" in said
    folder = (
        "dvc remove data/raw/orders.csv.dvc && mkdir data/raw/orders && "
        "mv data/raw/orders.csv data/raw/orders"
    )
    generator.sh(project, f". .venv/{ACTIVATE} && {folder}")
    edit(project, "params.yaml", {"data/raw/orders.csv": "data/raw/orders"})
    generator.sh(project, f"make setup data && {COMMIT} && make act && {COMMIT}")
    assert len(list((project / "data/raw/orders").glob("z-outcomes-*.csv"))) == 1
    said = generator.sh(project, "make promote", code=1)
    assert "500 are missing" in said
    assert "nothing is to be done" in generator.sh(project, "make act")
    months(generator, project, 4, **CHANGED)
    said = generator.sh(project, "make monitor")
    assert re.search(r"version 2 .* is in the shadow: roc_auc .* better", said), said
    said = generator.sh(project, f"make promote && {COMMIT}")
    assert "on 900 live rows: gain" in said
    assert not (project / "models/shadow.json").exists()
    log = json.loads((project / "models/champion.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in log] == ["1", "2"]
    go_back(generator, project)


def report_month(generator: Generator, project: Path) -> None:
    """A notebook with parameters tells of a month what the page tells of all rows."""
    day = max((project / "data/log").glob("????-??-??.db")).stem
    generator.sh(project, f'make notebooks P="-p month {day[:7]}"')
    (book,) = (project / "reports").glob("*.ipynb")
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    said = json.dumps([cell.get("outputs", []) for cell in cells])
    watched = json.loads((project / "reports/monitoring.json").read_text(encoding="utf-8"))
    (live,) = watched["live"]
    assert f"{day[:7]}: {watched['answers']} rows predicted" in said
    assert f"{live['score']:.6f}" in said
    generator.sh(project, 'make notebooks P="-p month 1999-12"')
    assert "no outcome of these rows is known" in book.read_text(encoding="utf-8")
    generator.sh(project, "git diff --exit-code notebooks")


def go_back(generator: Generator, project: Path) -> None:
    """The first champion, in the shadow, is better on what comes now: it is brought back."""
    former, _ = json.loads((project / "models/champion.json").read_text(encoding="utf-8"))
    shadow = f"make shadow RUN={former['run']}"
    said = generator.sh(project, f"{shadow} && make shadow END=1 && {shadow}")
    assert "no model predicts in the shadow" in said
    months(generator, project, 6, 7, **OPPOSITE)
    said = generator.sh(project, "make monitor")
    assert "rollback: go back to the previous champion" in said, said
    said = generator.sh(project, "make act")
    assert "to do: `make rollback`, or `make act AUTO=1`" in said
    said = generator.sh(project, "make act AUTO=1")
    assert "version 1" in said, said
    *_, last = json.loads((project / "models/champion.json").read_text(encoding="utf-8"))
    assert (last["run"], last["what"]) == (former["run"], "rolled back")
    assert "the predictions are worse than on the held-out rows" in last["why"]
    assert not (project / "models/shadow.json").exists()
    assert "another champion was promoted" in generator.sh(project, "make act AUTO=1", code=1)
    key = orders(900, 7, **OPPOSITE)["order_id"].iloc[0]
    assert re.search("logged answers? deleted", generator.sh(project, f"make forget ID={key}"))
