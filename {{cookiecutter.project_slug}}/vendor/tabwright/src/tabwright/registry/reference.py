"""Held-out rows kept beside a champion: what the rows it predicts later are compared with."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..evaluation.predictions import Predictions
from ..io.parquet import parquet_file, read_parquet
from ..io.sample import sample_file
from ..project.project import Project
from ..selection.metrics import deciding_metric, predict_scores, task_metrics
from ..selection.threshold import get_threshold
from .champion import ModelInUse, champion_folder

REFERENCE = "reference.parquet"
MAX_ROWS = 5_000
SCORE = "tabwright_score_"  # the column of each score


def save_reference(project: Project, used: ModelInUse, folder: Path) -> None:
    """Write `reference.parquet`: features, target and scores of held-out rows, drawn with the seed."""
    rows, _ = sample_file(project.test_file, project.params.seed, MAX_ROWS)
    scores = predict_scores(used.model, rows, used.schema).reshape(len(rows), -1)
    columns = {f"{SCORE}{number}": values for number, values in enumerate(scores.T)}
    table = rows[[*used.schema.features, used.schema.target]].assign(**columns)
    with parquet_file(folder / REFERENCE) as write:
        write(table)


def load_reference(project: Project, used: ModelInUse) -> Predictions | None:
    """The rows beside a champion, which one that was promoted by an older version does not have."""
    path = champion_folder(project, used.run) / REFERENCE
    if not path.is_file():
        return None
    table = read_parquet(path)
    named = [name for name in table.columns if name.startswith(SCORE)]
    return scored(project, used, table.drop(columns=named), table[named].to_numpy())


def scored(
    project: Project, used: ModelInUse, rows: pd.DataFrame, scores: np.ndarray
) -> Predictions:
    """Rows with the scores that a model gave them, shape (n_rows, n_scores), and its metrics."""
    own = project.metrics
    name = deciding_metric(used.schema, project.params.train.metric, own)
    metrics = task_metrics(used.schema, get_threshold(used.model), own)
    y_pred = scores if used.schema.classes else scores.reshape(len(rows))
    return Predictions(rows, used.schema, y_pred, metrics, name)
