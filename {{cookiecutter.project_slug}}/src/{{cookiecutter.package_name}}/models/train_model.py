"""Compare candidates by cross-validation, search around the best, fit it, and store it.

The step `calibrate` makes the model of it, with a threshold, and logs the run.
"""

import pandas as pd
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.project.settings import VOTING, Params
from tabwright.schema.schema import Schema, load_schema
from tabwright.selection.cross_validation import read_rows
from tabwright.selection.fit import FittedCandidate, fit_best, save_fit
from tabwright.selection.metrics import NONE, Own, one_thread, require_known
from tabwright.selection.model_selection import ModelSelection

from .candidates import candidates


@one_thread()
def select_model(
    rows: pd.DataFrame, schema: Schema, params: Params, metrics: Own = NONE
) -> FittedCandidate:
    """Find the best model for typed, labelled rows and fit it on all of them.

    Parameters
    ----------
    metrics
        Yours, of which `train.metric` may name one.

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
    """Train on the rows of `make data`."""
    params, schema = project.params, load_schema(project.schema_file)
    rows = read_rows(project.train_file, params.train.max_rows, params.seed)
    save_fit(project, select_model(rows, schema, params, project.metrics))


if __name__ == "__main__":
    with cli_errors():
        train(Project.find())
