"""Rows with outcomes go beside the raw data, to train again on."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support.at_work import champion_at_work, predicted, tell
from support.small_table import make_raw
from tabwright.monitoring import feedback
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.registry import live
from tabwright.request_log.log import read_answers


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1, with reference rows."""
    return champion_at_work(project, trained)


@pytest.fixture
def folder(models: Project, trained, monkeypatch) -> Path:
    """A folder of raw files, from which the clean rows come."""
    raw = models.root / "raw"
    raw.mkdir()
    make_raw().to_csv(raw / "raw.csv", index=False)
    data = replace(models.params.data, raw="raw")
    models.__dict__["params"] = replace(models.params, data=data)
    models.clean_file.parent.mkdir(parents=True)
    pd.concat([trained.train, trained.test]).to_parquet(models.clean_file)
    monkeypatch.setattr(feedback, "dvc", lambda *_, **__: "")
    return raw


def test_rows_with_outcomes_go_beside_the_raw_file_once(
    models: Project, folder: Path, trained, capsys
) -> None:
    truth = predicted(models, 7, rows=60)
    tell(models, truth.head(20), capsys)
    assert feedback.add_feedback(models) == 20
    first, made = sorted(folder.iterdir())
    assert first.name == "raw.csv"
    table = pd.read_csv(made, dtype=str)
    assert list(table.columns) == list(make_raw().columns)
    assert dict(zip(table["customer_id"], table["bought"], strict=True)) == dict(
        zip(truth["customer_id"].head(20), truth["bought"].head(20), strict=True)
    )
    given = pd.read_csv(models.root / "new7.csv", dtype=str).head(20)
    assert set(table["remark"]) == set(given["remark"])
    assert set(table["joined"]) == set(given["joined"])
    answers = read_answers(models.log_folder)
    typed = live.typed_answers(answers[answers["outcome"].notna()], trained.schema)
    clean = pd.concat([pd.read_parquet(models.clean_file), typed])
    clean.drop(columns="customer_id").to_parquet(models.clean_file)  # as `make data` would
    assert feedback.add_feedback(models) == 0


def test_rows_that_would_be_read_otherwise_are_refused(
    models: Project, folder: Path, capsys, monkeypatch
) -> None:
    tell(models, predicted(models, 7, rows=20), capsys)

    def twice(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(visits=rows["visits"].astype(float) * 2)

    monkeypatch.setattr(feedback, "find_clean", lambda _: twice)
    with pytest.raises(ProjectError, match="another 'visits' than they were predicted with"):
        feedback.add_feedback(models)
    make_raw().drop(columns="city").to_csv(folder / "raw.csv", index=False)
    with pytest.raises(ProjectError, match=r"clean\(\) makes city"):
        feedback.add_feedback(models)
    assert [path.name for path in folder.iterdir()] == ["raw.csv"]
    data = replace(models.params.data, raw="raw/raw.csv")
    models.__dict__["params"] = replace(models.params, data=data)
    with pytest.raises(ProjectError, match=r"is one file.*`mkdir raw/raw`"):
        feedback.add_feedback(models)


def test_parquet_gets_a_parquet_file_of_its_types(models: Project, folder: Path, capsys) -> None:
    (folder / "raw.csv").unlink()
    raw = make_raw()
    raw = raw.assign(visits=raw["visits"].astype(int), spent=raw["spent"].astype(float))
    raw["joined"] = pd.to_datetime(raw["joined"])
    raw.to_parquet(folder / "raw.parquet")
    tell(models, predicted(models, 7, rows=20), capsys)
    count = feedback.add_feedback(models)
    *_, made = sorted(folder.iterdir())
    table = pd.read_parquet(made)
    assert (len(table), table["visits"].dtype.kind) == (count, "i")
    assert table["joined"].dtype == raw["joined"].dtype
