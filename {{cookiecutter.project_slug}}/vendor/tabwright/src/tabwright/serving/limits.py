"""Refuse what is too long, takes too long or comes too often, and count requests."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import JSONResponse

from .metrics import Metrics
from .request import Problem, RefusedError
from .settings import ServeSettings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
FREE = ("/health", "/ready", "/metrics")  # those who watch are answered in a crowd too
RETRY = {"Retry-After": "1"}
START = "http.response.start"


class Limits:
    """An ASGI middleware. Headers that a client sends slowly are for a proxy in front."""

    def __init__(self, app: Any, settings: ServeSettings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self.open = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self.open += 1
        self.metrics.open.set(self.open)
        try:
            if self.open > self.settings.concurrency and scope["path"] not in FREE:
                busy = JSONResponse({"detail": "too many requests at once"}, 503, RETRY)
                await busy(scope, receive, watched)
            else:
                await self._in_time(scope, self._limited(receive), watched)
        finally:
            self.open -= 1
            path = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(path, status).inc()
            self.metrics.seconds.labels(path).observe(time.perf_counter() - began)

    def _limited(self, receive: Receive) -> Receive:
        seen, most = 0, self.settings.body_bytes

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))  # in chunks it has no length before
            if seen > most:
                raise RefusedError([Problem(None, None, f"at most {most} bytes")], 413)
            return message

        return limited

    async def _in_time(self, scope: Message, receive: Receive, send: Send) -> None:
        async def started(message: Message) -> None:
            if message["type"] == START:
                limit.reschedule(None)
            await send(message)

        seconds = self.settings.seconds
        try:
            async with asyncio.timeout(seconds) as limit:
                await self.app(scope, receive, started)
        except TimeoutError:
            if not limit.expired():
                raise
            late = JSONResponse({"detail": f"not answered within {seconds:g} seconds"}, 504)
            await late(scope, receive, send)
