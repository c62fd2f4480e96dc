"""Folds, and the rows that they are made of."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tabwright.selection import cross_validation


def fold_rows(trained, split: str, by: str) -> list:
    """Training rows fitted on and held out, by fold, in shuffled order of the table."""
    params = replace(trained.params, data=replace(trained.params.data, split=split, split_by=by))
    shuffled = trained.train.sample(frac=1, random_state=0).reset_index(drop=True)
    made = cross_validation.make_folds(shuffled, trained.schema, params)
    assert len(made) > 1
    return [(shuffled.iloc[fitted], shuffled.iloc[tested]) for fitted, tested in made]


def test_folds_of_a_chronological_split_look_into_the_future(trained) -> None:
    for fitted, tested in fold_rows(trained, "chronological", "joined"):
        assert fitted["joined"].max() <= tested["joined"].min()


def test_folds_of_a_group_split_share_no_group(trained) -> None:
    for fitted, tested in fold_rows(trained, "group", "city"):
        assert not set(fitted["city"]) & set(tested["city"])


def test_sample_of_the_rows_is_drawn_from_all_batches(trained, tmp_path: Path, capsys) -> None:
    table = pd.DataFrame({"n": range(200_000)})
    table.to_parquet(tmp_path / "train.parquet")
    drawn = cross_validation.read_rows(tmp_path / "train.parquet", 1000, seed=1)
    assert len(drawn) == drawn["n"].nunique() == 1000
    assert drawn["n"].is_monotonic_increasing
    assert drawn["n"].mean() == pytest.approx(100_000, rel=0.1)
    assert "1000 of 200000 rows" in capsys.readouterr().out
    pd.testing.assert_frame_equal(
        cross_validation.read_rows(tmp_path / "train.parquet", 200_000, 1), table
    )
