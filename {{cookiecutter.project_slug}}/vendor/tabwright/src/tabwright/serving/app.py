"""The service as a FastAPI application, and the server it runs in."""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..dataset.clean import Clean, unchanged
from ..project.project import Project
from ..request_log.log import Log
from .answer import refusal_entry
from .batcher import Batcher, BusyError
from .document import BUSY, KNOWN, READ, describe_api, form_page, model_facts
from .files import FilePredictor
from .follow import Follower
from .limits import RETRY, Limits
from .metrics import Metrics
from .models import Models, Served
from .request import RefusedError, is_a_list
from .settings import ServeSettings, serve_settings

BEARER = HTTPBearer(auto_error=False, description="SERVE_API_KEY of the service")
KEEP_ALIVE = 75  # seconds, longer than the 60 of NGINX: a proxy must be the first to hang up
CSP = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
)


class Service:
    """What the routes share."""

    def __init__(self, project: Project, clean: Clean, settings: ServeSettings) -> None:
        self.project, self.settings, self.metrics = project, settings, Metrics()
        log = Log(project.log_folder, settings.log_days) if settings.log_days else None
        self.models = Models(project, clean, settings.rows)
        self.follower = Follower(self.models, self.metrics)
        self.batcher = Batcher(settings, self.metrics, log)
        self.files = FilePredictor(self.batcher, settings)

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Follow promotions while the server runs."""
        task = asyncio.create_task(self.follower.follow())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def require_key(
        self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> None:
        """Refuse a request without the key."""
        sent = given.credentials if given else ""
        if not hmac.compare_digest(sent.encode(), self.settings.api_key.encode()):
            raise HTTPException(
                401, "send Authorization: Bearer <key>", {"WWW-Authenticate": "Bearer"}
            )

    async def served(self, version: str) -> Served:
        """The models that answer a request."""
        if not version:
            return self.follower.served
        if found := await self.follower.version(version):
            return found
        kept = ", ".join(self.models.versions()) or "none"
        raise HTTPException(404, f"no such version; kept are: {kept}")

    async def predict(self, request: Request, version: str = "") -> JSONResponse:
        """Predict a row, or a list of rows: all of them, or none where the schema rejects one."""
        served = await self.served(version)
        body = await request.body()
        try:
            rows = served.champion.reader.read(body)
        except RefusedError as refused:
            if entry := refusal_entry(served, refused):
                self.batcher.thread.submit(self.batcher.keep, entry, served)
            raise
        answers = await self.batcher.predict(served, rows)
        return JSONResponse(answers if is_a_list(body) else answers[0])

    async def predict_file(self, request: Request, version: str = "") -> Response:
        """Predict a CSV or Parquet file; the answer is the file with the columns of `make predict`."""
        served = await self.served(version)
        return await self.files.predict(served, request.stream())

    async def model(self, version: str = "") -> dict[str, Any]:
        """The model that answers: version, run, commit, when it was trained, scores and schema."""
        served = await self.served(version)
        return model_facts(self.project, served) | {"versions": list(self.models.versions())}

    async def health(self) -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    async def ready(self, response: Response) -> dict[str, Any]:
        """There is room for a request."""
        response.status_code = 503 if self.batcher.full else 200
        served = self.follower.served
        shadow = served.shadow and served.shadow.names
        return {"ready": not self.batcher.full, **served.champion.names, "shadow": shadow}

    async def show_metrics(self) -> Response:
        """Counts for Prometheus."""
        self.metrics.waiting.set(len(self.batcher.waiting))
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def docs(self) -> HTMLResponse:
        """A form for a row or a file."""
        with_key = bool(self.settings.api_key)
        page = form_page(self.project.title, self.follower.served, with_key=with_key)
        return HTMLResponse(page, headers={"Content-Security-Policy": CSP})


def create_app(project: Project, clean: Clean = unchanged) -> FastAPI:
    """The service of a project.

    Parameters
    ----------
    clean
        The owner's function for rows before they are checked.

    Raises
    ------
    ProjectError
        When a setting is wrong, or there is no model that can be used.
    """
    settings = serve_settings(os.environ)
    service = Service(project, clean, settings)
    app = FastAPI(
        title=project.title,
        docs_url=None,
        redoc_url=None,
        lifespan=service.lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.add_middleware(Limits, settings=settings, metrics=service.metrics)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(BusyError, _busy)
    known = [Depends(service.require_key)] if settings.api_key else []
    app.post("/predict", dependencies=known, responses=READ)(service.predict)
    app.post("/predict/file", dependencies=known, responses=READ)(service.predict_file)
    app.get("/model", dependencies=known, responses=KNOWN)(service.model)
    app.get("/health", responses=BUSY)(service.health)
    app.get("/ready", responses=BUSY)(service.ready)
    app.get("/metrics", include_in_schema=False)(service.show_metrics)
    app.get("/docs", include_in_schema=False)(service.docs)
    app.openapi = lambda: describe_api(app, service.follower.served)  # type: ignore[method-assign]
    return app


def run(app: FastAPI) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that are being answered then still are."""
    import uvicorn

    settings: ServeSettings = app.state.settings
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
    )


async def _refused(_: Request, error: Exception) -> JSONResponse:
    """What is wrong and where, without the values: they may be personal, and answers are kept elsewhere."""
    assert isinstance(error, RefusedError)
    detail = [asdict(problem) for problem in error.problems]
    return JSONResponse({"detail": detail}, error.status)


async def _busy(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "too many requests wait"}, 503, RETRY)
