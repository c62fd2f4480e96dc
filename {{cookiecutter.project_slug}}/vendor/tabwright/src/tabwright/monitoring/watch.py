"""Collect what is known of the champion at work: volume, drift, live scores, and the action."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from ..evaluation.predictions import Predictions
from ..project.errors import ProjectError
from ..project.project import Project
from ..registry.champion import ModelInUse, Promotion, is_former, load_champion, promotion_log
from ..registry.live import compare_live, log_resampling, logged_predictions
from ..registry.reference import load_reference
from ..registry.shadow import current_shadow
from ..request_log.log import read_refusals
from ..tracking.record import load_records
from .decide import State, decide, rows_needed
from .drift import NEWEST, Finding, compare_outcomes, compare_rows, persistent
from .windows import MIN_ROWS, read_newest, split_windows

MAX_FAILED = 0.01  # of the rows
MAX_RULES = 10


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

    @property
    def numbers(self) -> dict[str, float | None]:
        """The score and the ends of its interval."""
        return {"score": self.score, "low": self.low, "high": self.high}


class Watch:
    """All that the page shows of a champion.

    Attributes
    ----------
    trained
        When the champion was trained, or where that is not recorded, when it was promoted.
    recent, labelled
        Windows of the champion's rows, and of those with an outcome; the newest last.
    answers, outcomes
        How many rows of the log it has answered, and how many of these have an outcome.
    live
        By version: its score on all its rows with an outcome, with interval.
    batches
        A line for each day of a source.
    refusals
        The rules that most rows broke: `column`, `rule`, `rows`.
    action, why
        What is to be done, and why.
    notes
        What cannot be said, and why.
    """

    def __init__(self, project: Project, log: list[Promotion]) -> None:
        self.project, self.promotion = project, log[-1]
        self.used = used = load_champion(project, log[-1])
        started = {record["run"]: record["started"] for record in load_records(project)}
        self.trained = str(started.get(used.run, log[-1]["time"]))
        self.reference = load_reference(project, used)
        answers, batches = read_newest(project)
        labelled = answers[answers["outcome"].notna()]
        own, known = (rows[rows["run"] == used.run] for rows in (answers, labelled))
        self.answers, self.outcomes = len(own), len(known)
        self.recent = [self._window(used, own.iloc[rows]) for rows in split_windows(own)[-NEWEST:]]
        self.labelled = [self._scored(used, known.iloc[rows]) for rows in split_windows(known)]
        if self.reference:
            for window in self.recent:
                window.found = compare_rows(self.reference, window.predicted)
            for window in self.labelled[-NEWEST:]:
                window.found = compare_outcomes(self.reference, window.predicted)
        self.live = self._live(log, labelled)
        self.batches = _by_day(batches)
        refusals = read_refusals(project.log_folder, batches)
        rules = refusals.groupby(["column", "rule"], as_index=False)
        self.refusals = rules["rows"].sum().sort_values("rows", ascending=False).head(MAX_RULES)
        self.state = self._state(batches, answers)
        self.action, self.why = decide(self.state)
        self.notes = self._notes()

    @property
    def age_in_days(self) -> int:
        """Since the champion was trained."""
        return (datetime.now(UTC) - datetime.fromisoformat(self.trained)).days

    def _window(self, used: ModelInUse, answers: pd.DataFrame) -> Window:
        predicted = logged_predictions(self.project, used, answers)
        return Window(answers["at"].iloc[0][:16], answers["at"].iloc[-1][:16], predicted)

    def _scored(self, used: ModelInUse, answers: pd.DataFrame) -> Window:
        """A window of rows with an outcome, its score and interval."""
        window = self._window(used, answers)
        readable = window.predicted.rows[used.schema.target].notna().to_numpy()
        window.predicted = predicted = window.predicted.among(np.flatnonzero(readable))
        every = np.arange(len(predicted.rows))
        if len(every) and np.isfinite(value := predicted.score(every)):
            window.score = value
            resampling = log_resampling(self.project, answers).among(readable)
            low, high = map(float, resampling.interval(predicted.score))
            if np.isfinite([low, high]).all():
                window.low, window.high = low, high
        return window

    def _live(self, log: list[Promotion], labelled: pd.DataFrame) -> list[dict[str, Any]]:
        """The live score of each version in the log whose model is here."""
        entries = {entry["run"]: entry for entry in log}
        lines = []
        for run, rows in labelled[labelled["run"].isin(entries)].groupby("run", sort=False):
            used = self.used
            if run != used.run:
                try:
                    used = load_champion(self.project, entries[str(run)])
                except ProjectError:  # it is not here, or refers to code that has changed
                    continue
            window = self._scored(used, rows)
            count = len(window.predicted.rows)
            lines.append({"model": str(used), "rows": count, **window.numbers})
        return lines

    def _state(self, batches: pd.DataFrame, answers: pd.DataFrame) -> State:
        found = [[window.found for window in each] for each in (self.recent, self.labelled)]
        since = answers["outcome"].notna() & (answers["at"] > self.trained)
        words, pair, former = "", None, False
        if shadow := current_shadow(self.project):
            other = load_champion(self.project, shadow.entry)
            words, pair = str(other), compare_live(self.project, other, self.used, answers)
            former = is_former(self.project, other.run)
        return State(
            seen=bool(self.recent),
            once=[one for each in found if each for one in each[-1] if one.alarm],
            rows=persistent(found[0]),
            outcomes=persistent(found[1]),
            trouble=self._trouble(batches),
            labelled=int(since.sum()),
            needed=rows_needed(self.used.schema),
            shadow=words,
            is_former=former,
            pair=pair,
        )

    def _trouble(self, batches: pd.DataFrame) -> list[str]:
        """Rows without a prediction among the newest that the champion was asked for."""
        own = batches[batches["version"] == self.used.version]
        newest = own[own["rows"][::-1].cumsum()[::-1] <= max(MIN_ROWS, own["rows"].tail(1).sum())]
        rows, limit = newest["rows"].sum(), self.project.params.data.max_rejected
        if not rows:
            return []
        rejected, failed = (float(newest[name].sum() / rows) for name in ("rejected", "failed"))
        found = []
        if rejected > limit:
            found.append(f"{rejected:.1%} of the newest rows are rejected, {limit:.1%} are allowed")
        if failed > MAX_FAILED:
            found.append(f"{failed:.1%} of the newest rows failed by an error")
        return found

    def _notes(self) -> list[str]:
        notes = []
        if not self.answers:
            notes.append(
                f"{self.project.short(self.project.log_folder)} has no row that this champion has "
                "predicted: `make predict INPUT=file` adds them."
            )
        elif self.reference is None:
            notes.append(
                "This champion was promoted without reference rows, so its rows are compared with "
                "none: the next promotion keeps them."
            )
        elif self.answers < MIN_ROWS:
            notes.append(f"{self.answers} rows are few: from {MIN_ROWS} on drift is seen well.")
        if self.answers and not self.outcomes:
            notes.append(
                "No outcome is known, so nobody can say whether the predictions are right: `make "
                "outcomes INPUT=file` adds them."
            )
        return notes


def collect(project: Project) -> Watch | None:
    """Read the log and compare; None before a model is promoted."""
    log = promotion_log(project)
    return Watch(project, log) if log else None


def _by_day(batches: pd.DataFrame) -> pd.DataFrame:
    """Sums of the batches of a day and a source, the newest first."""
    days = batches.assign(day=batches["at"].str[:10])
    counts = ["rows", "flagged", "rejected", "failed", "seconds"]
    table = days.groupby(["day", "source"], sort=True)[counts].sum()
    return table[::-1].reset_index()
