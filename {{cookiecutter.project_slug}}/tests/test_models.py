"""Your models: each can be fitted, saved, and read again, and predicts each row by itself."""

import numpy as np
import pytest
from tabwright.selection.metrics import one_thread, predict_scores
from tabwright.selection.persistence import load_model, save_model
from tabwright.tracking.record import source_code


@pytest.fixture(scope="session")
def models(dataset, schema, owner) -> dict:
    """Every candidate by its name, fitted to the training rows."""
    features, target = dataset.train[list(schema.features)], dataset.train[schema.target]
    known = owner("models.candidates").candidates(schema, seed=0)
    with one_thread():
        return {name: each.pipeline.fit(features, target) for name, each in known.items()}


def test_predictions_are_finite(models, dataset, schema) -> None:
    for name, model in models.items():
        y_pred = predict_scores(model, dataset.test, schema)
        assert len(y_pred) == len(dataset.test), name
        assert np.isfinite(y_pred).all(), name
        if schema.task == "classification":  # a probability for each class
            assert y_pred.sum(axis=1) == pytest.approx(1), name


def test_prediction_of_a_row_does_not_depend_on_the_others(models, dataset, schema) -> None:
    for name, model in models.items():
        y_pred = predict_scores(model, dataset.test, schema)
        alone = predict_scores(model, dataset.test.tail(1), schema)
        assert alone == pytest.approx(y_pred[-1:]), name


def test_prediction_does_not_need_the_target(models, dataset, schema) -> None:
    for name, model in models.items():
        y_pred = predict_scores(model, dataset.test, schema)
        without = predict_scores(model, dataset.test.drop(columns=schema.target), schema)
        assert (without == y_pred).all(), name


def test_model_is_read_as_it_was_saved(models, dataset, schema, project, tmp_path) -> None:
    for name, model in models.items():
        path = tmp_path / f"{name}.skops"
        code = source_code(project)
        loaded = load_model(path, save_model(model, path, code), code)
        y_pred = predict_scores(model, dataset.test, schema)
        assert (predict_scores(loaded, dataset.test, schema) == y_pred).all(), name
