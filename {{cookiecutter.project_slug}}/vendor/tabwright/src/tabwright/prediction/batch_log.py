"""Keep what a file was predicted as in the request log, so that it can be watched."""

import hashlib
import os
import sqlite3
import sys
import time
from collections import Counter
from dataclasses import replace
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
from ..request_log.log import (
    KEEP_DAYS,
    MAX_ROWS,
    Answer,
    Batch,
    Log,
    Refusal,
    batch_id,
    now,
    row_id,
)
from ..schema.dates import write_dates
from ..schema.rules import COLUMN, ROW, RULE, apply_contract, rejected_by
from ..schema.schema import Schema
from ..selection.metrics import predict_scores

POSITION = "position"  # of a row in the file, from 0


class BatchLog:
    """Collects what is logged of a file while it is predicted; memory does not grow with its rows.

    Parameters
    ----------
    source
        What the log says it comes from; by default the name of the file.
    """

    def __init__(self, project: Project, used: ModelInUse, source: str = "") -> None:
        self.project, self.used, self.source = project, used, source
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
        while sum(self._spaced(part).sum() for part in self.parts) > MAX_ROWS:
            self.stride *= 2
        for part in self.parts:
            rows = part[0].index[self._spaced(part)]
            part[:] = [each.loc[rows] for each in part]

    def _spaced(self, part: list[pd.DataFrame]) -> np.ndarray:
        """Which of the rows have a position that is a multiple of the stride."""
        return (part[0][POSITION] % self.stride == 0).to_numpy()

    def save(self, source: Path, counts: Counter[str]) -> str:
        """Write the batch into the log; a failure is a line on stderr, for it must cost no prediction.

        Parameters
        ----------
        counts
            As `predict_file` returns them.

        Returns
        -------
        str
            The id of the batch, which those of its answers begin with; empty where none is kept.
        """
        project, used = self.project, self.used
        try:
            days = _keep_days()
            if not days or not self.parts:
                return ""
            name = _file_id(source, used)
            _, given, typed, table = (pd.concat(each) for each in zip(*self.parts, strict=True))
            answers = _answers(name, typed, table, used)
            run, scores, seconds = _shadow(project, given, self.written)
            if run:
                each: list[Any] = scores or [None] * len(answers)
                pairs = zip(answers, each, strict=True)
                answers = [one._replace(shadow_run=run, shadow_scores=its) for one, its in pairs]
                seconds *= self.seen / max(len(answers), 1)  # as if it had scored all rows
            numbers = counts["rows"], counts["flagged"], counts["left out"], self.seconds
            batch = Batch(
                name, now(), self.source or source.name, used.version, *numbers, 0, run, seconds
            )
            refusals = [Refusal(*rule, count) for rule, count in self.refusals.items()]
            Log(project.log_folder, days).append(answers, refusals, batch)
        except (sqlite3.Error, OSError, ProjectError) as error:
            print(f"{source.name} is not in the log: {first_line(error)}", file=sys.stderr)
            return ""
        return name


def _keep_days() -> int:
    text = os.environ.get("SERVE_LOG_DAYS") or str(KEEP_DAYS)
    if not text.isdecimal():
        raise ProjectError(f"SERVE_LOG_DAYS is {text!r}, not a number of days, or 0 for no log")
    return int(text)


def json_rows(typed: pd.DataFrame, schema: Schema) -> list[dict[str, Any]]:
    """The features of typed rows as JSON has them, which the contract reads as the same rows."""
    columns = []
    for name, column in schema.features.items():
        cells = typed[name]
        if column.kind == "datetime":
            cells = write_dates(cells, column.format)
        columns.append(cells.astype(object).where(cells.notna(), None).tolist())
    return [dict(zip(schema.features, row, strict=True)) for row in zip(*columns, strict=True)]


def _answers(
    batch: str, typed: pd.DataFrame, table: pd.DataFrame, used: ModelInUse
) -> list[Answer]:
    schema = used.schema
    identifier = schema.identifier
    keys = typed[identifier].tolist() if identifier in typed else [None] * len(typed)
    scores = prediction_array(table, schema).reshape(len(table), -1).tolist()
    found = table[f"predicted_{schema.target}"].tolist()
    notes = table[NOTE].fillna("").tolist()
    rows = json_rows(typed, schema)
    return [
        Answer(
            row_id(batch, row), key if isinstance(key, str) else None, used.version, used.run, *said
        )
        for row, key, *said in zip(typed.index, keys, rows, found, scores, notes, strict=True)
    ]


def _shadow(
    project: Project, given: pd.DataFrame, written: Source
) -> tuple[str | None, list[list[float]], float]:
    """The run of the shadow, its scores of the rows, none where it fails, and its seconds."""
    shadow = current_shadow(project)
    if shadow is None:
        return None, [], 0.0
    run = shadow.entry["run"]
    try:
        used = load_champion(project, shadow.entry)
        began = time.perf_counter()
        typed, _ = apply_contract(given, replace(used.schema, source=written), target=False)
        scores = predict_scores(used.model, typed, used.schema).reshape(len(typed), -1)
        return run, scores.tolist(), time.perf_counter() - began
    except Exception as error:  # noqa: BLE001, whatever it is, the champion has predicted
        print(f"the model in the shadow failed: {first_line(error)}", file=sys.stderr)
        return run, [], 0.0


def _file_id(source: Path, used: ModelInUse) -> str:
    """The id of a file or folder predicted by a model."""
    hashes = [md5(file) for file in list_files(source)]
    whole = hashes[0] if len(hashes) == 1 else hashlib.md5("".join(hashes).encode()).hexdigest()
    return batch_id(whole, used.model_md5)
