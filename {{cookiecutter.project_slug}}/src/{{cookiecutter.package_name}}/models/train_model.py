"""Compare candidates by cross-validation, search around the best, fit it, save and log it."""

from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.project.settings import Params
from tabwright.schema.schema import Schema, load_schema
from tabwright.selection.candidate import VOTING
from tabwright.selection.cross_validation import read_rows
from tabwright.selection.fit import describe_fit, fit_best
from tabwright.selection.metrics import one_thread, require_known
from tabwright.selection.model_selection import ModelSelection
from tabwright.tracking.runs import start_run

from ..config import metrics
from .candidates import candidates


@one_thread()
def select_model(
    rows: pd.DataFrame, schema: Schema, params: Params
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Find the best model for typed, labelled rows and fit it on all of them.

    Returns
    -------
    model, facts
        As `fit_best` gives them.

    Raises
    ------
    ProjectError
        When `train.candidates` names a model that does not exist.
    """
    known, asked = candidates(schema, params.seed), params.train.candidates
    require_known("train.candidates", asked, [*known, VOTING])
    selection = ModelSelection(rows, schema, params, metrics)
    selection.compare({name: each for name, each in known.items() if name in asked})
    selection.add_log_target()
    selection.search()
    if VOTING in asked:
        selection.add_voting()
    return fit_best(selection)


def train(project: Project) -> None:
    """Train on the rows of `make data`; the run is kept in reports/runs and in MLflow."""
    params, schema = project.params, load_schema(project.schema_file)
    run = start_run(project)
    rows = read_rows(project.train_file, params.train.max_rows, params.seed)
    model, facts = select_model(rows, schema, params)
    run.log(model, rows, schema, facts)
    print(f"{describe_fit(facts)}, saved as models/{project.model_file.name}")


if __name__ == "__main__":
    with cli_errors():
        train(Project.find())
