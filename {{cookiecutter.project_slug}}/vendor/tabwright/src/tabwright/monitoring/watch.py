"""Collect what is known of the champion at work: volume, drift, live scores, and the action."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from ..evaluation.predictions import Predictions
from ..project.errors import ProjectError
from ..project.project import Project
from ..registry.champion import (
    ModelInUse,
    Promotion,
    is_former,
    load_champion,
    promotion_log,
)
from ..registry.live import compare_live, log_resampling, logged_predictions
from ..registry.reference import load_reference
from ..registry.shadow import current_shadow
from ..tracking.record import load_records
from .decide import State, decide, rows_needed
from .drift import Finding, compare_outcomes, compare_rows, persistent
from .windows import MIN_ROWS, read_newest, split_windows

NEWEST = 3  # windows that are compared
MAX_FAILED = 0.01  # of the rows


@dataclass
class Window:
    """Rows of the log that one model answered, and what was found in them."""

    start: str
    end: str
    predicted: Predictions
    found: list[Finding] = field(default_factory=list)
    score: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass
class Watch:
    """All that the page shows.

    Attributes
    ----------
    recent, labelled
        Windows of the champion's rows, and of those with an outcome; the newest last.
    live
        By version: its score on all its rows with an outcome, with interval.
    batches
        A line for each day of a source.
    notes
        What cannot be said, and why.
    """

    used: ModelInUse
    promotion: Promotion
    trained: str
    reference: Predictions | None
    recent: list[Window]
    labelled: list[Window]
    live: list[dict[str, Any]]
    batches: pd.DataFrame
    answers: int
    outcomes: int
    state: State
    action: str
    why: list[str]
    notes: list[str]


def collect(project: Project) -> Watch | None:
    """Read the log and compare; None before a model is promoted."""
    log = promotion_log(project)
    if not log:
        return None
    used = load_champion(project, log[-1])
    trained = _trained(project, log[-1])
    reference = load_reference(project, used)
    answers, batches = read_newest(project)
    own = answers[answers["run"] == used.run]
    known = own[own["outcome"].notna()]
    recent = [_window(project, used, own.iloc[rows]) for rows in split_windows(own)[-NEWEST:]]
    labelled = [_scored(project, used, known.iloc[rows]) for rows in split_windows(known)]
    if reference:
        for window in recent:
            window.found = compare_rows(reference, window.predicted)
        for window in labelled[-NEWEST:]:
            window.found = compare_outcomes(reference, window.predicted)
    since = answers["outcome"].notna() & (answers["at"] > trained)
    state = _state(project, used, recent, labelled, batches, answers, int(since.sum()))
    action, why = decide(state)
    return Watch(
        used=used,
        promotion=log[-1],
        trained=trained,
        reference=reference,
        recent=recent,
        labelled=labelled,
        live=_live(project, log, used, answers[answers["outcome"].notna()]),
        batches=_by_day(batches),
        answers=len(own),
        outcomes=len(known),
        state=state,
        action=action,
        why=why,
        notes=_notes(project, reference, own, known),
    )


def _window(project: Project, used: ModelInUse, answers: pd.DataFrame) -> Window:
    predicted = logged_predictions(project, used, answers)
    return Window(answers["at"].iloc[0][:16], answers["at"].iloc[-1][:16], predicted)


def _scored(project: Project, used: ModelInUse, answers: pd.DataFrame) -> Window:
    """A window of rows with an outcome, its score and interval."""
    window = _window(project, used, answers)
    readable = window.predicted.rows[used.schema.target].notna().to_numpy()
    window.predicted = predicted = window.predicted.among(np.flatnonzero(readable))
    metric = predicted.metrics[predicted.deciding].function

    def score(rows: np.ndarray) -> np.ndarray:
        return np.array([metric(predicted.y_true[rows], predicted.y_pred[rows])])

    if readable.any() and np.isfinite(value := float(score(np.arange(len(predicted.rows)))[0])):
        window.score = value
        resampling = log_resampling(project, answers).among(readable)
        low, high = (float(end[0]) for end in resampling.interval(score))
        if np.isfinite([low, high]).all():
            window.low, window.high = low, high
    return window


def _live(
    project: Project, log: list[Promotion], champion: ModelInUse, answers: pd.DataFrame
) -> list[dict[str, Any]]:
    """The live score of each version in the log whose model is here."""
    lines = []
    for run, rows in answers.groupby("run", sort=False):
        if used := champion if run == champion.run else _load_former(project, log, str(run)):
            window = _scored(project, used, rows)
            numbers = {"score": window.score, "low": window.low, "high": window.high}
            count = len(window.predicted.rows)
            lines.append({"model": str(used), "rows": count, **numbers})
    return lines


def _load_former(project: Project, log: list[Promotion], run: str) -> ModelInUse | None:
    """The model of a run, unless it is not here or refers to code that has changed."""
    entry = next((one for one in reversed(log) if one["run"] == run), None)
    try:
        return load_champion(project, entry) if entry else None
    except ProjectError:
        return None


def _state(
    project: Project,
    used: ModelInUse,
    recent: list[Window],
    labelled: list[Window],
    batches: pd.DataFrame,
    answers: pd.DataFrame,
    count: int,
) -> State:
    found = [[window.found for window in each[-NEWEST:]] for each in (recent, labelled)]
    newest = [one for each in found if each for one in each[-1] if one.alarm]
    shadow = current_shadow(project)
    words, pair, former = "", None, False
    if shadow:
        other = load_champion(project, shadow.entry)
        words, pair = str(other), compare_live(project, other, used, answers)
        former = is_former(project, other.run)
    return State(
        seen=bool(recent),
        once=newest,
        rows=persistent(found[0]),
        outcomes=persistent(found[1]),
        trouble=_trouble(project, used, batches),
        labelled=count,
        needed=rows_needed(used.schema),
        shadow=words,
        is_former=former,
        pair=pair,
    )


def _trouble(project: Project, used: ModelInUse, batches: pd.DataFrame) -> list[str]:
    """Rows without a prediction among the newest that the champion was asked for."""
    own = batches[batches["version"] == used.version]
    newest = own[own["rows"][::-1].cumsum()[::-1] <= max(MIN_ROWS, own["rows"].tail(1).sum())]
    rows, limit = newest["rows"].sum(), project.params.data.max_rejected
    if not rows:
        return []
    rejected, failed = (float(newest[name].sum() / rows) for name in ("rejected", "failed"))
    found = []
    if rejected > limit:
        found.append(f"{rejected:.1%} of the newest rows are rejected, {limit:.1%} are allowed")
    if failed > MAX_FAILED:
        found.append(f"{failed:.1%} of the newest rows failed by an error")
    return found


def _by_day(batches: pd.DataFrame) -> pd.DataFrame:
    """Sums of the batches of a day and a source, the newest first."""
    days = batches.assign(day=batches["at"].str[:10])
    counts = ["rows", "flagged", "rejected", "failed", "seconds"]
    table = days.groupby(["day", "source"], sort=True)[counts].sum()
    return table[::-1].reset_index()


def _trained(project: Project, promotion: Promotion) -> str:
    """When the champion was trained, or where that is not recorded, when it was promoted."""
    runs = {record["run"]: record["started"] for record in load_records(project)}
    return str(runs.get(promotion["run"], promotion["time"]))


def age_in_days(watch: Watch) -> int:
    """Since the champion was trained."""
    return (datetime.now(UTC) - datetime.fromisoformat(watch.trained)).days


def _notes(
    project: Project, reference: Predictions | None, own: pd.DataFrame, known: pd.DataFrame
) -> list[str]:
    notes = []
    if own.empty:
        notes.append(
            f"{project.short(project.log_folder)} has no row that this champion has predicted: `make "
            "predict INPUT=file` adds them."
        )
    elif reference is None:
        notes.append(
            "This champion was promoted without reference rows, so its rows are compared with none: "
            "the next promotion keeps them."
        )
    elif len(own) < MIN_ROWS:
        notes.append(f"{len(own)} rows are few: from {MIN_ROWS} on drift is seen well.")
    if len(own) and known.empty:
        notes.append(
            "No outcome is known, so nobody can say whether the predictions are right: `make outcomes "
            "INPUT=file` adds them."
        )
    return notes
