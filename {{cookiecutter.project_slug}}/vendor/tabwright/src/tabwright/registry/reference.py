"""Held-out rows kept beside a champion: what the rows it predicts later are compared with."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..evaluation.predictions import Predictions, predictions_of
from ..io.parquet import parquet_file, read_parquet
from ..project.files import write_json
from ..project.project import Project
from ..selection.cross_validation import draw_rows
from .champion import SCORES, ModelInUse, champion_folder

if TYPE_CHECKING:
    from ..evaluation.held_out import Evaluation

REFERENCE = "reference.parquet"
MAX_ROWS = 5_000
SCORE = "tabwright_score_"  # the column of each score


def save_reference(project: Project, evaluation: "Evaluation", folder: Path) -> None:
    """Write the scores of a model, and features, target and predictions of some held-out rows."""
    sample = evaluation.sample
    sample = sample.among(draw_rows(len(sample.rows), MAX_ROWS, project.params.seed))
    predicted = sample.y_pred.reshape(len(sample.rows), -1)
    columns = {f"{SCORE}{number}": values for number, values in enumerate(predicted.T)}
    kept = sample.rows[[*sample.schema.features, sample.schema.target]]
    with parquet_file(folder / REFERENCE) as write:
        write(kept.assign(**columns))
    write_json(folder / SCORES, evaluation.scores)


def load_reference(project: Project, used: ModelInUse) -> Predictions | None:
    """The rows beside a champion, which one that was promoted by an older version does not have."""
    path = champion_folder(project, used.run) / REFERENCE
    if not path.is_file():
        return None
    table = read_parquet(path)
    named = [name for name in table.columns if name.startswith(SCORE)]
    rows, scores = table.drop(columns=named), table[named].to_numpy()
    return predictions_of(project, used.model, used.schema, rows, scores)
