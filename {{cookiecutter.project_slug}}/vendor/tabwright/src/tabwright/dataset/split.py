"""Split rows into training, test and unlabelled rows."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from ..io.parquet import parquet_batches, parquet_file
from ..project.errors import ProjectError
from ..project.project import Project
from ..project.settings import DataParams, Params
from ..schema.schema import Schema

TRAIN, TEST, UNLABELLED = "train", "test", "unlabelled"
SCALE = 1_000_000  # integer shares, so that rounding moves no row


class Split:
    """Assign rows in batches, so that the table need not fit into memory.

    Rows appended to the table do not change the assignment of earlier ones. It depends on

    - in a random split, the hash of the unique identifier if the schema has one, else the position
      of the row within its class: one random row of each run of 1 / `test_size` rows is for
      testing, so the split is stratified; in both cases the first row of a class is for training
      and the second for testing, so that neither part lacks a class;
    - in a group split, the hash of the group, so that its rows stay together;
    - in a chronological split, the date: rows from `cut` on are for testing, rows without a date
      for training.
    """

    def __init__(
        self, schema: Schema, params: DataParams, seed: int, cut: pd.Timestamp | None = None
    ) -> None:
        self.schema, self.params, self.seed, self.cut = schema, params, seed, cut
        self.by = params.split_by or _identifier(schema)
        self.share = round(params.test_size * SCALE)
        self.seen: Counter[str] = Counter()
        self.draws: dict[str, np.ndarray] = {}

    def assign(self, batch: pd.DataFrame) -> np.ndarray:
        """Return `train`, `test` or `unlabelled` for each row of the next batch."""
        target = batch[self.schema.target]
        if self.params.split == "chronological":
            test = (batch[self.by] >= self.cut).to_numpy()
        elif self.by:
            hashes = pd.util.hash_pandas_object(
                batch[self.by].astype("str"), index=False, hash_key=f"{self.seed:016d}"[-16:]
            )
            test = hashes.to_numpy() < self.params.test_size * 2.0**64
            if self.params.split == "random" and self.schema.task == "classification":
                place = self._place(target)
                test = np.where(place < 2, place == 1, test)
        else:
            test = self._drawn(target)
        return np.where(target.isna(), UNLABELLED, np.where(test, TEST, TRAIN))

    def _drawn(self, target: pd.Series) -> np.ndarray:
        """Draw one test row of each run of rows of a class."""
        regression = self.schema.task == "regression"
        classes = target.notna().map({True: "any"}) if regression else target
        place, test = self._place(classes), np.zeros(len(target), dtype=bool)
        for label, rows in classes.groupby(classes).indices.items():
            numbers = place[rows]
            runs = numbers * self.share // SCALE
            starts = -(-np.arange(runs[-1] + 2) * SCALE // self.share)
            draws = self._draws(label, len(starts) - 1)
            chosen = starts[:-1] + (draws * np.diff(starts)).astype(int)
            chosen[0] = 1
            test[rows] = numbers == chosen[runs]
        return test

    def _place(self, classes: pd.Series) -> np.ndarray:
        """The number of earlier rows of the same class; undefined for rows without a class."""
        groups = classes.groupby(classes)
        before = classes.map(self.seen).fillna(0).to_numpy(dtype=int)
        self.seen.update(groups.size().to_dict())
        return before + groups.cumcount().fillna(0).to_numpy(dtype=int)

    def _draws(self, label: str, count: int) -> np.ndarray:
        order = [*(self.schema.columns[self.schema.target].categories or []), "any"]
        random = np.random.default_rng([self.seed, order.index(label)])
        if len(self.draws.get(label, ())) < count:
            self.draws[label] = random.random(2 * count)
        return self.draws[label][:count]


def split_rows(project: Project, schema: Schema, clean: Path) -> Counter[str]:
    """Write the clean rows into data/processed, and count those of each part.

    Raises
    ------
    ProjectError
        When fewer than ten rows have a target, all have the same, or a part is empty.
    """
    params, cut = project.params, None
    target, data = schema.target, params.data
    files = {TRAIN: project.train_file, TEST: project.test_file}
    files[UNLABELLED] = project.unlabelled_file
    if data.split == "chronological":
        dates = pd.read_parquet(clean, columns=[data.split_by, target])
        cut = cut_date(dates.loc[dates[target].notna(), data.split_by], data.test_size)
        print(f"rows from {data.split_by} {cut} on are for testing")
    split = Split(schema, data, params.seed, cut)
    counts: Counter[str] = Counter()
    values: set[object] = set()
    with ExitStack() as stack:
        write = {part: stack.enter_context(parquet_file(path)) for part, path in files.items()}
        for batch in parquet_batches(clean):
            parts = split.assign(batch)
            counts.update(parts.tolist())
            values.update(batch[target].dropna().unique()[:2])
            for part, write_part in write.items():
                write_part(batch[parts == part])
        _require_enough(counts, values, schema, params)
    return counts


def _require_enough(
    counts: Counter[str], values: set[object], schema: Schema, params: Params
) -> None:
    labelled = counts["train"] + counts["test"]
    if labelled < 10:
        raise ProjectError(
            f"only {labelled} rows have a value of {schema.target!r}. At least 10 are needed: add rows."
        )
    if len(values) < 2:
        raise ProjectError(
            f"{schema.target!r} is {values.pop()!r} in every row: there is nothing to learn. "
            "Choose another target, or add rows with other values."
        )
    if not counts["train"] or not counts["test"]:
        side = "test" if counts["train"] else "train"
        raise ProjectError(
            f"there are no rows to {side} on after data.split {params.data.split} by "
            f"{params.data.split_by!r}. Change one of them, or data.test_size "
            f"({params.data.test_size}), in params.yaml."
        )


def cut_date(dates: pd.Series, share: float) -> pd.Timestamp:
    """The date from which on rows are in the latest share.

    Raises
    ------
    ProjectError
        When all dates are the same or missing.
    """
    known = dates.dropna().sort_values()
    if known.nunique() < 2:
        raise ProjectError(
            f"data.split_by: {dates.name!r} is the same date in every row, or empty. Set data.split "
            "in params.yaml to random."
        )
    cut = known.iloc[int(len(known) * (1 - share))]
    return cut if cut > known.iloc[0] else known[known > cut].iloc[0]


def require_split_column(schema: Schema, params: DataParams) -> None:
    """Raise a `ProjectError` unless `data.split_by` is a column of the type that is needed."""
    if params.split == "random":
        return
    column, dates = schema.columns.get(params.split_by), params.split == "chronological"
    if column is None or not column.kept or (dates and column.read_as != "datetime"):
        raise ProjectError(
            f"params.yaml: data.split_by is {params.split_by!r}, which is no column of "
            f"references/schema.yaml {'with dates' if dates else 'that is kept'}. Name one."
        )


def _identifier(schema: Schema) -> str:
    names = (n for n, column in schema.columns.items() if column.role == "identifier")
    return next((name for name in names if schema.columns[name].unique), "")
