"""Requests and answers in the ASGI server's own terms: bodies within limits, CORS, problems."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from ingest_edge.compression import MAX_BODY_BYTES, check_size, unpack
from ingest_edge.errors import BadRequest, Refused, TooManyRequests, TooSlow, UnsupportedMedia
from schemas.load import RULES

Receive = Callable[[], Awaitable[dict[str, Any]]]

# Request ids: the process' own prefix and a counter, because random bytes cost a system call.
_PROCESS: Final = secrets.token_hex(4)
_NUMBERS: Final = count()
# A client whose body takes longer is told so and let go.
BODY_SECONDS: Final = RULES.limits.body_seconds
# As the tracker's script, fetch and sendBeacon write it.
_PLAIN_TYPES: Final = frozenset({b"text/plain", b"text/plain;charset=UTF-8", b"application/json"})
_TYPES: Final = (b"", b"application/json", b"text/plain", b"application/x-www-form-urlencoded")


@dataclass(slots=True)
class Request:
    """One HTTP request. `peer` is the address of the other end of the connection.

    `is_read` tells that the whole body came in; the connection of one that did not is closed.
    `is_here`: the body has come whole already, and `receive` gives it without waiting.
    """

    method: str
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    peer: str | None
    body: bytes = b""
    is_read: bool = False
    request_id: str = field(default_factory=lambda: f"{_PROCESS}{next(_NUMBERS):08x}")
    is_here: bool = False

    def header(self, name: bytes) -> str | None:
        """Return a header's value; the name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        if not self.query_string:
            return None
        pairs = parse_qsl(self.query_string.decode("latin-1"), max_num_fields=100)
        return next((value for key, value in pairs if key == name), None)

    @property
    def origin_host(self) -> str | None:
        """Return the host of the page that sends: lower case, no port; None for no browser."""
        origin = self.header(b"origin")
        if origin is None:
            return None
        try:
            return urlsplit(origin).hostname or origin
        except ValueError:
            return origin


@dataclass(slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: bytes = b"application/json"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


# What is called with the answer to a request, or with why there is none; once.
Reply = Callable[[Answer | Refused], None]


def json_answer(status: int, content: Any, dropped: int | str = 0) -> Answer:
    """Return a JSON answer; `dropped` (a count or a reason) becomes X-Dropped unless 0."""
    headers = [(b"x-dropped", str(dropped).encode())] if dropped else []
    return Answer(status, msgspec.json.encode(content), headers=headers)


def problem_answer(error: Refused, request_id: str) -> Answer:
    """Return the answer for a refused request (RFC 9457)."""
    headers = [(b"retry-after", b"2")] if error.status in (503, 507) else []
    if isinstance(error, TooManyRequests):
        headers = limit_headers(error)
    body = msgspec.json.encode(error.problem(request_id))
    return Answer(error.status, body, b"application/problem+json", headers)


def limit_headers(error: TooManyRequests) -> list[tuple[bytes, bytes]]:
    """Return Retry-After and the RateLimit fields of draft-ietf-httpapi-ratelimit-headers-10.

    `q` requests in `w` seconds; `r` are left now, the next one is free in `t` seconds.
    """
    wait = max(1, ceil(error.wait_seconds))
    return [
        (b"retry-after", b"%d" % wait),
        (b"ratelimit-policy", f'"{error.policy}";q={error.per_minute};w=60'.encode()),
        (b"ratelimit", f'"{error.policy}";r=0;t={wait}'.encode()),
    ]


def cors_headers(request: Request, *, is_allowed: bool) -> list[tuple[bytes, bytes]]:
    """Return CORS headers: the origin itself if allowed, never `*`, never credentials."""
    origin = request.headers.get(b"origin")
    if origin is None or not is_allowed:
        return [(b"vary", b"Origin")]
    return [
        (b"vary", b"Origin"),
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"Retry-After, RateLimit, RateLimit-Policy, X-Dropped"),
    ]


async def read_body(request: Request, receive: Receive, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the body, decompressed; limits hold before and after. Raises a Refused.

    `max_bytes` bounds what is sent; what a Content-Encoding unpacks to is bounded as a batch is.
    """
    _check_type(request)
    _check_length(request, max_bytes)
    try:
        if request.is_here:
            body = await _receive_all(receive, max_bytes)
        else:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _receive_all(receive, max_bytes)
    except TimeoutError as error:
        msg = f"the body did not arrive within {BODY_SECONDS} s"
        raise TooSlow(("body", msg, "Send it faster, or in smaller batches.")) from error
    request.is_read = True
    encoding = request.headers.get(b"content-encoding")
    return body if encoding is None else unpack(body, encoding.decode("latin-1").strip().lower())


async def _receive_all(receive: Receive, max_bytes: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        check_size(len(body), max_bytes)
        return body
    parts = bytearray(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(("body", "the connection ended early", "Send the batch again."))
        parts += message.get("body", b"")
        check_size(len(parts), max_bytes)
    return bytes(parts)


def is_plain(request: Request) -> bool:
    """Tell whether the body is of a usual type, and not packed."""
    headers = request.headers
    return headers.get(b"content-type") in _PLAIN_TYPES and b"content-encoding" not in headers


def _check_length(request: Request, max_bytes: int) -> None:
    """Refuse what says itself that it is too large, before it is sent."""
    length = request.headers.get(b"content-length", b"")
    if length.isdigit():
        check_size(int(length[:18]), max_bytes)


def _check_type(request: Request) -> None:
    content_type = request.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if content_type not in _TYPES:
        name = content_type.decode("latin-1")
        raise UnsupportedMedia(
            ("headers.content-type", f"{name!r} is not read", "Send application/json.")
        )
