"""A champion at work: rows that it predicts, and what became of them."""

from pathlib import Path

import pandas as pd
from tabwright.evaluation.held_out import Evaluation
from tabwright.evaluation.predictions import predictions_of
from tabwright.monitoring import outcomes
from tabwright.prediction.predict import predict
from tabwright.project.project import Project
from tabwright.registry import champion, reference
from tabwright.selection.metrics import predict_scores

from .champions import latest, promoted
from .small_table import make_raw

ROWS = 600


def champion_at_work(project: Project, trained) -> Project:
    """A project whose champion is run-1, with reference rows."""
    made = latest(project, trained)
    promoted(made, "run-1")
    made.test_file.parent.mkdir(parents=True)
    trained.test.to_parquet(made.test_file)
    keep_reference(made, trained)
    return made


def keep_reference(models: Project, trained) -> Path:
    """Keep what a promotion keeps of the held-out rows; return the folder."""
    scores = predict_scores(trained.model, trained.test, trained.schema)
    sample = predictions_of(models, trained.model, trained.schema, trained.test, scores)
    folder = champion.champion_folder(models, "run-1")
    made = Evaluation({"metric": sample.deciding, "test": {"roc_auc": 0.5}}, [], [], sample)
    reference.save_reference(models, made, folder)
    return folder


def predicted(models: Project, seed: int, rows: int = ROWS, **change: object) -> pd.DataFrame:
    """Predict new rows; the truth about them."""
    raw = make_raw(rows, seed).dropna(subset="bought").assign(**change)
    raw["customer_id"] = [f"{seed}-{number}" for number in range(len(raw))]
    path = models.root / f"new{seed}.csv"
    raw.drop(columns="bought").to_csv(path, index=False)
    predict(models, path, models.root / "out.csv")
    return raw[["customer_id", "bought"]]


def tell(models: Project, table: pd.DataFrame, capsys) -> str:
    """`make outcomes` of a table."""
    table.to_csv(path := models.root / "outcomes.csv", index=False)
    capsys.readouterr()
    outcomes.outcomes(models, ["--input", str(path)])
    return capsys.readouterr().out
