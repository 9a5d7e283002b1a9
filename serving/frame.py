"""What every request passes: an id, a size limit, security headers, a measurement."""

import re
import secrets
import time
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import metrics

MAX_BODY_BYTES: Final = 256_000
_ID: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_API_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Frame:
    """An ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answers carry `X-Request-Id`, the sender's if it is harmless."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        name = given if _ID.fullmatch(given) else secrets.token_hex(8).encode()
        scope["headwater_request_id"] = name.decode()
        watch = _Watch(scope, send, name)
        try:
            await self._app(scope, limited(receive), watch.send)
        finally:
            watch.record()


class _Watch:
    def __init__(self, scope: Scope, send: Send, name: bytes) -> None:
        self._scope, self._send, self._name = scope, send, name
        self._started = time.perf_counter()
        self._status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message = {**message, "headers": self._headers(list(message["headers"]))}
        await self._send(message)

    def _headers(self, headers: list[Any]) -> list[Any]:
        known = {name.lower() for name, _ in headers}
        extra = [(b"x-request-id", self._name), *_HEADERS, _API_POLICY]
        return headers + [(name, value) for name, value in extra if name not in known]

    def record(self) -> None:
        route = getattr(self._scope.get("route"), "path", "other")
        seconds = time.perf_counter() - self._started
        metrics.REQUESTS.labels(route, str(self._status)).observe(seconds)


def limited(receive: Receive) -> Receive:
    """Count a body as it comes; more than MAX_BODY_BYTES of it is answered with 413."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return counted
