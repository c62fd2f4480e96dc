"""From probabilities to a class."""

import numpy as np
import pytest
from support.owner import fit_model
from support.small_table import with_train
from tabwright.project.errors import ProjectError
from tabwright.selection import metrics, threshold

ROWS = 20_000


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Honest probabilities of rows, and whether each is positive."""
    random = np.random.default_rng(0)
    y_proba = random.beta(1, 4, ROWS)
    return random.random(ROWS) < y_proba, y_proba


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("f1", 0.6),
        ("precision 0.9", 0.9),
        ("recall 0.5", 0.7),
        ("recall 0.51", 0.6),
        ("recall 1", 0.1),
        ("cost 9", 0.1),
        ("top 3", 0.7),
        ("top 25%", 0.8),
        ("top 24.9%", 0.9),
        ("top 1%", 0.9),
        ("top 8", 0.05),
        (0.5, 0.5),
    ],
)
def test_threshold_serves_its_goal(goal: str | float, expected: float) -> None:
    truth = np.array([0, 1, 0, 0, 1, 1, 0, 1]) == 1
    probability = np.array([0.05, 0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9])
    found = threshold.choose_threshold(goal, truth, probability, 8)
    assert found["value"] == expected
    assert found["recall"] == np.mean(probability[truth] >= expected)
    assert found["positive"] == np.mean(probability >= expected)


def test_threshold_is_the_best_of_all(drawn) -> None:
    y_true, y_proba = drawn

    def best(goal: str) -> float:
        return threshold.choose_threshold(goal, y_true, y_proba, ROWS)["value"]

    # Of honest probabilities, a row is worth a false alarm from 1 / (1 + cost) on (Elkan 2001).
    assert best("cost 4") == pytest.approx(1 / 5, abs=0.03)
    assert best("cost 1") == pytest.approx(1 / 2, abs=0.03)
    # The threshold for F1 is half the F1 it reaches (Lipton, Elkan & Naryanaswamy 2014).
    flagged = y_proba >= best("f1")
    f1 = 2 * np.sum(flagged & y_true) / (flagged.sum() + y_true.sum())
    assert best("f1") == pytest.approx(f1 / 2, abs=0.03)
    assert best("top 10%") == pytest.approx(np.quantile(y_proba, 0.9), abs=1e-3)
    for reached in (0.5, 0.8, 0.95):
        value = best(f"recall {reached}")
        above = y_proba[y_true] > value
        assert above.mean() < reached <= np.mean(y_proba[y_true] >= value)


def test_top_takes_that_many_rows_or_that_share(drawn) -> None:
    y_true, y_proba = drawn
    for goal, rows, share in (
        ("top 500", ROWS, 0.025),
        ("top 2.5%", ROWS, 0.025),
        ("top 29%", ROWS, 0.29),  # 0.29 * 20000 is a float below 5800
        ("top 500", 2 * ROWS, 0.0125),  # half of the training rows were held out
    ):
        assert threshold.choose_threshold(goal, y_true, y_proba, rows)["positive"] == share
    ties = np.round(y_proba, 1)  # of which no threshold takes a part
    found = threshold.choose_threshold("top 10%", y_true, ties, ROWS)
    assert found["positive"] <= 0.1 < np.mean(ties >= found["value"] - 0.1)
    with pytest.raises(ProjectError, match=r"`top 500`, of 499 training rows"):
        threshold.choose_threshold("top 500", y_true[:499], y_proba[:499], 499)


def test_threshold_decides_classes_and_leaves_probabilities(trained) -> None:
    params = with_train(threshold=0.999, n_iter=0)
    model, _ = fit_model(trained.train, trained.schema, params)
    assert (model.predict(trained.train[list(trained.schema.features)]) == "no").mean() > 0.9
    probabilities = metrics.predict_scores(model, trained.test, trained.schema)
    assert np.mean(probabilities[:, 1] > 0.5) > 0.2
    rule = metrics.task_metrics(trained.schema, threshold.get_threshold(model))["f1"]
    assert rule.function(metrics.encode_target(trained.test, trained.schema), probabilities) < 0.5
