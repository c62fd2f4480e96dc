"""Which models the service answers with now: it follows promotions, rollbacks and the shadow."""

import asyncio
import logging
from functools import lru_cache

from ..project.errors import ProjectError
from .metrics import Metrics
from .models import Models, Served, UnknownVersionError

LOGGER = logging.getLogger("uvicorn.error")
SECONDS = 2.0  # between looks for another champion
MAX_VERSIONS = 3  # that are kept in memory beside the champion


class Follower:
    """The models in use, and those that a request named by their version."""

    def __init__(self, models: Models, metrics: Metrics) -> None:
        self.models, self.metrics = models, metrics
        self.served = models.current()
        metrics.use(self.served)
        self._version = lru_cache(MAX_VERSIONS)(models.version)
        self._loading = asyncio.Lock()

    async def follow(self) -> None:
        """Take up another champion or shadow between two batches; what is damaged leaves the old one."""
        said = ""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                if await asyncio.to_thread(self.models.stamps) == self.served.stamps:
                    continue
                served = await asyncio.to_thread(self.models.current)
            except Exception as error:  # noqa: BLE001 (tried again: its files may be on their way)
                if said != (said := f"{error}"):
                    kept = self.served.champion.used
                    log = LOGGER.error if isinstance(error, ProjectError) else LOGGER.exception
                    log("not taken up, %s goes on: %s", kept, error)
                continue
            self.served, said = served, ""
            self._version.cache_clear()
            self.metrics.use(served)
            LOGGER.info("answering with %s", describe(served))

    async def version(self, name: str) -> Served | None:
        """The model of a version; None when it is not kept."""
        if self.served.shadow is None and name == self.served.champion.used.version:
            return self.served
        async with self._loading:
            try:
                return await asyncio.to_thread(self._version, name)
            except UnknownVersionError:
                return None


def describe(served: Served) -> str:
    """The models in use in words."""
    if served.shadow is None:
        return str(served.champion.used)
    share = f", which answers {served.share:.0%}" if served.share else ""
    return f"{served.champion.used}, in the shadow {served.shadow.used}{share}"
