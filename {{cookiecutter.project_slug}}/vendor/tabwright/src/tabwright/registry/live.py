"""How good models are on the rows they have predicted, by the outcomes that became known."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from ..evaluation.comparison import Gain, Side, independent, paired_bootstrap, versus
from ..evaluation.gate import Check
from ..evaluation.predictions import Predictions, predictions_of
from ..evaluation.resampling import Resampling
from ..project.project import Project
from ..request_log.log import read_answers, read_batches
from ..schema.rules import apply_contract, rejected_by
from ..schema.schema import Schema
from .champion import ModelInUse, current_champion, load_champion
from .shadow import current_shadow

MIN_ROWS = 500  # with an outcome, to compare two models
MIN_ANSWERED = 0.99  # of the rows that the shadow was given
MAX_SLOWER = 2.0  # times the seconds of the champion


def typed_outcomes(values: pd.Series, schema: Schema) -> tuple[pd.Series, pd.DataFrame]:
    """Outcomes as the contract reads the target, and the problems in them."""
    narrow = replace(schema, columns={schema.target: schema.columns[schema.target]})
    typed, problems = apply_contract(values.to_frame(schema.target), narrow)
    bad = rejected_by(problems)
    return typed[schema.target].mask(typed.index.isin(bad["rejected_row"])), bad


def typed_answers(answers: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Logged rows as the contract reads them, with the target where an outcome is known."""
    names = [*schema.features]
    cells = pd.DataFrame(answers["row"].tolist(), index=answers.index, columns=names)
    typed, _ = apply_contract(cells.infer_objects(), schema, target=False)
    outcomes = answers["outcome"].astype(object)
    return typed[names].assign(**{schema.target: typed_outcomes(outcomes, schema)[0]})


def logged_predictions(project: Project, used: ModelInUse, answers: pd.DataFrame) -> Predictions:
    """What a model answered, or scored in the shadow, for logged rows that it has scores of."""
    own = (answers["run"] == used.run).to_numpy()
    scores = answers["scores"].where(own, answers["shadow_scores"])
    width = max(len(used.schema.classes), 1)
    table = np.array(scores.tolist(), dtype=float).reshape(len(answers), width)
    rows = typed_answers(answers, used.schema)
    return predictions_of(project, used.model, used.schema, rows, table)


def log_resampling(project: Project, answers: pd.DataFrame) -> Resampling:
    """How to resample logged rows: those with the same identifier together."""
    units = pd.factorize(answers["key"].fillna(answers["id"]))[0]
    params = project.params.evaluate
    return Resampling(units, "rows", params.bootstrap, params.confidence, project.params.seed)


@dataclass(frozen=True)
class LivePair:
    """Two models that scored the same logged rows, those of the rows with an outcome.

    Attributes
    ----------
    rows
        How many have an outcome.
    gain
        How much better the first is; None where the rows are too few.
    words
        Both scores.
    """

    rows: int
    gain: Gain | None = None
    words: str = ""

    def __str__(self) -> str:
        if self.gain is None:
            return f"{self.rows} of {MIN_ROWS} rows that both scored have an outcome"
        return f"{self.words} on {self.rows} rows with an outcome, {self.gain}"


def compare_live(
    project: Project, model: ModelInUse, other: ModelInUse, answers: pd.DataFrame
) -> LivePair:
    """Compare two models on the logged rows that both scored and whose outcome is known."""
    both = _scored_by_both(answers, model.run, other.run)
    known = both[both["outcome"].notna() & both["shadow_scores"].notna()]
    sides: list[Side] = []
    for used in (model, other):
        predicted = logged_predictions(project, used, known)
        sides.append((predicted.metrics[predicted.deciding], predicted.y_pred))
    labelled = predicted.rows[model.schema.target].notna().to_numpy()
    y_true = predicted.y_true[labelled]
    resampling = log_resampling(project, known).among(labelled)
    if len(y_true) < MIN_ROWS or independent(y_true, resampling) < 2:
        return LivePair(len(y_true))
    sides = [(metric, values[labelled]) for metric, values in sides]
    gain = paired_bootstrap(y_true, sides, resampling)
    return LivePair(len(y_true), gain, versus(predicted.deciding, y_true, sides))


def live_checks(project: Project, challenger: ModelInUse) -> list[Check]:
    """The checks of a challenger that was in the shadow: paired scores, failures, latency."""
    last, shadow = current_champion(project), current_shadow(project)
    begun = bool(shadow and shadow.entry["run"] == challenger.run)
    since = datetime.fromisoformat(shadow.entry["time"]) if shadow and begun else None
    if last is None:
        return []
    answers = read_answers(project.log_folder, since)
    both = _scored_by_both(answers, challenger.run, last["run"])
    if not begun and both.empty:
        return []
    champion = load_champion(project, last)
    pair = compare_live(project, challenger, champion, both)
    return [_paired(project, champion, pair), _served(project, challenger, both, since)]


def _scored_by_both(answers: pd.DataFrame, run: str, other: str) -> pd.DataFrame:
    """Rows that one of two models answered and the other was given in the shadow."""
    shadow = answers["shadow_run"]
    first = (answers["run"] == run) & (shadow == other)
    return answers[first | (answers["run"] == other) & (shadow == run)]


def _paired(project: Project, champion: ModelInUse, pair: LivePair) -> Check:
    """It is not worse than the champion on the rows that both have scored."""
    if pair.gain is None:
        words = (
            f"{pair.rows} rows that the shadow and the champion scored have an outcome, {MIN_ROWS} "
            f"of both classes are needed: {max(MIN_ROWS - pair.rows, 0)} are missing; `make "
            "outcomes INPUT=file` adds them"
        )
        return Check(False, words)
    passed = pair.gain.high >= -project.params.evaluate.max_regression
    words = f"{pair.words} of the champion, {champion}, on {pair.rows} live rows: {pair.gain}"
    return Check(passed, words)


def _served(
    project: Project, challenger: ModelInUse, both: pd.DataFrame, since: datetime | None
) -> Check:
    """It scored nearly all rows it was given, and not much slower than the champion."""
    if both.empty:
        words = (
            "the shadow was given no row yet: `make predict INPUT=file`, or the service, does it"
        )
        return Check(False, words)
    batches = read_batches(project.log_folder, since)
    batches = batches[batches["shadow_run"] == challenger.run]
    share = float(both["shadow_scores"].notna().mean())
    seconds, shadow = float(batches["seconds"].sum()), float(batches["shadow_seconds"].sum())
    slower = shadow / seconds if seconds else float("inf")
    words = (
        f"in the shadow it scored {share:.1%} of {len(both)} rows, {MIN_ANSWERED:.0%} needed, in "
        f"{slower:.2g} times the champion's seconds, at most {MAX_SLOWER:g} allowed"
    )
    return Check(share >= MIN_ANSWERED and slower <= MAX_SLOWER, words)
