"""Keep what a file was predicted as in the request log, so that it can be watched."""

import hashlib
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..evaluation.predictions import NOTE, prediction_array
from ..io.read import list_files
from ..io.source import Source
from ..project.errors import ProjectError, first_line
from ..project.files import md5
from ..project.project import Project
from ..registry.champion import ModelInUse, load_champion
from ..registry.shadow import current_shadow
from ..request_log.entry import Answer, Batch, Entry, Refusal, batch_id, row_id
from ..request_log.log import MAX_ROWS, Log, keep_days, now
from ..schema.dates import write_dates
from ..schema.rules import COLUMN, ROW, RULE, apply_contract, rejected_by
from ..schema.schema import Schema
from ..selection.metrics import predict_scores

POSITION = "position"  # of a row in the file, from 0

Loading = tuple[str, Callable[[], ModelInUse]]  # the run of a model, and what loads it


class BatchLog:
    """Collects what is logged of a file while it is predicted; memory does not grow with its rows.

    Parameters
    ----------
    source
        What the log says it comes from; by default the name of the file.
    at
        The time it has there; by default that of `entry`. Files with the same source and time are one
        batch to those who read the log.
    max_rows
        How many rows are kept at most; by default `MAX_ROWS`.
    """

    def __init__(self, used: ModelInUse, source: str = "", at: str = "", max_rows: int = 0) -> None:
        self.used, self.source, self.at = used, source, at
        self.max_rows = max_rows or MAX_ROWS
        self.seconds, self.seen, self.stride = 0.0, 0, 1
        self.parts: list[list[pd.DataFrame]] = []
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.written = used.schema.source

    def add(
        self, given: pd.DataFrame, typed: pd.DataFrame, table: pd.DataFrame, problems: pd.DataFrame
    ) -> None:
        """Keep evenly spaced rows of a batch.

        Parameters
        ----------
        given, typed
            Rows as they came, and as the contract types them.
        table, problems
            All rows with their predictions, and the problems in them.
        """
        rules = rejected_by(problems).groupby([COLUMN, RULE])[ROW]
        self.refusals.update(rules.nunique().to_dict())
        answered = table[f"predicted_{self.used.schema.target}"].notna().to_numpy()
        position = pd.DataFrame({POSITION: self.seen + np.arange(len(table))}, table.index)
        self.seen += len(table)
        self.parts.append([position[answered], given, typed, table])
        while sum(self._spaced(part).sum() for part in self.parts) > self.max_rows:
            self.stride *= 2
        for part in self.parts:
            rows = part[0].index[self._spaced(part)]
            part[:] = [each.loc[rows] for each in part]

    def _spaced(self, part: list[pd.DataFrame]) -> np.ndarray:
        """Which of the rows have a position that is a multiple of the stride."""
        return (part[0][POSITION] % self.stride == 0).to_numpy()

    def entry(self, source: Path, counts: Counter[str], shadow: Loading | None) -> Entry:
        """What the log keeps of the file, the scores of the shadow too.

        Parameters
        ----------
        counts
            As `predict_file` returns them.
        """
        used, name = self.used, _file_id(source, self.used)
        _, given, typed, table = (pd.concat(each) for each in zip(*self.parts, strict=True))
        answers = _answers(name, typed, table, used)
        run, seconds = None, 0.0
        if shadow and answers:
            run, (scores, seconds) = shadow[0], _shadow_scores(shadow[1], given, self.written)
            each: list[Any] = scores or [None] * len(answers)
            pairs = zip(answers, each, strict=True)
            answers = [one._replace(shadow_run=run, shadow_scores=its) for one, its in pairs]
            seconds *= self.seen / len(answers)  # as if it had scored all rows
        batch = Batch(
            id=name,
            at=self.at or now(),
            source=self.source or source.name,
            version=used.version,
            rows=counts["rows"],
            flagged=counts["flagged"],
            rejected=counts["left out"],
            seconds=self.seconds,
            shadow_run=run,
            shadow_seconds=seconds,
        )
        refusals = [Refusal(*rule, count) for rule, count in self.refusals.items()]
        return Entry(answers, refusals, batch)


