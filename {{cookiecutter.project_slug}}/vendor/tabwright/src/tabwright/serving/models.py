"""The models that answer: the champion, and beside it perhaps a challenger in the shadow."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ..dataset.check_rows import WHOLE_ROW
from ..dataset.clean import Clean, clean_rows, unchanged
from ..export.runtime import load_export
from ..project.project import Project
from ..registry.champion import (
    ModelInUse,
    champion_folder,
    current_champion,
    load_champion,
    model_in_use,
    promotion_log,
)
from ..registry.shadow import current_shadow
from ..schema.rules import COLUMN, LEFT_OUT, ROW, RULE, apply_contract, notes, rejected_by
from ..schema.schema import Schema
from ..selection.interval import get_half_width
from ..selection.metrics import predict_scores
from ..selection.persistence import Record
from ..selection.threshold import decide, get_threshold
from ..tracking.names import run_name
from ..tracking.record import require_record
from .columns import example
from .request import RowReader

BUCKETS = 10_000  # of a hash, for the share of rows that the shadow answers
Broken = tuple[int, str, str]  # the row from 0, the column, and the rule


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model, and how it reads a request.

    Attributes
    ----------
    entry
        Its promotion, or the record of its run where none was promoted yet.
    score
        What `predict_scores` returns for a typed table.
    exported
        Whether it is the exported model that scores.
    """

    used: ModelInUse
    entry: Record
    clean: Clean
    reader: RowReader
    score: Callable[[pd.DataFrame], np.ndarray]
    exported: bool = False

    @property
    def schema(self) -> Schema:
        """The schema that the model was trained with."""
        return self.used.schema

    @property
    def names(self) -> dict[str, str | None]:
        """The model in an answer."""
        return {"model_version": self.used.version, "run": run_name(self.used.run)}

    def cells(self, rows: Sequence[BaseModel]) -> pd.DataFrame:
        """The rows after `clean`, with all features."""
        return self.complete(clean_rows(self.reader.cells(rows), self.clean))

    def complete(self, cells: pd.DataFrame) -> pd.DataFrame:
        """The same rows, with an empty column for each feature that they lack."""
        absent = [name for name in self.schema.features if name not in cells.columns]
        return cells.assign(**dict.fromkeys(absent)) if absent else cells

    def check(self, cells: pd.DataFrame, count: int) -> tuple[pd.DataFrame, list[Broken], dict]:
        """The typed rows that can be predicted, what rejects the others, and notes by row."""
        typed, problems = apply_contract(cells, self.schema, target=False)
        broken = [(row, WHOLE_ROW, LEFT_OUT) for row in sorted({*range(count)} - {*cells.index})]
        if problems.empty:
            return typed, broken, {}
        bad = rejected_by(problems)
        broken += zip(bad[ROW], bad[COLUMN], bad[RULE], strict=True)
        return typed.drop(index=bad[ROW].unique()), broken, notes(problems)

    def predict(self, scores: np.ndarray) -> list[dict[str, Any]]:
        """What is answered for scores, shape (n_rows, n_classes or 1): a prediction and its certainty."""
        if self.schema.task == "regression":
            reach = get_half_width(self.used.model)
            ends = np.isfinite(reach)
            return [
                {"prediction": value}
                | ({"low": value - reach, "high": value + reach} if ends else {})
                for value in scores[:, 0].tolist()
            ]
        classes = self.schema.classes
        chosen = decide(scores, get_threshold(self.used.model))
        return [
            {"prediction": classes[number], "probabilities": dict(zip(classes, row, strict=True))}
            for number, row in zip(chosen, scores.tolist(), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Served:
    """What answers at one moment; replaced as a whole.

    Attributes
    ----------
    share
        Of the rows that the shadow answers, by a hash of their identifier or id.
    """

    champion: ServedModel
    shadow: ServedModel | None = None
    share: float = 0.0
    stamps: tuple[Any, ...] = field(default=(), repr=False)


class UnknownVersionError(LookupError):
    """No model of such a version is kept."""


class Models:
    """Loads the models of a project for the service."""

    def __init__(self, project: Project, clean: Clean, max_rows: int) -> None:
        self.project, self.clean, self.max_rows = project, clean, max_rows

    def current(self) -> Served:
        """The champion, or the latest model before there is one, and the shadow.

        Raises
        ------
        ProjectError
            When one of them is missing or damaged.
        """
        stamps, project = self.stamps(), self.project
        used = model_in_use(project)
        entry = current_champion(project) or require_record(project, project.model_file)
        champion, shadow = self._served(used, entry), current_shadow(project)
        if shadow is None:
            return Served(champion, stamps=stamps)
        other = self._served(load_champion(project, shadow.entry), shadow.entry)
        return Served(champion, other, shadow.share, stamps)

    def stamps(self) -> tuple[Any, ...]:
        """Changes when another model is put in use."""
        project = self.project
        files = [project.promotions_file, project.shadow_file, project.export_file]
        if not current_champion(project):
            files.append(project.model_file)
        found = [path.stat() if path.is_file() else None for path in files]
        return tuple(one and (one.st_mtime_ns, one.st_size, one.st_ino) for one in found)

    def versions(self) -> dict[str, Record]:
        """The promotions whose models are kept, by version."""
        known = {entry["version"]: entry for entry in promotion_log(self.project)}
        return {
            version: entry
            for version, entry in known.items()
            if (champion_folder(self.project, entry["run"]) / "model.skops").is_file()
        }

    def version(self, name: str) -> Served:
        """The model of a version alone.

        Raises
        ------
        UnknownVersionError
            When it is not kept.
        """
        if (entry := self.versions().get(name)) is None:
            raise UnknownVersionError(name)
        return Served(self._served(load_champion(self.project, entry), entry))

    def _served(self, used: ModelInUse, entry: Record) -> ServedModel:
        """A model that has answered a row already."""
        export = load_export(self.project, entry, used.schema)
        score = export or (lambda typed: predict_scores(used.model, typed, used.schema))
        reader = RowReader(used.schema, raw=changes_rows(self.clean), max_rows=self.max_rows)
        made = ServedModel(used, entry, self.clean, reader, score, export is not None)
        typed, _ = apply_contract(pd.DataFrame([example(used.schema)]), used.schema, target=False)
        score(typed)
        return made


def changes_rows(clean: Clean) -> bool:
    """Whether a `clean` is another than that of the template, which returns what it was given."""
    code = getattr(clean, "__code__", None)
    return code is None or code.co_code != unchanged.__code__.co_code


def is_in_share(key: str, share: float) -> bool:
    """Whether the shadow answers for a key: always the same for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    return number % BUCKETS < share * BUCKETS
