"""Scores on held-out rows, and the gate."""

import numpy as np
from sklearn.base import clone
from support.small_table import predict_test_rows, score_test_rows
from tabwright.evaluation import gate, held_out
from tabwright.selection import candidate, metrics


def test_scores_lie_within_their_intervals(trained) -> None:
    scores = score_test_rows(trained.model, trained)
    for name, score in scores["test"].items():
        assert scores["interval"][name]["low"] <= score <= scores["interval"][name]["high"], name
    assert scores["rows"] == len(trained.test)
    assert "roc_auc" in str(
        held_out.Evaluation(scores, [], [], predict_test_rows(trained.model, trained))
    )


def test_gate_opens_for_a_good_model_only(trained) -> None:
    rules = metrics.task_metrics(trained.schema)
    (good,) = gate.checks(
        score_test_rows(trained.model, trained), [], [], trained.params.evaluate, rules
    )
    assert good.passed
    assert "beats the baseline" in good.words
    useless = clone(candidate.baseline(trained.schema).pipeline)
    useless.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    (bad,) = gate.checks(score_test_rows(useless, trained), [], [], trained.params.evaluate, rules)
    assert not bad.passed
    assert "does not beat the baseline" in bad.words


def test_log_loss_counts_classes_training_has_not_seen(trained) -> None:
    predicted = np.array([[0.7, 0.3, 0.0]])
    assert metrics.CLASSES["log_loss"].function(np.array([2]), predicted) > 10
