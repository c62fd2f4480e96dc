"""The checks a challenger has to pass to become the champion; it is scored again for them."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..evaluation.comparison import Gain, independent, make_side, versus, worse_at_most
from ..evaluation.gate import Check, checks
from ..evaluation.held_out import Evaluation, evaluate_model
from ..evaluation.predictions import predict_table, prediction_array
from ..evaluation.resampling import make_resampling
from ..evaluation.slices import make_slices
from ..io.parquet import parquet_batches
from ..project.errors import ProjectError
from ..project.git import changed_since, commit, is_as_now, is_committed
from ..project.project import Project
from ..schema.schema import Schema, load_schema
from ..selection.cross_validation import read_rows, row_hashes
from ..selection.metrics import deciding_metric, encode_target, task_metrics
from ..tracking.record import Record, input_tree
from .champion import ModelInUse, champion_folder, current_champion, different_target, load_champion

MIN_ROWS = 40  # new to both models, to compare them where one has seen others


def validate_challenger(
    project: Project, record: Record, challenger: ModelInUse, fitted: Path
) -> tuple[list[Check], Evaluation]:
    """Score the model of a run on the held-out rows, and run all checks.

    Parameters
    ----------
    fitted
        The file with the hashes of the rows it was fitted on, as from `row_hashes`.

    Raises
    ------
    ProjectError
        When it cannot be scored on the current held-out rows.
    """
    params, schema = project.params, challenger.schema
    if not project.test_file.is_file():
        raise ProjectError("there are no held-out rows here: `make data` or `make pull` first.")
    test = read_rows(project.test_file, params.train.max_rows, params.seed)
    if problem := mismatch(schema, load_schema(project.schema_file), test):
        raise ProjectError(f"the challenger cannot be scored on the current data: {problem}.")
    predictions = predict_table(test[[schema.target]], test, challenger.model, schema)
    rows = np.load(fitted)
    y_pred = prediction_array(predictions, schema)
    found = evaluate_model(project, challenger.model, y_pred, test, schema)
    metrics = task_metrics(schema, own=project.metrics)
    made = [
        *checks(found.scores, found.slices, found.tests, params.evaluate, metrics),
        *against_champion(project, schema, predictions, rows, test),
        unseen(project, rows, test, schema),
        committed(project, record),
    ]
    return made, found


def mismatch(schema: Schema, other: Schema, test: pd.DataFrame) -> str:
    """Why models of two schemas cannot be compared; empty if they can."""
    if problem := different_target(schema, other):
        return problem
    if missing := [name for name in schema.features if name not in test.columns]:
        return f"it needs {', '.join(missing)}, which the held-out rows do not have"
    for name, column in schema.features.items():
        if name in other.columns and column.type != other.columns[name].type:
            return f"it reads {name!r} as {column.type}, not as {other.columns[name].type}"
    return ""


def against_champion(
    project: Project,
    schema: Schema,
    predictions: pd.DataFrame,
    fitted: np.ndarray,
    test: pd.DataFrame,
) -> list[Check]:
    """Check that it is not worse than the champion on rows new to both, nor on a slice of them.

    Parameters
    ----------
    predictions
        Of the challenger for `test`, as from `predict_table`.
    fitted
        Hashes of the rows the challenger was fitted on.
    """
    params, last = project.params, current_champion(project)
    if last is None:
        return []
    champion = load_champion(project, last)
    if problem := mismatch(champion.schema, schema, test):
        return [Check(False, f"{champion} cannot be compared: {problem}")]
    new = ~seen(project, fitted, test, schema)
    rows, where = _new_to_both(project, champion, test, new)
    y_true = encode_target(rows, schema)
    resampling = make_resampling(rows, params)
    if independent(y_true, resampling) < (MIN_ROWS // 2 if len(rows) < len(test) else 2):
        words = (
            f"{champion}, the champion, cannot be compared: {where}, are too few. Set seed and data "
            "in params.yaml to what it was trained with, or add rows, and train again"
        )
        return [Check(False, words)]
    name = deciding_metric(schema, params.train.metric, project.metrics)
    former = predict_table(rows[[schema.target]], rows, champion.model, champion.schema)
    both = (predictions.loc[rows.index], former)
    sides = [make_side(table, schema, name, project.metrics) for table in both]
    slices = make_slices(rows, schema, params.evaluate.slices)
    parts = {f"{column} {value!r}": mask for column, value, mask in slices}
    gain, gains = worse_at_most(y_true, sides, resampling, parts)
    words = f"{versus(name, y_true, sides)} of the champion, {champion}, on {where}: {gain}"
    passed = gain.high >= -params.evaluate.max_regression
    return [Check(passed, words), *_on_slices(name, parts, gains)]


def _new_to_both(
    project: Project, champion: ModelInUse, test: pd.DataFrame, new: np.ndarray
) -> tuple[pd.DataFrame, str]:
    """Rows that the champion has not seen either, and a phrase that counts them."""
    unknown, file = "", champion_folder(project, champion.run) / "rows.npy"
    if file.is_file():
        new = new & ~seen(project, np.load(file), test, champion.schema)
    else:
        unknown = " (the rows it was fitted on were not kept, so it may know some of them)"
    rows = test[new]
    number = f"{len(rows)} of {len(test)}" if len(rows) < len(test) else f"all {len(test)}"
    return rows, f"{number} held-out rows, new to both{unknown}"


def _on_slices(name: str, parts: dict[str, np.ndarray], gains: dict[str, Gain]) -> list[Check]:
    """A failed check for each slice on which it is worse, or one passed for all."""
    worse = []
    for part, gain in gains.items():
        if gain.high < 0:
            words = (
                f"{name} on {part} ({parts[part].sum()} rows) is worse than the champion's: {gain}"
            )
            worse.append(Check(False, words))
    if worse or not parts:
        return worse
    few = f", {len(parts) - len(gains)} have too few rows" if len(gains) < len(parts) else ""
    words = f"{name} is worse than the champion's on none of {len(gains)} slices{few}"
    return [Check(True, words)]


def unseen(project: Project, fitted: np.ndarray, test: pd.DataFrame, schema: Schema) -> Check:
    """Check that it was fitted on no held-out row, except duplicates of training rows."""
    count = seen(project, fitted, test, schema).sum()
    words = f"{count} of {len(test)} held-out rows are among those it was fitted on"
    return Check(not count, words)


def seen(project: Project, fitted: np.ndarray, test: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Mask of the rows a model was fitted on, by hash, except duplicates in the table."""
    hashes = row_hashes(test, schema)
    found = np.isin(hashes, fitted)
    if found.any():
        batches = [row_hashes(batch, schema) for batch in parquet_batches(project.clean_file)]
        values, counts = np.unique(np.concatenate(batches), return_counts=True)
        found &= ~np.isin(hashes, values[counts > 1])
    return found


def committed(project: Project, record: Record) -> Check:
    """Check that it was trained from what is in a commit."""
    if record["commit"] and not record["dirty"]:
        return Check(True, f"trained from commit {record['commit'][:7]}")
    inputs = input_tree(project, record)
    if is_committed(project.root, inputs):
        return Check(True, f"trained from what is in commit {commit(project.root)[:7]}")
    changed = changed_since(project.root, inputs)
    files = f" ({', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''})"
    words = f"trained from changes that are in no commit{files if changed else ''}"
    now = "" if is_as_now(project.root, inputs) else " and `make train AGAIN=1 evaluate register`"
    return Check(False, f"{words}: commit them{now}, then promote again")
