"""What a challenger has to pass to become the champion, all of it measured afresh."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import CLEAN, TEST, Params, load_params
from ..data.contract.schema import Schema, load_schema
from ..errors import ProjectError
from ..files import parquet_batches
from ..models.champion import ModelInUse, in_force, load_champion
from ..models.comparison import paired_bootstrap
from ..models.evaluate_model import judge
from ..models.gate import Check, checks
from ..models.metrics import classes_of, deciding_metric, metrics_of, predict, truth_of
from ..models.rows import read_rows, row_hashes
from ..models.slices import LEAST_ROWS, columns_of, slices_of
from ..models.threshold import threshold_of
from .git import changed_since, commit, is_as_now, is_committed
from .record import Record, inputs_of


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
    scores, slices, tests = judge(challenger.model, test, schema, params)
    return [
        *checks(scores, slices, tests, params.evaluate, metrics_of(schema)),
        *against_champion(challenger, test, params),
        unseen(np.load(fitted), test, schema),
        committed(record),
    ]


def mismatch(schema: Schema, other: Schema, test: pd.DataFrame) -> str:
    """Why a model of one contract cannot be compared with one of another; empty where it can."""
    if (schema.target, schema.task) != (other.target, other.task):
        return f"it predicts {schema.target!r}, not {other.target!r}"
    if classes_of(schema) != classes_of(other):
        return (
            f"its classes are {', '.join(classes_of(schema))}, not {', '.join(classes_of(other))}"
        )
    if missing := [name for name in schema.features if name not in test.columns]:
        return f"it needs {', '.join(missing)}, which the held-out rows do not have"
    return ""


def against_champion(challenger: ModelInUse, test: pd.DataFrame, params: Params) -> list[Check]:
    """Not worse than the champion on the same rows, nor beyond chance on a slice of them."""
    last = in_force()
    if last is None:
        return []
    champion, schema = load_champion(last), challenger.schema
    if problem := mismatch(champion.schema, schema, test):
        return [Check("champion", False, f"{champion} cannot be compared: {problem}")]
    name = deciding_metric(schema, params.train.metric)
    rule = metrics_of(schema, threshold_of(challenger.model))[name]
    truth = truth_of(test, schema)
    new, old = (predict(each.model, test, each.schema) for each in (challenger, champion))
    gain = paired_bootstrap(rule, truth, new, old, params.evaluate, params.seed)
    scores = f"{name} {rule.function(truth, new):.4f} against {rule.function(truth, old):.4f}"
    words = f"{scores} of the champion, {champion}, on the same {len(test)} rows: {gain}"
    found = [Check("champion", gain.value >= -params.evaluate.allowed_loss, words)]
    masks = [
        (f"{column} {value!r}", mask)
        for column, value, mask in slices_of(
            test, schema, columns_of(test, schema, params.evaluate.slices)
        )
        if mask.sum() >= LEAST_ROWS and len(np.unique(truth[mask])) > 1
    ]
    # Of many slices one is worse by chance, so each has to show more (Bonferroni).
    doubt = (1 - params.evaluate.confidence) / max(len(masks), 1)
    strict = replace(params.evaluate, confidence=1 - doubt)
    for where, mask in masks:
        gain = paired_bootstrap(rule, truth[mask], new[mask], old[mask], strict, params.seed)
        if gain.high < 0:
            words = f"{name} on {where} ({mask.sum()} rows) falls behind the champion's: {gain}"
            found.append(Check(f"champion on {where}", False, words))
    return found


def unseen(fitted: np.ndarray, test: pd.DataFrame, schema: Schema) -> Check:
    """Fitted on no held-out row, but for rows that are in the table more than once."""
    hashes = row_hashes(test, schema)
    seen = np.isin(hashes, fitted)
    if seen.any():
        batches = [row_hashes(batch, schema) for batch in parquet_batches(CLEAN)]
        values, counts = np.unique(np.concatenate(batches), return_counts=True)
        seen &= ~np.isin(hashes, values[counts > 1])
    words = f"{seen.sum()} of {len(test)} held-out rows are among those it was fitted on"
    return Check("held out", not seen.any(), words)


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
