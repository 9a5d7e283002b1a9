"""Requests and answers in the ASGI server's own terms: bodies within limits, CORS, problems."""

import asyncio
import secrets
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from ingest_edge.errors import BadRequest, Refused, TooLarge, TooManyRequests, UnsupportedMedia
from schemas.load import RULES

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Request ids: the process' own prefix and a counter, because random bytes cost a system call.
_PROCESS: Final = secrets.token_hex(4)
_NUMBERS: Final = count()
MAX_BODY_BYTES: Final = RULES.delivery.max_batch_bytes
# A client that sends nothing more for this long is told so and let go.
_BODY_SECONDS: Final = 20.0
_TYPES: Final = (b"", b"application/json", b"text/plain", b"application/x-www-form-urlencoded")
_GZIP_WINDOW: Final = 31  # zlib's number for the gzip wrapper with the largest window


@dataclass(slots=True)
class Request:
    """One HTTP request. `peer` is the address of the other end of the connection."""

    method: str
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    peer: str | None
    body: bytes = b""
    request_id: str = field(default_factory=lambda: f"{_PROCESS}{next(_NUMBERS):08x}")

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


async def read_body(request: Request, receive: Receive) -> bytes:
    """Return the body, decompressed; limits hold before and after. Raises a Refused."""
    _check_type(request)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _receive_all(receive)
    except TimeoutError as error:
        raise BadRequest(
            ("body", "the body did not arrive in time", "Send it faster, or in smaller batches.")
        ) from error
    encoding = (request.headers.get(b"content-encoding") or b"identity").strip().lower()
    if encoding == b"gzip":
        return _gunzip(body)
    if encoding != b"identity":
        raise UnsupportedMedia(
            ("headers.content-encoding", f"{encoding!r} is not read", "Send gzip or nothing.")
        )
    return body


async def _receive_all(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        _check_size(len(body))
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(("body", "the connection ended early", "Send the batch again."))
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        _check_size(size)
    return b"".join(parts)


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        raise TooLarge(
            ("body", f"more than {MAX_BODY_BYTES} bytes", "Send smaller batches."),
        )


def _check_type(request: Request) -> None:
    content_type = request.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if content_type not in _TYPES:
        name = content_type.decode("latin-1")
        raise UnsupportedMedia(
            ("headers.content-type", f"{name!r} is not read", "Send application/json.")
        )


def _gunzip(body: bytes) -> bytes:
    """Return the content of a gzip body; never unpacks more than one byte above the limit."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        content = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise BadRequest(
            ("body", f"not gzip: {error}", "Compress the body or drop Content-Encoding."),
            code="bad_gzip",
        ) from error
    _check_size(len(content))
    if not unpacker.eof or unpacker.unused_data:
        raise BadRequest(
            ("body", "the gzip stream is cut off or followed by something", "Send one stream."),
            code="bad_gzip",
        )
    return content
