"""The model card: what is known is written again, what people wrote stays."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from tabwright.evaluation import gate
from tabwright.project.errors import ProjectError
from tabwright.reports import page, report
from tabwright.tracking import record

ODD = "a|b `c`\n<!-- end -->\n# d *e* _f_ [g](h) $x$ \\ 🐧"


def card(trained, yours: dict[str, str], **facts) -> str:
    """A card of the small model."""
    score = {"low": 0.5, "high": 1.0}
    known = {
        "title": "Sales",
        "schema": trained.schema,
        "params": record.flat(asdict(trained.params)),
        "standing": [],
        "rows": {"train": 180, "test": 60, "unlabelled": 0, "rejected": 1},
        "hashes": {"train": "1" * 32, "test": "2" * 32, "model": "3" * 32},
        "run": None,
        "scores": {
            "rows": 60,
            "metric": "roc_auc",
            "test": {"roc_auc": 0.9},
            "interval": {"roc_auc": score},
            "baseline": {"roc_auc": 0.5},
        },
        "slices": [],
        "tests": [],
        "checks": [gate.Check(True, "the model beats the baseline")],
        "candidates": trained.facts,
        "issues": [],
        "checked": [{"kind": "time", "measure": "order", "limit": "0.95", "nearest": ""}],
    }
    return report.render_card(yours, **known | facts)


def yours_of(path: Path) -> dict[str, str]:
    """The words of people on a card."""
    return page.preserve_user_sections(path, report.USER_SECTIONS)


def test_first_card_says_what_is_not_decided(trained, tmp_path: Path) -> None:
    text = card(trained, yours_of(tmp_path / "card.md"))
    for name in report.USER_SECTIONS:
        assert re.search(f"<!-- yours: {name} -->\n(No|Nobody).+?\n<!-- end -->\n", text, re.DOTALL)
    for known in ("**bought**", "1" * 32, "| roc_auc | 0.9000 | 0.5000 to 1.0000 | 0.5000 |"):
        assert known in text
    assert "git checkout" in text
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_run_that_trained_the_model_is_named(trained, tmp_path: Path) -> None:
    text = card(trained, yours_of(tmp_path / "card.md"), run="abc123")
    assert "`make reproduce RUN=abc123`" in text
    assert "git checkout" not in text


@pytest.mark.parametrize(
    "words", ["", "\n", "Ours.\r\n{{ title }} | `x` \\1 🐧\r\n", "  <!-- a -->\n"]
)
def test_words_of_people_stay_byte_for_byte(words: str, trained, tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text(card(trained, {}), encoding="utf-8")
    words_of = yours_of(path) | {"limits": words}
    for title in ("before", "after", "after that"):
        path.write_bytes(card(trained, words_of, title=title).encode())
        assert yours_of(path) == words_of
        words_of = yours_of(path)
    assert f"<!-- yours: limits -->\n{words}<!-- end -->".encode() in path.read_bytes()
    assert b"# Model card: after that" in path.read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<!-- end -->\n", ""),
        ("<!-- yours: limits -->\n", ""),
        ("\n<!-- yours: limits -->", "\n<!-- yours: limit -->"),
        ("\n<!-- yours: limits -->", "\n<!-- yours: contacts -->"),
        ("<!-- yours: limits -->\n", "<!-- end -->\n"),
    ],
)
def test_damaged_marks_are_named(old: str, new: str, trained, tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text(card(trained, yours_of(path)).replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"<!-- yours: limits -->`, .* once, closed by its own"):
        yours_of(path)


@pytest.mark.parametrize("text", [b"", b"# Our own card\n", b"\xff\xfe\x00"])
def test_file_that_is_no_card_is_left_alone(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_bytes(text)
    with pytest.raises(ProjectError, match="not overwritten"):
        yours_of(path)


def test_card_without_an_end_is_damaged(trained, tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    text = card(trained, yours_of(path))
    path.write_text(text[: text.rindex("<!-- end -->")], encoding="utf-8")
    with pytest.raises(ProjectError, match="contacts"):
        yours_of(path)


def test_values_of_the_data_keep_tables_and_marks_whole(trained, tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text(card(trained, {}), encoding="utf-8")
    words_of = yours_of(path)
    part = {"column": ODD, "value": ODD, "rows": 9, "score": None, "low": None, "high": None}
    text = card(
        trained,
        words_of,
        slices=[part],
        tests=[{"test": ODD, "pass_rate": 1.0, "min_pass_rate": 0.95, "passed": True}],
        checks=[gate.Check(True, ODD)],
        issues=[{"column": ODD, "message": ODD, "remedy": ODD}],
        checked=[{"kind": "time", "measure": "order", "limit": "0.95", "nearest": ODD}],
    )
    path.write_text(text, encoding="utf-8")
    assert yours_of(path) == words_of
    columns = {"slices": 7, "tests": 4, "issues": 3, "checked": 4}
    lines = [line for line in text.splitlines() if line.startswith("|") and "🐧" in line]
    assert [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in lines] == [
        columns[name] for name in ("issues", "checked", "slices", "tests")
    ]
    assert not re.search(r"(?<!\\)[`*$]", "".join(lines))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("bill_depth_mm", "bill_depth_mm"), ("_x_", r"\_x\_"), (3, "3"), ("a  b\n", "a b")],
)
def test_plain_words_stay_plain(value: object, expected: str) -> None:
    assert page.plain(value) == expected
