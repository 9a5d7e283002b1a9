"""Asks Trino what the page will ask, so that the first person does not wait for its start."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from serving.control.sites import list_sites
from serving.errors import ServingError
from serving.parts import Parts
from serving.query.schemas import Question
from serving.scope import Caller

_log = logging.getLogger("headwater.serving")
_RETRY_SECONDS: Final = 3.0
_SITES: Final = 2
_ALL: Final = [
    "visitors", "sessions", "page_views", "bounce_rate", "session_duration", "conversions",
    "revenue",
]  # fmt: skip
_DIMENSIONS: Final = ("time:day", "page", "source", "country")


@asynccontextmanager
async def in_background(parts: Parts) -> AsyncIterator[None]:
    """Warm up while the server already answers; stop with it."""
    task = asyncio.create_task(_until_warm(parts))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until_warm(parts: Parts) -> None:
    while True:
        try:
            await _ask_all(parts)
            _log.info("warm")
            return
        except ServingError:
            await asyncio.sleep(_RETRY_SECONDS)


async def _ask_all(parts: Parts) -> None:
    sites = await parts.store.call(list_sites)
    caller = Caller("warm-up", None)
    for site in sites[:_SITES]:
        scope = await parts.scope(caller, site.site_id)
        for dimension in _DIMENSIONS:
            metrics = ["visitors", "page_views"] if dimension == "page" else _ALL
            question = Question(site=site.site_id, metrics=metrics, dimensions=[dimension])
            asked, etag = await parts.service.prepare(question, scope)
            await parts.service.render(asked, etag)
