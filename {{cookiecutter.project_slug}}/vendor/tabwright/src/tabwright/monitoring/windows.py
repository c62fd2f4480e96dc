"""Windows of the request log: rows that follow each other, batches and the service together."""

from datetime import datetime

import numpy as np
import pandas as pd

from ..project.project import Project
from ..request_log.log import MAX_ROWS as MAX_LOGGED
from ..request_log.log import read_answers, read_batches

MIN_ROWS, MAX_ROWS = 500, 5_000  # of a window
MAX_WINDOWS = 12
MAX_READ = 200_000  # answers, the newest


def read_newest(project: Project) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The newest answers of the log, about `MAX_READ`, and all its batches."""
    batches = read_batches(project.log_folder)
    kept = batches.groupby("at")["rows"].sum().clip(upper=MAX_LOGGED)  # of the files of a folder
    newest = kept[::-1].cumsum()
    since = newest.index[newest > MAX_READ][:1].tolist()
    first = datetime.fromisoformat(since[0]) if since else None
    return read_answers(project.log_folder, first), batches


def split_windows(answers: pd.DataFrame) -> list[np.ndarray]:
    """Positions of the rows of each window, the newest window last.

    A window has at least `MIN_ROWS` rows, of a long log more, and no batch is in two: three windows of
    one file would not confirm each other. Older rows that fill no window are left out, unless there
    is no other.
    """
    if answers.empty:
        return []
    at, source = answers["at"].to_numpy(), answers["source"].to_numpy()
    new = np.flatnonzero((at[1:] != at[:-1]) | (source[1:] != source[:-1])) + 1
    least = int(np.clip(len(answers) // MAX_WINDOWS, MIN_ROWS, MAX_ROWS))
    ends = [len(answers)]
    for start in [*new[::-1].tolist(), 0]:
        if ends[-1] - start >= least:
            ends.append(start)
    starts = ends[1:] or [0]
    pairs = list(zip(starts, ends, strict=False))[:MAX_WINDOWS]
    return [np.arange(start, end) for start, end in reversed(pairs)]
