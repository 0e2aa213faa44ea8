"""Puts the server together: the surfaces behind the gate, health and metrics beside them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, RedirectResponse, Response

from cropflow.errors import CropflowError
from cropflow.models import Batching, ModelStore
from cropflow.server import existing, own
from cropflow.server.desk import Desk
from cropflow.server.faults import Fault, answer
from cropflow.server.gate import Gate, check_key
from cropflow.server.library import Library
from cropflow.server.meeting import Meeting
from cropflow.server.metrics import Metrics
from cropflow.server.openapi import NUMBERS, ask_for_keys, operation
from cropflow.server.plain import PlainRoute
from cropflow.server.service import Service, service_of
from cropflow.server.settings import Settings

log = logging.getLogger("cropflow.server")


def create_app(settings: Settings, *, batching: Batching = Batching(), **store: Any) -> FastAPI:  # noqa: B008 - frozen
    """Return the application; for any ASGI server, as `cropflow serve` runs it in uvicorn.

    Args:
        settings: how to serve.
        batching: how requests that meet at a model are put together.
        store: further arguments of `ModelStore`, such as `models` or `device`.

    Raises:
        WorkflowError: a document of the folder is refused.

    Example:
        app = create_app(Settings(workflows=Path("workflows")))
    """
    metrics = Metrics()
    models = ModelStore(batching=batching, met=metrics.model_called, **store)
    library = Library(settings, models)
    meeting = Meeting(batching, lambda flow, result: metrics.shared(library.name_of(flow), result))
    service = Service(settings, library, Desk(settings, metrics), metrics, meeting)

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        warm = asyncio.create_task(_warm(service))
        yield
        service.is_ready = False
        warm.cancel()
        await asyncio.to_thread(service.desk.close)
        service.library.close()
        models.close()

    app = FastAPIOffline(
        title="Cropflow",
        version=version("cropflow"),
        description="Computer-vision workflows over HTTP.",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/assets",
        lifespan=life,
        exception_handlers=dict.fromkeys((HTTPException, Fault, CropflowError), _answered),
    )
    app.state.service = service
    app.router.routes += [  # openapi.py describes each workflow
        PlainRoute("/run/{workflow}", own.run_named, methods=["POST"]),
        PlainRoute("/run/{workflow}", own.tell_named, methods=["GET"]),
    ]
    app.include_router(own.router)
    app.include_router(existing.router)
    app.get("/health", tags=["server"], summary="Whether it runs")(health)
    app.get("/ready", tags=["server"], summary="Whether all models are loaded", responses=_NOT_READY)(ready)
    for path, asked in (("/health", health), ("/ready", ready)):
        app.head(path, include_in_schema=False)(asked)  # as monitors ask
    app.get("/metrics", tags=["server"], summary="Numbers for Prometheus", responses=NUMBERS, response_class=Response)(
        numbers
    )
    app.get("/", include_in_schema=False)(front)
    _describe(app, service)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["GET", "POST"], allow_headers=["*"]
        )
    app.add_middleware(Gate, settings=settings, metrics=metrics)
    return app


_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Models are still being loaded, or it is shutting down."}
}


async def health(request: Request) -> JSONResponse:
    """Say that the server runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """Say whether the models of all workflows of the folder are loaded, so that no first request waits."""
    if service_of(request).is_ready:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "loading"}, 503)


async def numbers(request: Request) -> Response:
    """Return numbers about requests, the queue, batches and steps."""
    service = service_of(request)
    check_key(request, service.settings)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def front(request: Request) -> RedirectResponse:
    """Lead to the page that describes all addresses."""
    return RedirectResponse("docs")


async def _warm(service: Service) -> None:
    started = time.perf_counter()
    try:
        await asyncio.to_thread(service.library.warm_up)
    except Exception:
        log.exception("a model cannot be loaded; the server stays not ready")
        return
    gc.collect()
    gc.freeze()  # what is loaded stays; looking through all of it again and again would hold up requests
    service.is_ready = True
    log.info("all models are loaded, in %.1f s", time.perf_counter() - started)


async def _answered(request: Request, error: Exception) -> Response:
    return answer(request, error)


def _describe(app: FastAPI, service: Service) -> None:
    """Add the served workflows and the keys to the OpenAPI document."""
    plain, settings = app.openapi, service.settings

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for name, workflow in service.library.workflows.items():
                document["paths"][f"/run/{name}"] = operation(name, workflow.plan, allow_urls=settings.allow_urls)
            if settings.keys:
                ask_for_keys(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
