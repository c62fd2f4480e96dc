"""The ML Test Score of a project adds up, and names what exists."""

import re
from fnmatch import fnmatch

import pytest
import yaml
from support.generator import TEMPLATE
from support.in_process import generated
from support.pages import PATH, leaves, made_later

SECTION = re.compile(r"^## (.+)\n((?:.*\n)*?)(?=## |\Z)", re.MULTILINE)
ROW = re.compile(r"^\| (\d) \| [^|]+ \| ([01]) \| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture(
    params=[
        {},
        {"docs": True, "ci": "github", "raw_data": "postgresql://host/shop#orders", "target": "y"},
        {"docs": True, "serving": True, "ci": "gitlab", "dvc_remote": "none", "license": "none"},
    ],
    ids=["example", "github", "gitlab"],
)
def project(request: pytest.FixtureRequest) -> dict[str, str]:
    """The text of each file of a project."""
    return {name: text.decode() for name, text in generated(**request.param).files().items()}


def test_ml_test_score_adds_up(project: dict[str, str]) -> None:
    page = project["docs/ml_test_score.md"]
    stated = dict(re.findall(r"^\| \**([\w ]+?)\** \| \**([\d.]+)\** \|$", page, re.MULTILINE))
    overall = float(stated.pop("ML Test Score"))
    sections = {name: ROW.findall(text) for name, text in SECTION.findall(page)}
    assert list(sections) == list(stated) == ["Data", "Model", "Infrastructure", "Monitoring"]
    for name, rows in sections.items():
        assert [number for number, _, _ in rows] == list("1234567"), name
        assert sum(float(points) for _, points, _ in rows) == float(stated[name]), name
    assert overall == min(map(float, stated.values()))


def test_ml_test_score_names_what_does_it(project: dict[str, str]) -> None:
    rows = [
        (points, how)
        for _, text in SECTION.findall(project["docs/ml_test_score.md"])
        for _, points, how in ROW.findall(text)
    ]
    assert len(rows) == 28
    for points, how in rows:
        by_hand = "By hand: " in how
        nothing = how.startswith(("Not yet: ", "Not applicable here: "))
        assert (points == "1") == (not by_hand and not nothing), how
        assert nothing or re.search("`make [a-z]", how), how
        assert points != "1" or re.search("`[^` ]*[./][^` ]*`", how), f"{how}: in which file?"


def test_ml_test_score_names_what_exists(project: dict[str, str]) -> None:
    targets = set(re.findall(r"^([a-z]+):", project["Makefile"], re.MULTILINE))
    known = {*project, *made_later(project), "dvc.lock"}
    parameters = dict(leaves(yaml.safe_load(project["params.yaml"])))
    spans = re.findall(r"`([^`]+)`", project["docs/ml_test_score.md"])
    for span in spans:
        file, _, test = span.partition("::")
        if words := re.fullmatch(r"make ((?:[a-z]+ ?)+)(?:[A-Z]+=\S+ ?)*", span):
            assert targets >= set(words[1].split()), span
        elif test:
            text = project.get(file) or (TEMPLATE / file).read_text(encoding="utf-8")
            assert f"\ndef {test}(" in text, span
        elif re.fullmatch(r"[a-z]+\.[a-z_]+", span) and span.split(".")[0] in parameters:
            assert span in parameters, span
        elif PATH.fullmatch(span):
            assert any(fnmatch(name, span) for name in known), span
    assert any("::" in span for span in spans)
