"""A damaged file, or one that is not what its name says, ends a command in one sentence."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from support.read_table import read_table
from tabwright.io.parquet import read_parquet, rows_in
from tabwright.prediction import predict
from tabwright.project.errors import ProjectError
from tabwright.project.files import replacing
from tabwright.project.project import Project


def damaged(path: Path) -> Path:
    """A Parquet file whose end is lost."""
    pd.DataFrame({"a": range(100)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-50])
    return path


@pytest.mark.parametrize("name", ["new.parquet", "new.csv", "new.json", "new.xlsx", "new.csv.gz"])
def test_new_rows_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    path = damaged(tmp_path / name)
    with pytest.raises(ProjectError, match=f"{name}: .*") as said:
        read_table(path)
    assert "\n" not in str(said.value)


def test_rows_to_predict_that_are_damaged(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.unlabelled_file.parent.mkdir(parents=True)
    damaged(project.unlabelled_file)
    with pytest.raises(ProjectError, match=r"unlabelled\.parquet cannot be read"):
        predict.default_input(project)


def test_other_results_that_are_damaged(tmp_path: Path) -> None:
    path = damaged(tmp_path / "table.parquet")
    for read in (read_parquet, rows_in):
        with pytest.raises(ProjectError, match="`make verify`"):
            read(path)


def test_place_for_predictions_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "old.csv").touch()
    with (
        pytest.raises(ProjectError, match=r"old\.csv: .*Name another folder"),
        replacing(tmp_path / "old.csv" / "new.csv"),
    ):
        pass


def test_workbook_without_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = nullcontext(SimpleNamespace(sheets_metadata=[]))  # only charts
    monkeypatch.setattr("tabwright.io.typed.load_workbook", lambda _: book)
    path = tmp_path / "new.xlsx"
    path.write_bytes(b"any")
    with pytest.raises(ProjectError, match="no sheet of cells"):
        read_table(path)
