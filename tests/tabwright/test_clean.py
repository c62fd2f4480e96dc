"""What the owner's `clean` may do to rows, and what it is told when it may not."""

import pandas as pd
import pytest
from tabwright.dataset.clean import clean_rows
from tabwright.project.errors import ProjectError

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
