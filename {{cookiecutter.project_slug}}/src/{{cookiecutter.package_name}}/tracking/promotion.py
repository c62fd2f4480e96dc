"""What a challenger has to pass to become the champion, all of it measured afresh."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..config import CLEAN, TEST, Params, load_params
from ..data.contract.schema import Schema, load_schema
from ..errors import ProjectError
from ..files import parquet_batches
from ..models.champion import ModelInUse, folder_of, in_force, load_champion
from ..models.comparison import Gain, independent, side_of, versus, worse_at_most
from ..models.evaluate_model import judge
from ..models.gate import Check, checks
from ..models.metrics import deciding_metric, metrics_of, predict, truth_of
from ..models.predict_model import predict_table
from ..models.resampling import resampling_of
from ..models.rows import read_rows, row_hashes
from ..models.slices import columns_of, slices_of
from .git import changed_since, commit, is_as_now, is_committed
from .record import Record, inputs_of

MIN_ROWS = 40  # new to both models, to compare them where one has seen others


def ask_the_gate(record: Record, challenger: ModelInUse, fitted: Path) -> list[Check]:
    """Hold the model of a run against everything a champion needs.

    Parameters
    ----------
    fitted
        The file with the hashes of the rows it was fitted on, as `row_hashes` makes them.

    Raises
    ------
    ProjectError
        When it cannot be scored on today's held-out rows.
    """
    params, schema = load_params(), challenger.schema
    if not TEST.is_file():
        raise ProjectError("there are no held-out rows here: `make data` or `make pull` first.")
    test = read_rows(TEST, params.train.max_rows, params.seed)
    if problem := mismatch(schema, load_schema(), test):
        raise ProjectError(f"the challenger cannot be scored on today's data: {problem}.")
    predicted, rows = predict(challenger.model, test, schema), np.load(fitted)
    scores, slices, tests = judge(challenger.model, predicted, test, schema, params)
    return [
        *checks(scores, slices, tests, params.evaluate, metrics_of(schema)),
        *against_champion(challenger, rows, test, params),
        unseen(rows, test, schema),
        committed(record),
    ]


def mismatch(schema: Schema, other: Schema, test: pd.DataFrame) -> str:
    """Why a model of one contract cannot be compared with one of another; empty where it can."""
    if (schema.target, schema.task) != (other.target, other.task):
        return f"it predicts {schema.target!r}, not {other.target!r}"
    if sorted(schema.classes) != sorted(other.classes):
        return f"its classes are {', '.join(schema.classes)}, not {', '.join(other.classes)}"
    if missing := [name for name in schema.features if name not in test.columns]:
        return f"it needs {', '.join(missing)}, which the held-out rows do not have"
    for name, column in schema.features.items():
        if name in other.columns and column.kind != other.columns[name].kind:
            return f"it takes {name!r} as {column.kind}, not as {other.columns[name].kind}"
    return ""


def against_champion(
    challenger: ModelInUse, fitted: np.ndarray, test: pd.DataFrame, params: Params
) -> list[Check]:
    """Not shown to be worse than the champion on rows that neither has seen, nor on a slice of them.

    Parameters
    ----------
    fitted
        Hashes of the rows the challenger was fitted on.
    """
    last = in_force()
    if last is None:
        return []
    champion, schema = load_champion(last), challenger.schema
    if problem := mismatch(champion.schema, schema, test):
        return [Check("champion", False, f"{champion} cannot be compared: {problem}")]
    unknown, known = "", folder_of(last["run"]) / "rows.npy"
    new = ~seen(fitted, test, schema)
    if known.is_file():
        new &= ~seen(np.load(known), test, champion.schema)
    else:
        unknown = " (what that was fitted on was not kept, so it may know some)"
    rows = test[new]
    number = f"{len(rows)} of {len(test)}" if len(rows) < len(test) else f"all {len(test)}"
    where = f"{number} held-out rows, new to both{unknown}"
    truth = truth_of(rows, schema)
    resampling = resampling_of(rows, params.data, params.evaluate, params.seed)
    if independent(truth, resampling) < (MIN_ROWS // 2 if len(rows) < len(test) else 2):
        words = (
            f"{champion}, the champion, cannot be compared: {where}, are too few. Set seed and data "
            "in params.yaml to what it was trained with, or add rows, and train again"
        )
        return [Check("champion", False, words)]
    name = deciding_metric(schema, params.train.metric)
    sides = [
        side_of(predict_table(rows[[schema.target]], rows, each.model, each.schema), schema, name)
        for each in (challenger, champion)
    ]
    columns = columns_of(rows, schema, params.evaluate.slices)
    parts = {
        f"{column} {value!r}": mask for column, value, mask in slices_of(rows, schema, columns)
    }
    gain, gains = worse_at_most(truth, sides, resampling, parts)
    words = f"{versus(name, truth, sides)} of the champion, {champion}, on {where}: {gain}"
    passed = gain.high >= -params.evaluate.allowed_loss
    return [Check("champion", passed, words), *_on_slices(name, parts, gains)]


def _on_slices(name: str, parts: dict[str, np.ndarray], gains: dict[str, Gain]) -> list[Check]:
    """A line on each slice that falls behind, or one on all."""
    behind = [
        Check(
            f"champion on {part}",
            False,
            f"{name} on {part} ({parts[part].sum()} rows) falls behind the champion's: {gain}",
        )
        for part, gain in gains.items()
        if gain.high < 0
    ]
    if behind or not parts:
        return behind
    few = f", {len(parts) - len(gains)} have too few rows" if len(gains) < len(parts) else ""
    none = f"{name} falls behind the champion's on none of {len(gains)} slices{few}"
    return [Check("champion on slices", True, none)]


def unseen(fitted: np.ndarray, test: pd.DataFrame, schema: Schema) -> Check:
    """Fitted on no held-out row, but for rows that are in the table more than once."""
    count = seen(fitted, test, schema).sum()
    words = f"{count} of {len(test)} held-out rows are among those it was fitted on"
    return Check("held out", not count, words)


def seen(fitted: np.ndarray, test: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Which rows a model was fitted on, by hash, but for rows that are in the table repeatedly."""
    hashes = row_hashes(test, schema)
    found = np.isin(hashes, fitted)
    if found.any():
        batches = [row_hashes(batch, schema) for batch in parquet_batches(CLEAN)]
        values, counts = np.unique(np.concatenate(batches), return_counts=True)
        found &= ~np.isin(hashes, values[counts > 1])
    return found


def committed(record: Record) -> Check:
    """Trained from what a commit holds."""
    if record["commit"] and not record["dirty"]:
        return Check("commit", True, f"trained from commit {record['commit'][:7]}")
    inputs = inputs_of(record)
    if is_committed(inputs):
        return Check("commit", True, f"trained from what is in commit {commit()[:7]}")
    changed = changed_since(inputs)
    files = f" ({', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''})"
    words = f"trained from changes that are in no commit{files if changed else ''}"
    now = "" if is_as_now(inputs) else " and `make train AGAIN=1 evaluate register`"
    return Check("commit", False, f"{words}: commit them{now}, then promote again")
