"""What the request log keeps of rows that were predicted."""

import hashlib
from typing import Any, NamedTuple

SERVICE = "service"  # the source of what the service answered; of a batch it is the file's name


class Answer(NamedTuple):
    """A row that was predicted.

    Attributes
    ----------
    id
        Of this answer alone.
    key
        The identifier that the row came with, if the schema has one.
    row
        Raw cells of the features by column.
    answer
        The class or the value.
    scores
        What `predict_scores` returns for the row.
    shadow_run, shadow_scores
        The run of the model that scored the row as well and did not answer, and its scores: the
        challenger in the shadow; of rows that this one answered, the champion. No scores where it
        failed.
    """

    id: str
    key: str | None
    version: str | None
    run: str
    row: dict[str, Any]
    answer: str | float
    scores: list[float]
    note: str = ""
    shadow_run: str | None = None
    shadow_scores: list[float] | None = None


class Refusal(NamedTuple):
    """How many rows of a batch broke a rule of a column."""

    column: str
    rule: str
    rows: int


class Batch(NamedTuple):
    """Rows that were predicted together, those without a prediction counted too.

    Attributes
    ----------
    id
        Of a file, `batch_id`: the same rows and model again replace what is kept.
    source
        `SERVICE`, or the name of the file.
    seconds, shadow_seconds
        How long the model took, and the one in the shadow.
    failed
        Rows that an error kept from an answer.
    """

    id: str
    at: str
    source: str
    version: str | None
    rows: int
    flagged: int
    rejected: int
    seconds: float
    failed: int = 0
    shadow_run: str | None = None
    shadow_seconds: float | None = None


class Entry(NamedTuple):
    """What is kept of rows that were predicted together."""

    answers: list[Answer]
    refusals: list[Refusal]
    batch: Batch


def batch_id(file_md5: str, model_md5: str) -> str:
    """The id of a predicted file, which follows from its bytes and the model."""
    return hashlib.sha256(f"{file_md5} {model_md5}".encode()).hexdigest()[:32]


def row_id(batch: str, row: int) -> str:
    """The id of the answer to a row of a predicted file."""
    return f"{batch}-{row}"
