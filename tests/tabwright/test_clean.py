"""What the owner's `clean` may do to rows, and what it is told when it may not."""

import pandas as pd
import pytest
from tabwright.dataset.clean import clean_rows
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project

ROWS = pd.DataFrame({"a": ["1", "2", "3"]}, index=[1, 2, 3])


def test_rows_may_be_left_out_and_columns_added() -> None:
    cleaned = clean_rows(ROWS, lambda rows: rows[rows["a"] != "2"].assign(b=1))
    assert cleaned.index.tolist() == [1, 3]
    assert cleaned.columns.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("clean", "words"),
    [
        (lambda rows: None, "returns NoneType, not a table"),
        (lambda rows: rows["a"], "returns Series, not a table"),
        (lambda rows: rows.merge(rows, on="a"), "changes the index"),
        (lambda rows: pd.concat([rows, rows]), "changes the index"),
    ],
)
def test_mistake_is_a_sentence(clean, words: str) -> None:
    with pytest.raises(ProjectError, match=words):
        clean_rows(ROWS, clean)


def test_library_that_is_not_installed_is_a_sentence(tmp_path, monkeypatch) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tabwright]\npackage = "mine"\n', encoding="utf-8"
    )
    for name, text in (("lacks", "import no_such"), ("typo", "import mine.no_such")):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / f"mine/{name}.py").write_text(f"{text}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    project = Project(tmp_path)
    with pytest.raises(ProjectError, match="lacks imports no_such, which is not installed"):
        project.owner("lacks", "clean", None)
    with pytest.raises(ModuleNotFoundError):
        project.owner("typo", "clean", None)
    assert project.owner("absent", "clean", 1) == 1
