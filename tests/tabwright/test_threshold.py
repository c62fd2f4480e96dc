"""From probabilities to a class."""

import numpy as np
import pytest
from support.owner import train_model
from support.small_table import with_train
from tabwright.selection import (
    metrics,
    threshold,
)


@pytest.mark.parametrize(
    ("goal", "expected"), [("f1", 0.6), ("precision 0.9", 0.9), ("cost 9", 0.1), (0.5, 0.5)]
)
def test_threshold_serves_its_goal(goal: str | float, expected: float) -> None:
    truth = np.array([0, 1, 0, 0, 1, 1, 0, 1]) == 1
    probability = np.array([0.05, 0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9])
    found = threshold.choose_threshold(goal, truth, probability)
    assert found["value"] == expected
    assert found["recall"] == np.mean(probability[truth] >= expected)


def test_threshold_decides_classes_and_leaves_probabilities(trained) -> None:
    params = with_train(threshold=0.999, n_iter=0)
    model, _ = train_model.select_model(trained.train, trained.schema, params)
    assert (model.predict(trained.train[list(trained.schema.features)]) == "no").mean() > 0.9
    probabilities = metrics.predict_scores(model, trained.test, trained.schema)
    assert np.mean(probabilities[:, 1] > 0.5) > 0.2
    rule = metrics.task_metrics(trained.schema, threshold.get_threshold(model))["f1"]
    assert rule.function(metrics.encode_target(trained.test, trained.schema), probabilities) < 0.5
