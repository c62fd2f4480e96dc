"""Pages, settings, help and messages use the field's terms; each word here has a better one beside it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.generator import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
PAGES = [
    *(path for path in TEMPLATE.glob("*.md") if path.name != "CHANGELOG.md"),  # it has old names
    *TEMPLATE.glob("docs/*.md"),
    *PROJECT.rglob("*.md"),
    *PROJECT.rglob("*.jinja"),
    *(PROJECT / name for name in ("Makefile", "params.yaml", "dvc.yaml", ".env.example")),
    PROJECT / ".pre-commit-config.yaml",
    TEMPLATE / "cookiecutter.json",
]
CODE = [
    TEMPLATE / "local_extensions.py",
    *TEMPLATE.glob("hooks/*.py"),
    *PROJECT.glob("src/**/*.py"),
    *PROJECT.glob("vendor/**/*.py"),
]
BETTER = {
    r"h[eo]lds? (it |them |\w+ )?against|holds (the|each) \w+ against": "compare, validate",
    r"gives? (the|their) target away": "target leakage",
    r"meet again": "duplicated in the training data",
    r"taken back": "rollback",
    r"gets a sentence": "is reported with the reason",
    r"its kin\b": "and similar formats",
    r"knobs?\b": "setting",
    r"anew\b|afresh\b": "again",
    r"the clock": "the time budget",
    r"long tail": "right-skewed",
    r"work it off|takes? one up": "run the queue, apply one",
    r"or( is it)? chance\b": "significant",
    r"at (their|its) word": "does not verify",
    r"told by hand": "explicit",
    r"in no file that": "in no tracked file",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"small letters": "lowercase letters",
    r"\bblanks\b": "spaces",
    r"How good,|From what\b": "performance, data",
    r"(beside|next to) the baseline": "compared with the baseline",
    r"worth a look|\badvi[cs]e\b|\bsettled?\b": "issues, remedy",
    r"\btelling gaps|\bgaps\b": "missing values",
    r"\btwins\b": "train-test duplicates",
    r"\bcontest\b|\bcompetes?\b|\bleaders\b": "model selection, compare",
    r"\bin force\b": "current",
    r"gate (is )?(open|closed)\b|ask the gate": "quality gate passed, failed",
    r"\bspread\b": "standard deviation",
    r"allowed[ _]loss": "max_regression",
    r"search_(iterations|seconds)": "n_iter, timeout",
    r"conflict marks|marks in numbers|two marks": "markers, separators",
    r"\bjudges?\b": "evaluate",
    r"\bblend\b": "voting ensemble",
    r"words for an empty cell": "missing-value markers",
}


def messages(path: Path) -> Iterator[str]:
    """The texts of a module but its docstrings: what it says."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    described = {id(each.value) for each in first if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and " " in text and id(node) not in described:
            yield text


def worse(text: str) -> list[str]:
    """The words of a text that have a better one, with it."""
    return [
        f"{found[0]!r}: {better}"
        for pattern, better in BETTER.items()
        for found in re.finditer(pattern, text)
    ]


def test_pages_use_the_terms_of_the_field() -> None:
    texts = {
        str(path.relative_to(TEMPLATE)): " ".join(path.read_text("utf-8").split()) for path in PAGES
    }
    assert {name: found for name, text in texts.items() if (found := worse(text))} == {}


def test_messages_use_the_terms_of_the_field() -> None:
    found = [
        f"{path.name}: {word}" for path in CODE for text in messages(path) for word in worse(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["every knob", "Better, or chance?", "holds it against the schema"]
)
def test_a_worse_word_is_found(text: str, tmp_path: Path) -> None:
    assert worse(text)
    module = tmp_path / "module.py"
    module.write_text(f'"""No message: {text}"""\nprint(f"1 {text}")\n', encoding="utf-8")
    assert [word for said in messages(module) for word in worse(said)] == worse(text)
