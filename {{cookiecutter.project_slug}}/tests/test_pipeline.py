"""One run from the raw rows to scores, figures and predictions."""

import pandas as pd
from tabwright.evaluation.held_out import evaluate_model
from tabwright.prediction.predict_file import predict_file
from tabwright.selection.fit import calibrate_and_threshold
from tabwright.selection.metrics import predict_scores, task_metrics


def test_pipeline_runs_from_raw_rows_to_predictions(dataset, schema, project, owner) -> None:
    own, params = owner("config").metrics, project.params
    fit = owner("models.train_model").select_model(dataset.train, schema, params, own)
    model, facts = calibrate_and_threshold(fit, schema, params.train.threshold, own)
    assert facts["best"] in facts["candidates"]

    y_pred = predict_scores(model, dataset.test, schema)
    evaluation = evaluate_model(project, model, y_pred, dataset.test, schema)
    assert evaluation.scores["test"].keys() == task_metrics(schema, own=own).keys()
    figures = owner("visualization.visualize").figures(model, dataset.test, y_pred, schema)
    assert all(hasattr(figure, "savefig") for figure in figures.values())

    output = project.root / "predictions.parquet"
    clean = owner("data.make_dataset").clean
    predict_file(project.raw_file, output, model, schema, clean)
    predictions = pd.read_parquet(output)
    assert len(predictions) == len(pd.read_parquet(project.raw_file))
    assert predictions[f"predicted_{schema.target}"].notna().any()
