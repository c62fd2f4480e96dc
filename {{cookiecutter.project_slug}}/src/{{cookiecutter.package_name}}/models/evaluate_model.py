"""Score the model and the baseline on the held-out rows, with confidence intervals and figures."""

from tabwright.evaluation.held_out import evaluate_model, save_evaluation
from tabwright.evaluation.predictions import predict_table, prediction_array
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.schema.schema import load_schema
from tabwright.selection.cross_validation import read_rows
from tabwright.tracking.record import load_recorded_model
from tabwright.tracking.runs import log_evaluation

from ..visualization.visualize import figures


def evaluate(project: Project) -> None:
    """Score on the rows that `make data` held out; `make train` has not seen them."""
    params, schema = project.params, load_schema(project.schema_file)
    test = read_rows(project.test_file, params.train.max_rows, params.seed)
    model = load_recorded_model(project, project.model_file)
    predictions = predict_table(test[[schema.target]], test, model, schema)
    y_pred = prediction_array(predictions, schema)
    evaluation = evaluate_model(project, model, y_pred, test, schema)
    own = figures(model, test, y_pred, schema)
    save_evaluation(project, evaluation, model, predictions, own)
    log_evaluation(project, evaluation.scores)
    print(evaluation)


if __name__ == "__main__":
    with cli_errors():
        evaluate(Project.find())
