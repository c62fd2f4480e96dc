"""Answer the requests of a batch: check the rows, score them, decide; and what the log keeps of it."""

import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ..dataset.check_rows import WHOLE_ROW
from ..request_log.entry import SERVICE, Answer, Batch, Entry, Refusal
from ..request_log.log import now
from .models import Broken, Served, ServedModel, is_in_share
from .request import MAX_PROBLEMS, Problem, RefusedError

LOGGER = logging.getLogger("uvicorn.error")
FINITE = "a finite prediction"
Reply = list[dict[str, Any]] | Exception  # an answer for each row of a request
Said = tuple[list[float], dict[str, Any]]  # scores and prediction of a row


@dataclass(frozen=True)
class Scored:
    """Rows by their number from 0, their scores, shape (n_rows, n_classes or 1), and the time it took."""

    model: ServedModel
    rows: np.ndarray
    scores: np.ndarray
    seconds: float

    def only(self, kept: np.ndarray) -> "Scored":
        """Some of the rows, by a mask."""
        return Scored(self.model, self.rows[kept], self.scores[kept], self.seconds)

    def by_row(self) -> dict[int, Said]:
        """The scores and the prediction of each row."""
        predicted = self.model.predict(self.scores)
        said = zip(self.scores.tolist(), predicted, strict=True)
        return dict(zip(self.rows.tolist(), said, strict=True))


class Asked:
    """The rows of some requests to the same models, numbered from 0.

    Attributes
    ----------
    broken
        The rows that the champion's schema rejects, with the column and the rule.
    notes
        What is unusual in the others, by row.
    """

    def __init__(self, served: Served, requests: Sequence[Sequence[BaseModel]]) -> None:
        self.served, self.reader = served, served.champion.reader
        self.rows = [row for request in requests for row in request]
        self.request_of = np.repeat(range(len(requests)), [len(request) for request in requests])
        self.broken: list[Broken] = []
        self.notes: dict[int, str] = {}

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The rows after `clean`, not typed."""
        return self.served.champion.cells(self.rows)

    def score(self) -> Scored:
        """Score all rows of each request, or none where one of them is rejected."""
        model, count = self.served.champion, len(self.rows)
        if self.reader.are_plain(self.rows):
            table = self.reader.columns_of(self.rows) if model.exported else self.cells
            scored = _score(model, table, np.arange(count))
        else:
            typed, self.broken, self.notes = model.check(self.cells, count)
            typed = typed[self._whole(typed.index.to_numpy())] if self.broken else typed
            scored = _score(model, typed, typed.index.to_numpy())
        odd = scored.rows[~np.isfinite(scored.scores).all(axis=1)].tolist()
        self.broken += [(row, WHOLE_ROW, FINITE) for row in odd]
        return scored.only(self._whole(scored.rows))

    def score_in_shadow(self, rows: np.ndarray) -> Scored | None:
        """The scores of the model in the shadow; where it fails, it must not cost an answer."""
        if (model := self.served.shadow) is None:
            return None
        try:
            typed, _, _ = model.check(model.complete(self.cells.loc[rows]), 0)
            scored = _score(model, typed, typed.index.to_numpy())
            return scored.only(np.isfinite(scored.scores).all(axis=1))
        except Exception:
            LOGGER.exception("the model in the shadow failed")
            return None

    def answer(self, row: int, said: Said, other: Said | None) -> tuple[Answer, dict[str, Any]]:
        """The answer to a row, for the log and for the client."""
        sent, note, name = self.rows[row], self.notes.get(row, ""), _new_id()
        features = self.reader.features(sent, self.cells.loc[row] if self.reader.raw else None)
        key, model, beside = self.reader.key(sent), self.served.champion, self.served.shadow
        if beside and other and is_in_share(key or name, self.served.share):
            model, beside, said, other = beside, model, other, said
        scores, prediction = said
        answer = Answer(
            id=name,
            key=key,
            version=model.used.version,
            run=model.used.run,
            row=features,
            answer=prediction["prediction"],
            scores=scores,
            note=note,
            shadow_run=beside.used.run if beside else None,
            shadow_scores=other[0] if other else None,
        )
        return answer, {"id": name} | prediction | ({"note": note} if note else {}) | model.names

    def refusals(self) -> dict[int, RefusedError]:
        """What is wrong in each request that is refused."""
        found: dict[int, list[Problem]] = defaultdict(list)
        for row, column, rule in sorted(self.broken):
            request = int(self.request_of[row])
            first = int(np.searchsorted(self.request_of, request))
            found[request].append(Problem(int(row) - first + 1, column or None, rule))
        return {request: RefusedError(each[:MAX_PROBLEMS]) for request, each in found.items()}

    def _whole(self, rows: np.ndarray) -> np.ndarray:
        """Mask of the rows whose request has no broken row."""
        broken = self.request_of[[row for row, *_ in self.broken]]
        return ~np.isin(self.request_of[rows], broken)


def answer_requests(
    served: Served, requests: Sequence[Sequence[BaseModel]]
) -> tuple[list[Reply], Entry]:
    """Answer some requests at once: all rows of each, or none where a row is rejected."""
    asked = Asked(served, requests)
    scored = asked.score()
    shadow = asked.score_in_shadow(scored.rows)
    others = shadow.by_row() if shadow else {}
    replies: list[Any] = [[] for _ in requests]
    answers = []
    for row, said in scored.by_row().items():
        answer, reply = asked.answer(row, said, others.get(row))
        answers.append(answer)
        replies[asked.request_of[row]].append(reply)
    for number, refused in asked.refusals().items():
        replies[number] = refused
    entry = log_entry(
        served.champion,
        answers,
        asked.broken,
        seconds=scored.seconds,
        shadow_run=served.shadow.used.run if served.shadow else None,
        shadow_seconds=shadow.seconds if shadow else None,
    )
    return replies, entry


def refusal_entry(served: Served, refused: RefusedError) -> Entry | None:
    """What the log keeps of a request that was refused before it reached the model."""
    columns = served.champion.reader.columns
    broken = [
        (problem.row or 0, problem.column, problem.expected)
        for problem in refused.problems
        if problem.column in columns  # names of others are anything
    ]
    return log_entry(served.champion, broken=broken) if broken else None


def log_entry(
    model: ServedModel, answers: Sequence[Answer] = (), broken: Sequence[Broken] = (), **facts: Any
) -> Entry:
    """What the log keeps of rows that a model has answered and of those that its schema rejects.

    Parameters
    ----------
    **facts
        Other fields of the `Batch`.
    """
    rules = Counter((column, rule) for _, column, rule in broken)
    refusals = [Refusal(*rule, rows) for rule, rows in rules.items()]
    rejected, flagged = len({row for row, *_ in broken}), sum(bool(one.note) for one in answers)
    counts = (len(answers) + rejected, flagged, rejected)
    batch = Batch(uuid.uuid4().hex, now(), SERVICE, model.used.version, *counts, seconds=0.0)
    return Entry([*answers], refusals, batch._replace(**facts))


def _score(model: ServedModel, table: Any, rows: np.ndarray) -> Scored:
    if not len(rows):
        return Scored(model, rows, np.empty((0, 1)), 0.0)
    began = time.perf_counter()
    scores = model.score(table).reshape(len(rows), -1)
    return Scored(model, rows, scores, time.perf_counter() - began)


def _new_id() -> str:
    """32 hexadecimal digits, the time first: the log finds the place of a new row near the last one."""
    return f"{time.time_ns() // 1_000_000:012x}{uuid.uuid4().hex[12:]}"
