"""Your data: what `clean` does to rows, and what the schema expects of them."""

import pandas as pd
from tabwright.schema.rules import ROW, apply_contract, describe, rejected_by


def test_clean_keeps_the_numbers_of_rows(raw, owner) -> None:
    cleaned = owner("data.make_dataset").clean(raw.copy())
    assert cleaned.index.is_unique
    assert cleaned.index.isin(raw.index).all()


def test_clean_takes_each_row_by_itself(raw, owner) -> None:
    clean = owner("data.make_dataset").clean
    whole = clean(raw.copy())
    parts = [clean(raw.iloc[: len(raw) // 2].copy()), clean(raw.iloc[len(raw) // 2 :].copy())]
    pd.testing.assert_frame_equal(pd.concat(parts), whole, check_dtype=False)


def test_rows_are_as_the_schema_expects(raw, schema, project, owner) -> None:
    cleaned = owner("data.make_dataset").clean(raw.copy())
    _, problems = apply_contract(cleaned, schema)
    rejected = rejected_by(problems)[ROW].nunique()
    assert rejected <= project.params.data.max_rejected * len(raw), describe(problems)


def test_every_row_is_on_one_side(dataset, schema) -> None:
    sides = (dataset.train, dataset.test, dataset.unlabelled)
    assert sum(map(len, sides)) == len(dataset.clean)
    for side in (dataset.train, dataset.test):
        assert len(side)
        assert side[schema.target].notna().all()
    assert dataset.unlabelled[schema.target].isna().all()
    assert dataset.train[schema.target].unique().size > 1
