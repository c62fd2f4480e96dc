"""Your features: numbers without missing values, for every row there may be."""

import numpy as np
import pytest


@pytest.mark.parametrize("dense", [True, False])
def test_features_are_finite_numbers(dense: bool, dataset, schema, owner) -> None:
    features = owner("features.build_features").build_features(schema, seed=0, dense=dense)
    columns, target = list(schema.features), schema.target
    features.fit(dataset.train[columns], dataset.train[target])
    for side in (dataset.train, dataset.test):
        matrix = features.transform(side[columns])
        assert matrix.shape[0] == len(side)
        assert np.isfinite(matrix.data if hasattr(matrix, "nnz") else matrix).all()


def test_row_of_empty_cells_has_features_too(dataset, schema, owner) -> None:
    features = owner("features.build_features").build_features(schema, seed=0, dense=True)
    columns = list(schema.features)
    features.fit(dataset.train[columns], dataset.train[schema.target])
    empty = dataset.test[columns].head(1).reindex([-1])
    assert np.isfinite(features.transform(empty)).all()
