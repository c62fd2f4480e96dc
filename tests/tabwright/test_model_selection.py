"""Features, training, the saved model, evaluation and the gate."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from support.owner import PROJECT, build_features, candidates, train_model
from tabwright.evaluation import figures, gate, held_out, resampling
from tabwright.project.errors import ProjectError
from tabwright.reports import page, report
from tabwright.selection import (
    calibration,
    candidate,
    cross_validation,
    fit,
    metrics,
    persistence,
    threshold,
    transformers,
)
from tabwright.selection.model_selection import ModelSelection
from tabwright.selection.sources import SourceCode
from tabwright.tracking import record

CODE = SourceCode(PROJECT / "src")


def with_train(params, **changes) -> object:
    """The parameters with others for training."""
    return replace(params, train=replace(params.train, **changes))


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
    dates = pd.DataFrame(
        {
            "start": pd.to_datetime(["2024-02-29 18:00", None]),
            "end": pd.to_datetime(["2024-03-01 06:00", "2024-03-01 00:00"]),
        }
    )
    parts = transformers.DateParts().fit_transform(dates)
    names = ["year", "month", "day", "weekday", "hour", "hour sin", "month cos"]
    assert parts.loc[0, [f"start {name}" for name in names]].tolist() == pytest.approx(
        [2024, 2, 29, 3, 18, -1, 0.5]
    )
    assert parts["start to end"].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert parts.filter(like="start").loc[1].isna().all()


def test_identifier_and_target_are_no_features(trained) -> None:
    assert not {"customer_id", "bought"} & set(trained.schema.features)


def test_prediction_does_not_change_with_the_target_or_identifier(trained) -> None:
    told = trained.test.assign(bought="yes", customer_id="C0000")
    before = metrics.predict_scores(trained.model, trained.test, trained.schema)
    assert (metrics.predict_scores(trained.model, told, trained.schema) == before).all()


def test_model_beats_the_baseline_in_cross_validation(trained) -> None:
    best = trained.facts["best"]
    assert trained.scores["baseline"]["mean"] == pytest.approx(0.5)
    assert trained.scores[best]["mean"] > 0.8


def test_training_again_gives_the_same_bytes(trained, tmp_path: Path) -> None:
    again, _ = train_model.select_model(trained.train, trained.schema, trained.params)
    for name, model in (("one", trained.model), ("two", again)):
        persistence.save_model(model, tmp_path / f"{name}.skops", CODE)
    assert (tmp_path / "one.skops").read_bytes() == (tmp_path / "two.skops").read_bytes()


def test_clock_stops_the_search_and_says_how_to_repeat_it(trained, capsys) -> None:
    params = with_train(trained.params, search_iterations=9, search_seconds=1e-9)
    _, facts = train_model.select_model(trained.train, trained.schema, params)
    assert facts["settings_tried"] == 1
    assert "set train.search_iterations to 1 " in capsys.readouterr().out


def test_blend_is_scored_as_it_is_fitted(trained) -> None:
    params = with_train(trained.params, search_iterations=0)
    selection = ModelSelection(trained.train, trained.schema, params)
    known = candidates.candidates(trained.schema, 1)
    for name in ("linear", "boosting"):
        selection.add(name, known[name])
    selection.add_voting()
    selection.add("fitted", selection.trials["blend"].candidate)
    assert selection.trials["blend"].y_pred == pytest.approx(selection.trials["fitted"].y_pred)


@pytest.mark.parametrize(("power", "tried"), [(1, False), (6, True)])
def test_log_of_a_skewed_target_competes(power: int, tried: bool, trained) -> None:
    amounts = trained.train.assign(visits=trained.train["visits"].astype(float) ** power)
    columns = trained.schema.columns | {"visits": replace(trained.schema.columns["visits"])}
    schema = replace(trained.schema, target="visits", task="regression", columns=columns)
    params = with_train(trained.params, search_iterations=0)
    model, facts = train_model.select_model(amounts, schema, params)
    assert ("linear of log" in facts["candidates"]) == tried
    assert metrics.predict_scores(model, amounts, schema).shape == (len(amounts),)


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


def test_classes_with_a_row_or_two_train_quietly(trained, recwarn) -> None:
    rare = trained.train["bought"].astype(str)
    rare.iloc[:3] = ["once", "twice", "twice"]
    target = replace(
        trained.schema.columns["bought"], categories=["no", "yes", "once", "twice", "never"]
    )
    columns = trained.schema.columns | {"bought": target}
    del columns["remark"]  # text takes long
    schema = replace(trained.schema, columns=columns)
    table = trained.train.assign(bought=rare)
    names = ["linear", "forest", "boosting", "blend"]
    params = with_train(trained.params, candidates=names, search_iterations=0)
    model, facts = train_model.select_model(table, schema, params)
    assert all(np.isfinite(score["mean"]) for score in facts["candidates"].values())
    assert metrics.predict_scores(model, table, schema)[:, 4].max() == 0
    assert not [str(warning.message) for warning in recwarn]


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
    params = with_train(trained.params, threshold=0.999, search_iterations=0)
    model, _ = train_model.select_model(trained.train, trained.schema, params)
    assert (model.predict(trained.train[list(trained.schema.features)]) == "no").mean() > 0.9
    probabilities = metrics.predict_scores(model, trained.test, trained.schema)
    assert np.mean(probabilities[:, 1] > 0.5) > 0.2
    rule = metrics.task_metrics(trained.schema, threshold.get_threshold(model))["f1"]
    assert rule.function(metrics.encode_target(trained.test, trained.schema), probabilities) < 0.5


@pytest.mark.parametrize("classes", [2, 3])
def test_calibration_repairs_overconfidence_only(classes: int) -> None:
    random = np.random.default_rng(0)
    honest = random.dirichlet(np.ones(classes), 1500)
    truth = (random.random((1500, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    fold = np.arange(1500) % 3
    bold = honest**4 / (honest**4).sum(axis=1, keepdims=True)
    found, corrected, facts = calibration.calibrate(truth, bold, fold)
    assert facts["kept"] and facts["after"] < facts["before"] - 0.1
    assert np.abs(corrected - honest).mean() < 0.03
    taken = bold[:, 1:] if classes == 2 else bold
    assert np.abs(found.predict_proba(taken) - honest).mean() < 0.03
    found, _, facts = calibration.calibrate(truth, honest, fold)
    assert found is None and not facts["kept"]


def test_calibrated_model_is_saved_and_keeps_classes_apart(trained, tmp_path: Path) -> None:
    columns = dict(trained.schema.columns)
    columns["bought"] = replace(columns["bought"], categories=["yes", "no"])  # not as sorted
    schema = replace(trained.schema, columns=columns)
    params = with_train(trained.params, search_iterations=0)
    selection = ModelSelection(trained.train, schema, params)
    selection.add("linear", candidates.candidates(schema, 1)["linear"])
    trial = selection.trials["linear"]
    trial.y_pred[:] = trial.y_pred / 2 + [[0.0, 0.5]]  # a bad bias
    model, facts = fit.calibrate_and_threshold(trial.candidate.pipeline, selection, "linear")
    assert facts["calibration"]["kept"]
    model.fit(trained.train[list(schema.features)], trained.train["bought"])
    path = tmp_path / "model.skops"
    loaded = persistence.load_model(path, persistence.save_model(model, path, CODE), CODE)
    scores = metrics.predict_scores(loaded, trained.test, schema)
    assert (
        metrics.CLASSES["roc_auc"].function(metrics.encode_target(trained.test, schema), scores)
        > 0.8
    )


def test_every_candidate_is_saved_and_loaded_alike(trained, tmp_path: Path) -> None:
    features, target = trained.train[list(trained.schema.features)], trained.train["bought"]
    for name, each in candidates.candidates(trained.schema, 1).items():
        model = each.pipeline.fit(features, target)
        path = tmp_path / f"{name}.skops"
        loaded = persistence.load_model(path, persistence.save_model(model, path, CODE), CODE)
        before = metrics.predict_scores(model, trained.test, trained.schema)
        assert (metrics.predict_scores(loaded, trained.test, trained.schema) == before).all(), name


def test_damaged_model_is_refused(trained, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    record = persistence.save_model(trained.model, path, CODE)
    good = path.read_bytes()
    for damaged in (b"", good[:-100], bytes([good[0] ^ 1]) + good[1:]):
        path.write_bytes(damaged)
        with pytest.raises(ProjectError, match="not the model that was recorded"):
            persistence.load_model(path, record, CODE)


def test_unknown_candidate_and_metric_are_named(trained) -> None:
    params = with_train(trained.params, candidates=["magic"])
    with pytest.raises(ProjectError, match="magic; known are linear"):
        train_model.select_model(trained.train, trained.schema, params)
    with pytest.raises(ProjectError, match="roc_auc"):
        metrics.deciding_metric(trained.schema, "magic")


def scores_of(model, trained) -> dict:
    """Scores against the baseline on the held-out rows."""
    baseline = clone(candidate.baseline(trained.schema).pipeline)
    baseline.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    scored = [
        (
            metrics.task_metrics(trained.schema),
            metrics.predict_scores(each, trained.test, trained.schema),
        )
        for each in (model, baseline)
    ]
    draws = resampling.make_resampling(
        trained.test, trained.params.data, trained.params.evaluate, trained.params.seed
    )
    return held_out.score_model(*scored, trained.test, trained.schema, "roc_auc", draws)


def test_scores_lie_within_their_intervals(trained) -> None:
    scores = scores_of(trained.model, trained)
    for name, score in scores["test"].items():
        assert scores["interval"][name]["low"] <= score <= scores["interval"][name]["high"], name
    assert scores["rows"] == len(trained.test)
    assert "roc_auc" in held_out.as_table(scores)


def test_gate_opens_for_a_good_model_only(trained) -> None:
    rules = metrics.task_metrics(trained.schema)
    (good,) = gate.checks(scores_of(trained.model, trained), [], [], trained.params.evaluate, rules)
    assert good.passed and "beats the baseline" in good.words
    useless = clone(candidate.baseline(trained.schema).pipeline)
    useless.fit(trained.train[list(trained.schema.features)], trained.train["bought"])
    (bad,) = gate.checks(scores_of(useless, trained), [], [], trained.params.evaluate, rules)
    assert not bad.passed and "does not beat the baseline" in bad.words


def test_log_loss_counts_classes_training_has_not_seen(trained) -> None:
    predicted = np.array([[0.7, 0.3, 0.0]])
    assert metrics.CLASSES["log_loss"].function(np.array([2]), predicted) > 10


def test_figures_and_report_are_complete(trained, tmp_path: Path) -> None:
    predicted = metrics.predict_scores(trained.model, trained.test, trained.schema)
    figures.draw_figures(
        trained.model, predicted, trained.test, trained.schema, "roc_auc", 1, tmp_path / "f"
    )
    names = {path.stem for path in (tmp_path / "f").glob("*.png")}
    assert names == {
        "roc",
        "precision_recall",
        "confusion_matrix",
        "calibration",
        "permutation_importance",
    }
    scores = json.loads(json.dumps(scores_of(trained.model, trained)))
    part = {"column": "<city>", "value": "Bern", "rows": 12, "scores": {}}
    slices = [part | {"score": 0.5, "low": 0.25, "high": 0.75}]
    slices.append(part | {"value": "few", "score": None, "low": None, "high": None})
    figures.draw_slices(slices, 0.6, "roc_auc", tmp_path / "f")
    html = report.render(
        title="<Sales>",
        schema=trained.schema,
        scores=scores,
        slices=slices,
        tests=[],
        checks=[gate.Check("one", True, "x Holds"), gate.Check("two", False, "y is LOW")],
        candidates=trained.facts,
        rows={"train": 1, "test": 2, "unlabelled": 3, "rejected": 4},
        warnings=1,
        figures=page.figures_in(tmp_path / "f", report.CAPTIONS),
        slices_figure=page.figures_in(tmp_path / "f", report.SLICES_CAPTION),
        params=record.flat(asdict(trained.params)),
        hashes={"train": "0" * 32},
        standing=["This is the <champion>."],
    )
    assert html.count("data:image/png;base64,") == len(names) + 1
    assert "&lt;Sales&gt;" in html and "&lt;city&gt;" in html and "&lt;champion&gt;" in html
    assert "The gate is closed: y is LOW" in html
    assert "1 warning about the data" in html
    assert "chosen for f1" in html and "Calibrated: " in html
    assert "http" not in html.replace("http-equiv", "")
