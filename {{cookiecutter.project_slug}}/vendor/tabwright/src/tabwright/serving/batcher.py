"""Predict at once what arrived while the last batch was predicted: one row takes as long as a hundred."""

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ..request_log.entry import Entry
from ..request_log.log import Log
from .answer import Reply, answer_requests, log_entry
from .metrics import Metrics
from .models import Served
from .settings import ServeSettings

LOGGER = logging.getLogger("uvicorn.error")
QUIET = 3600  # seconds until the same failure of the log is said again: it costs every batch
PAUSE = 0.005  # seconds at most that a batch waits for more requests


class BusyError(Exception):
    """The queue is full."""


@dataclass(frozen=True)
class _Waiting:
    served: Served
    rows: Sequence[BaseModel]
    reply: asyncio.Future[list[dict[str, Any]]]


class Batcher:
    """A queue of requests, and the one thread that predicts them and writes the log."""

    def __init__(self, settings: ServeSettings, metrics: Metrics, log: Log | None) -> None:
        self.settings, self.metrics, self.log = settings, metrics, log
        self.waiting: deque[_Waiting] = deque()
        self.thread = ThreadPoolExecutor(1, "predict", use_one_core)
        self._work: asyncio.Task[None] | None = None
        self._quiet: dict[str, float] = {}  # until when a failure of the log is not said again

    @property
    def full(self) -> bool:
        """Whether no further request can wait."""
        return len(self.waiting) >= self.settings.queue

    async def predict(self, served: Served, rows: Sequence[BaseModel]) -> list[dict[str, Any]]:
        """Wait for the answers to the rows of a request.

        Raises
        ------
        BusyError, RefusedError
            When the queue is full, or the schema rejects a row.
        """
        if self.full:
            raise BusyError
        if not rows:
            return []
        reply: asyncio.Future[list[dict[str, Any]]] = asyncio.get_running_loop().create_future()
        self.waiting.append(_Waiting(served, rows, reply))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._predict_all())
        return await reply

    async def _predict_all(self) -> None:
        loop, pause = asyncio.get_running_loop(), 0.0
        while self.waiting:
            # Those just answered ask again: one batch of all, not two of half of them by turns.
            await asyncio.sleep(pause)
            began, batch = loop.time(), self._next_batch()
            replies = await loop.run_in_executor(self.thread, self._predict, batch)
            pause = min(PAUSE, (loop.time() - began) / 10) if len(batch) > 1 else 0.0
            for one, reply in zip(batch, replies, strict=True):
                if one.reply.done():  # its time was over
                    continue
                if isinstance(reply, Exception):
                    one.reply.set_exception(reply)
                else:
                    one.reply.set_result(reply)

    def _next_batch(self) -> list[_Waiting]:
        """The next requests to the same models, as far as their rows are not too many."""
        batch: list[_Waiting] = []
        rows = 0
        while self.waiting:
            one = self.waiting[0]
            rows += len(one.rows)
            if batch and (one.served is not batch[0].served or rows > self.settings.rows):
                break
            self.waiting.popleft()
            if not one.reply.done():
                batch.append(one)
        return batch

    def _predict(self, batch: list[_Waiting]) -> list[Reply]:
        if not batch:
            return []
        served = batch[0].served
        try:
            replies, entry = answer_requests(served, [one.rows for one in batch])
        except Exception as error:  # noqa: BLE001 (it is raised where the request waits)
            if len(batch) > 1:  # a request that fails must not fail others
                half = len(batch) // 2
                return self._predict(batch[:half]) + self._predict(batch[half:])
            rows = len(batch[0].rows)
            replies, entry = [error], log_entry(served.champion, rows=rows, failed=rows)
        self.keep(entry, served)
        return replies

    def keep(self, entry: Entry, served: Served) -> None:
        """Count a batch and write it to the log, whose failure costs no answer."""
        self.metrics.count(entry, served)
        try:
            if self.log:
                self.log.append(*entry)
        except (sqlite3.Error, OSError) as error:
            self.metrics.failures.labels("log").inc()
            self.metrics.unlogged.inc(len(entry.answers))
            text, moment = str(error), time.monotonic()
            if moment > self._quiet.get(text, 0.0):
                LOGGER.error("not kept in the log, as /metrics counts: %s", text)
                self._quiet[text] = moment + QUIET


def use_one_core() -> None:
    """Let models use one core: threads that share a row cost more than they save."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
