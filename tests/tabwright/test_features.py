"""Features of every kind of column."""

import numpy as np
import pandas as pd
import pytest
from support.owner import build_features
from tabwright.selection import (
    metrics,
)


def test_features_are_numbers_without_gaps(trained) -> None:
    transformer = build_features.build_features(trained.schema, seed=1, dense=True)
    matrix = transformer.fit_transform(trained.train, trained.train["bought"])
    assert matrix.shape[0] == len(trained.train)
    assert np.isfinite(matrix).all()


def test_features_survive_what_training_has_not_seen(trained) -> None:
    transformer = build_features.build_features(trained.schema, seed=1)
    transformer.fit(trained.train, trained.train["bought"])
    strange = trained.test.head(1).assign(city="Rome", remark=None, joined=pd.NaT, spent=np.nan)
    assert transformer.transform(strange).shape[0] == 1


def test_identifier_and_target_are_no_features(trained) -> None:
    assert not {"customer_id", "bought"} & set(trained.schema.features)


def test_prediction_does_not_change_with_the_target_or_identifier(trained) -> None:
    told = trained.test.assign(bought="yes", customer_id="C0000")
    before = metrics.predict_scores(trained.model, trained.test, trained.schema)
    assert (metrics.predict_scores(trained.model, told, trained.schema) == before).all()


@pytest.mark.parametrize("dense", [False, True])
def test_every_column_of_the_matrix_has_a_name(trained, *, dense: bool) -> None:
    features = trained.train[list(trained.schema.features)]
    made = build_features.build_features(trained.schema, 1, dense=dense)
    made.fit(features, trained.train["bought"])
    names = made.get_feature_names_out()
    assert len(set(names)) == len(names) == made.transform(features).shape[1]
    assert "numbers__visits" in names
    if not dense:
        assert "words of remark__remark hash 7" in names