def keep(project: Project, made: BatchLog, source: Path, counts: Counter[str]) -> str:
    """Write a predicted file into the log; return the id of the batch, see `append`."""
    entry = make_entry(project, made, source, counts)
    return append(project, entry) if entry else ""


def make_entry(
    project: Project, made: BatchLog, source: Path, counts: Counter[str]
) -> Entry | None:
    """What the log is to keep of a predicted file; None where it keeps nothing, see `append`."""
    try:
        if not _days() or not made.parts:
            return None
        beside = None
        if shadow := current_shadow(project):
            beside = (shadow.entry["run"], partial(load_champion, project, shadow.entry))
        return made.entry(source, counts, beside)
    except (OSError, ProjectError) as error:
        _not_logged(made.source or source.name, error)
        return None


def append(project: Project, entry: Entry) -> str:
    """Write into the log; a failure is a line on stderr, for it must cost no prediction.

    Returns
    -------
    str
        The id of the batch, which those of its answers begin with; empty where none is kept.
    """
    try:
        Log(project.log_folder, _days()).append(*entry)
    except (sqlite3.Error, OSError, ProjectError) as error:
        _not_logged(entry.batch.source, error)
        return ""
    return entry.batch.id


def _not_logged(source: str, error: Exception) -> None:
    print(f"{source} is not in the log: {first_line(error)}", file=sys.stderr)


def _days() -> int:
    return keep_days(os.environ.get("SERVE_LOG_DAYS", "").strip())


def json_rows(typed: pd.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """The features of typed rows as JSON has them, which the contract reads as the same rows."""
    columns = []
    for name, column in schema.features.items():
        cells = typed[name]
        if column.read_as == "datetime":
            cells = write_dates(cells, column.format)
        columns.append(cells.astype(object).where(cells.notna(), None).tolist())
    return [dict(zip(schema.features, row, strict=True)) for row in zip(*columns, strict=True)]


def _answers(
    batch: str, typed: pd.DataFrame, table: pd.DataFrame, used: ModelInUse
) -> list[Answer]:
    schema = used.schema
    identifier = schema.identifier
    keys = typed[identifier].tolist() if identifier in typed else [None] * len(typed)
    width = max(len(schema.classes), 1)
    scores = prediction_array(table, schema).reshape(len(table), width).tolist()
    found = table[f"predicted_{schema.target}"].tolist()
    notes = table[NOTE].fillna("").tolist()
    rows = json_rows(typed, schema)
    return [
        Answer(
            row_id(batch, row), key if isinstance(key, str) else None, used.version, used.run, *said
        )
        for row, key, *said in zip(typed.index, keys, rows, found, scores, notes, strict=True)
    ]


def _shadow_scores(
    load: Callable[[], ModelInUse], given: pd.DataFrame, written: Source
) -> tuple[list[list[float]], float]:
    """The scores of the model in the shadow for the rows, none where it fails, and its seconds."""
    try:
        used = load()
        began = time.perf_counter()
        typed, _ = apply_contract(given, replace(used.schema, source=written), target=False)
        scores = predict_scores(used.model, typed, used.schema).reshape(len(typed), -1)
        return scores.tolist(), time.perf_counter() - began
    except Exception as error:  # noqa: BLE001, whatever it is, the champion has predicted
        print(f"the model in the shadow failed: {first_line(error)}", file=sys.stderr)
        return [], 0.0


def _file_id(source: Path, used: ModelInUse) -> str:
    """The id of a file or folder predicted by a model."""
    hashes = [md5(file) for file in list_files(source)]
    whole = hashes[0] if len(hashes) == 1 else hashlib.md5("".join(hashes).encode()).hexdigest()
    return batch_id(whole, used.model_md5)
