"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from schemas.loaders.rules import LiveRules
from serving import metrics
from serving.errors import ServingError, Unavailable
from serving.live.listener import Listener, News

MEDIA_TYPE: Final = "text/event-stream"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Check = Callable[[], Awaitable[object]]


class EventStream(StreamingResponse):
    """Sends what a listener gets until one of both goes; calls `left` then, whatever happens."""

    media_type = MEDIA_TYPE

    def __init__(
        self, listener: Listener, rules: LiveRules, check: Check, left: Callable[[], None]
    ) -> None:
        super().__init__(_frames(listener, rules, check), headers=_HEADERS)
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


async def _frames(listener: Listener, rules: LiveRules, check: Check) -> AsyncIterator[bytes]:
    """Give the stream's bytes; `check` raises once the listener may read the site no more."""
    yield f"retry: {rules.retry_ms}\n: what arrives from now on\n\n".encode()
    checked_at = time.monotonic()
    while not listener.is_over:
        news = await listener.news(rules.keep_alive_seconds)
        if time.monotonic() - checked_at >= rules.keep_alive_seconds:
            checked_at = time.monotonic()
            if not await _may_read(check):
                return
        yield _bytes(news)


def _bytes(news: News) -> bytes:
    if not news.items and not news.skipped:
        return b": still here\n\n"
    metrics.LIVE_EVENTS.labels("sent").inc(len(news.items))
    metrics.LIVE_EVENTS.labels("skipped").inc(news.skipped)
    gap = f'event: skipped\ndata: {{"at_least": {news.skipped}}}\n\n'.encode()
    return (gap if news.skipped else b"") + b"".join(item.frame for item in news.items)


async def _may_read(check: Check) -> bool:
    try:
        await check()
    except Unavailable:
        return True  # Postgres is away: what was known a moment ago still holds
    except ServingError:
        return False
    return True
