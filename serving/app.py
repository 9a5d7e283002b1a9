"""The FastAPI app: routes, errors, documentation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from serving import problems, warm
from serving.docs import add_docs
from serving.frame import Frame
from serving.parts import Parts
from serving.routes import (
    annotations,
    exports,
    funnels,
    goals,
    live,
    paths,
    quality,
    query,
    service,
    sites,
)

_SILENT: Final = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)
DESCRIPTION = """Numbers about your sites, each with its freshness.

Ask with plain names (`GET /api/v1/metrics` lists them) and a bearer key of the site
(`headwater keys create --site SITE --kind api`). Errors are `application/problem+json`
and say what to write instead.
"""


def make_app(parts: Parts) -> FastAPI:
    """Return the app over the given machinery."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        parts.store.open()
        async with warm.in_background(parts):
            yield
        parts.feed.close()
        parts.store.close()

    app = FastAPI(
        title="Headwater",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        telemetry=_SILENT,
        lifespan=life,
    )
    app.state.parts = parts
    problems.add_handlers(app)
    app.include_router(query.router)
    app.include_router(sites.router)
    app.include_router(goals.router)
    app.include_router(annotations.router)
    app.include_router(quality.router)
    app.include_router(paths.router)
    app.include_router(exports.router)
    app.include_router(funnels.router)
    app.include_router(live.router)
    add_docs(app)
    app.include_router(service.router)
    app.add_middleware(Frame)
    return app
