"""Features, training, the saved model, evaluation and the gate."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from under_test import (
    build_features,
    candidates,
    config,
    errors,
    evaluate_model,
    gate,
    metrics,
    report,
    store,
    train_model,
    visualize,
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


def test_date_parts_are_right() -> None:
    dates = pd.DataFrame({"when": pd.to_datetime(["2024-02-29 13:00", None])})
    parts = build_features.date_parts(dates)
    assert parts.iloc[0].tolist()[:5] == [2024, 2, 29, 3, 13]
    assert parts.iloc[1].isna().all()


def test_identifier_and_target_are_no_features(trained) -> None:
    assert not {"customer_id", "bought"} & set(trained.schema.features)


def test_prediction_does_not_change_with_the_target_or_identifier(trained) -> None:
    told = trained.test.assign(bought="yes", customer_id="C0000")
    before = metrics.predict(trained.model, trained.test, trained.schema)
    assert (metrics.predict(trained.model, told, trained.schema) == before).all()


def test_model_beats_the_baseline_in_cross_validation(trained) -> None:
    best = train_model.choose(trained.scores, trained.schema, "roc_auc")
    assert trained.scores["baseline"]["mean"] == pytest.approx(0.5)
    assert trained.scores[best]["mean"] > 0.8


def test_training_again_gives_the_same_bytes(trained, tmp_path: Path) -> None:
    again, _ = train_model.train_model(trained.train, trained.schema, trained.params)
    for name, model in (("one", trained.model), ("two", again)):
        store.save_model(model, tmp_path / f"{name}.skops")
    assert (tmp_path / "one.skops").read_bytes() == (tmp_path / "two.skops").read_bytes()


@pytest.mark.parametrize("name", ["linear", "forest", "boosting"])
def test_every_candidate_is_saved_and_loaded_alike(name: str, trained, tmp_path: Path) -> None:
    model = clone(candidates.candidates(trained.schema, 1)[name].pipeline)
    model.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    store.save_model(model, tmp_path / "model.skops")
    loaded = store.load_model(tmp_path / "model.skops")
    before = metrics.predict(model, trained.test, trained.schema)
    assert (metrics.predict(loaded, trained.test, trained.schema) == before).all()


def test_model_with_foreign_types_is_refused(tmp_path: Path) -> None:
    skops.io.dump({"path": Path("x")}, tmp_path / "model.skops")
    with pytest.raises(errors.ProjectError, match="does not trust"):
        store.load_model(tmp_path / "model.skops")


def test_damaged_model_is_refused(trained, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    store.save_model(trained.model, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(errors.ProjectError, match="not a model"):
        store.load_model(path)


def test_unknown_candidate_and_metric_are_named(trained) -> None:
    train = config.TrainParams("auto", 3, ["magic"], 0, 100)
    params = config.Params(1, trained.params.data, train, trained.params.evaluate)
    with pytest.raises(errors.ProjectError, match="magic; known are linear"):
        train_model.train_model(trained.train, trained.schema, params)
    with pytest.raises(errors.ProjectError, match="roc_auc"):
        metrics.deciding_metric(trained.schema, "magic")


def scores_of(model, trained) -> dict:
    """Scores against the baseline on the held-out rows."""
    baseline = clone(candidates.candidates(trained.schema, 1)["baseline"].pipeline)
    baseline.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    return evaluate_model.evaluate(
        model,
        baseline,
        trained.test,
        trained.schema,
        "roc_auc",
        trained.params.evaluate,
        trained.params.seed,
    )


def test_scores_lie_within_their_intervals(trained) -> None:
    scores = scores_of(trained.model, trained)
    for name, score in scores["test"].items():
        assert scores["interval"][name]["low"] <= score <= scores["interval"][name]["high"], name
    assert scores["rows"] == len(trained.test)
    assert "roc_auc" in evaluate_model.as_table(scores)


def test_gate_opens_for_a_good_model_only(trained) -> None:
    assert "beats the baseline" in gate.verdict(scores_of(trained.model, trained))
    shuffled = trained.train.assign(
        bought=trained.train["bought"].sample(frac=1, random_state=0).to_numpy()
    )
    features = shuffled[list(trained.schema.features)]
    useless = clone(trained.model).fit(features, shuffled["bought"])
    with pytest.raises(errors.ProjectError, match="does not beat the baseline"):
        gate.verdict(scores_of(useless, trained))


def test_log_loss_counts_classes_training_has_not_seen(trained) -> None:
    predicted = np.array([[0.7, 0.3, 0.0]])
    assert metrics.CLASSES["log_loss"].function(np.array([2]), predicted) > 10


def test_figures_and_report_are_complete(trained, tmp_path: Path) -> None:
    visualize.draw_figures(
        trained.model, trained.test, trained.schema, "roc_auc", 1, tmp_path / "f"
    )
    names = {path.stem for path in (tmp_path / "f").glob("*.png")}
    assert names == {
        "roc",
        "precision_recall",
        "confusion_matrix",
        "calibration",
        "permutation_importance",
    }
    page = report.render(
        title="<Sales>",
        schema=trained.schema,
        scores=json.loads(json.dumps(scores_of(trained.model, trained))),
        candidates={"metric": "roc_auc", "best": "linear", "candidates": trained.scores},
        rows={"train": 1, "test": 2, "unlabelled": 3, "rejected": 4},
        warnings=1,
        figures=report.figures_in(tmp_path / "f", report.CAPTIONS),
        data="data/raw/sales.csv",
        data_md5="0" * 32,
        seed=1,
    )
    assert page.count("data:image/png;base64,") == len(names)
    assert "&lt;Sales&gt;" in page
    assert "1 warning about the data" in page
    assert "http" not in page.replace("http-equiv", "")
