"""Predict a file that was sent as `make predict` does: batch by batch, whole and in order."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastapi.responses import FileResponse
from pyarrow import ArrowException
from starlette.background import BackgroundTask

from ..prediction.batch_log import BatchLog
from ..prediction.predict_file import NothingPredictedError, predict_file
from ..project.errors import ProjectError, first_line
from ..request_log.entry import SERVICE
from ..schema.rules import COLUMN, ROW, RULE, rejected_by
from .batcher import Batcher, use_one_core
from .models import Served
from .request import MAX_PROBLEMS, Problem, RefusedError
from .settings import ServeSettings

PARQUET = b"PAR1"
MEDIA = {".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}


class FilePredictor:
    """Predicts one file after the other, beside the queue of rows."""

    def __init__(self, batcher: Batcher, settings: ServeSettings) -> None:
        self.batcher, self.settings = batcher, settings
        self.thread = ThreadPoolExecutor(1, "files", use_one_core)

    async def predict(self, served: Served, body: AsyncIterator[bytes]) -> FileResponse:
        """The file with predictions, in the format that was sent.

        Raises
        ------
        RefusedError
            When it cannot be read, or none of its rows can be predicted.
        """
        deadline = time.monotonic() + self.settings.seconds
        with ExitStack() as stack:
            made = TemporaryDirectory(prefix="predict-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
            sent = folder / "sent"
            with sent.open("wb") as file:
                async for chunk in body:
                    file.write(chunk)
            with sent.open("rb") as file:
                suffix = ".parquet" if file.read(len(PARQUET)) == PARQUET else ".csv"
            source, output = sent.rename(folder / f"rows{suffix}"), folder / f"predictions{suffix}"
            work = self.thread.submit(self._predict, served, source, output, deadline)
            await asyncio.wrap_future(work)
            done = BackgroundTask(stack.pop_all().close)
        return FileResponse(output, filename=output.name, media_type=MEDIA[suffix], background=done)

    def _predict(self, served: Served, source: Path, output: Path, deadline: float) -> None:
        def clean_in_time(rows: pd.DataFrame) -> pd.DataFrame:
            if time.monotonic() > deadline:
                raise TimeoutError  # nobody waits for it any more
            return model.clean(rows)

        model, other = served.champion, served.shadow
        used, log = model.used, BatchLog(model.used, SERVICE)
        try:
            counts = predict_file(source, output, used.model, used.schema, clean_in_time, log=log)
        except NothingPredictedError as error:
            bad = rejected_by(error.problems).head(MAX_PROBLEMS)
            cells = zip(bad[ROW], bad[COLUMN], bad[RULE], strict=True)
            found = [Problem(row, name or None, rule) for row, name, rule in cells]
            raise RefusedError(found) from None
        except (ProjectError, ArrowException) as error:
            said = first_line(error)
            for name in (str(source), source.name):
                said = said.replace(name, "the file")
            raise RefusedError([Problem(None, None, f"a CSV or Parquet file: {said}")]) from None
        if log.parts:
            beside = (other.used.run, lambda: other.used) if other else None
            self.batcher.keep(log.entry(source, counts, beside), served)
