"""HTTP/1.1 for the edge: httptools parses, uvloop carries, the application answers.

In place of uvicorn (docs/decisions/0017): a request that has come whole costs no channel between
server and application. What comes in pieces is handed on as ASGI's `receive` has it.
"""

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol, cast
from urllib.parse import unquote

import httptools

from ingest_edge.http import BODY_SECONDS, Answer, Receive, Request
from schemas.load import RULES

_LOG: Final = logging.getLogger(__name__)
_MAX_HEAD_BYTES: Final = 65_536
_MAX_WAITING: Final = 16  # pipelined requests of one connection before its socket is left alone
_MAX_BUFFERED: Final = 2 * RULES.delivery.max_batch_bytes
_IDLE_SECONDS: Final = 30.0
_SWEEP_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 10.0
_BACKLOG: Final = 2_048
_STATUS: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: ".encode()
    for status in HTTPStatus
}
_CLOSE: Final = (b"connection", b"close")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Application(Protocol):
    """What is served."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def answer_at_once(self, request: Request, reply: Callable[[Answer], None]) -> bool:
        """Take a request that has come whole, to reply once, now or later; False: `answer` must."""

    async def answer(self, request: Request, receive: Receive) -> Answer: ...


class _Body:
    """The body of one request as it comes."""

    __slots__ = ("chunks", "connection", "expects_continue", "is_complete", "is_gone", "news")

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.chunks: list[bytes] = []
        self.is_complete = self.is_gone = self.expects_continue = False
        self.news: asyncio.Event | None = None

    async def receive(self) -> dict[str, Any]:
        """Return what has come, waiting if that is nothing (ASGI's http.request)."""
        if not self.is_complete and not self.chunks:
            await self._wait()
        if self.is_gone and not self.is_complete:
            return {"type": "http.disconnect"}
        content = b"".join(self.chunks) if len(self.chunks) != 1 else self.chunks[0]
        self.chunks = []
        self.connection.read_on()
        return {"type": "http.request", "body": content, "more_body": not self.is_complete}

    async def _wait(self) -> None:
        if self.expects_continue:
            self.expects_continue = False
            self.connection.transport.write(_CONTINUE)
        self.news = asyncio.Event()
        while not (self.chunks or self.is_complete or self.is_gone):
            self.news.clear()
            await self.news.wait()

    def tell(self) -> None:
        """Wake up who waits."""
        if self.news is not None:
            self.news.set()


class Connection(asyncio.Protocol):
    """One connection; its requests are answered one after the other, in order."""

    transport: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._peer: str | None = None
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body = _Body(self)
        self._coming: Request | None = None
        self._taken: tuple[Request, bool] | None = None
        self._waiting: deque[tuple[Request, _Body, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_paused = self._is_last = False
        self._can_write: asyncio.Event | None = None
        self.deadline = server.loop.time() + BODY_SECONDS

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if peer else None
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        for _, body, _ in self._waiting:
            body.is_gone = True
            body.tell()
        self._body.is_gone = True
        self._body.tell()
        if self._can_write is not None:
            self._can_write.set()

    def data_received(self, data: bytes) -> None:
        if self._is_last:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._is_last = True  # answered as if nothing had been offered
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if self._coming is not None:
            self._queue(self._coming)
        if self._head_bytes > _MAX_HEAD_BYTES and not self._headers_done:
            self._refuse(431)

    def pause_writing(self) -> None:
        self._can_write = asyncio.Event()

    def resume_writing(self) -> None:
        if self._can_write is not None:
            self._can_write.set()
        self._can_write = None

    # What the parser calls.

    _headers_done = False

    def on_message_begin(self) -> None:
        self._url, self._headers, self._headers_done = b"", {}, False
        self._body = _Body(self)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._headers_done = True
        self.deadline = float("inf")
        path, _, query = _target(self._url).partition(b"?")
        text = path.decode("latin-1")
        headers, parser = self._headers, self._parser
        self._coming = Request(
            parser.get_method().decode("latin-1"),
            unquote(text) if "%" in text else text,
            query,
            headers,
            self._peer,
        )
        self._body.expects_continue = headers.get(b"expect", b"").lower() == b"100-continue"

    def on_body(self, content: bytes) -> None:
        body = self._body
        body.chunks.append(content)
        body.tell()
        if len(body.chunks) > 1 and sum(map(len, body.chunks)) > _MAX_BUFFERED:
            self._pause()

    def on_message_complete(self) -> None:
        body, request = self._body, self._coming
        body.is_complete = True
        body.tell()
        self._head_bytes = 0
        if request is None:
            return
        is_free = not self._is_owed and self._can_write is None
        if not (is_free and self._take(request, body)):
            self._queue(request)

    # What answers.

    @property
    def _is_owed(self) -> bool:
        """Tell whether an answer is still to be given."""
        return self._taken is not None or self._task is not None

    def _take(self, request: Request, body: _Body) -> bool:
        """Let the application answer without a task; tell whether it will."""
        chunks = body.chunks
        request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._coming, self._taken = None, (request, self._parser.should_keep_alive())
        if self._server.application.answer_at_once(request, self._reply):
            return True
        self._taken = None
        return False

    def _reply(self, answer: Answer) -> None:
        """Answer the request that was taken, then go on with what came after it."""
        if self._taken is None:
            return
        (request, keeps_alive), self._taken = self._taken, None
        self._write(answer, request)
        self.deadline = self._server.loop.time() + _IDLE_SECONDS
        if not keeps_alive or _CLOSE in answer.headers:
            self._is_last = True
            self.transport.close()
        elif self._waiting:
            self._serve_soon()
        elif self._is_last:
            self.transport.close()

    def _queue(self, request: Request) -> None:
        """Let a task answer, after what came before."""
        self._coming = None
        self._waiting.append((request, self._body, self._parser.should_keep_alive()))
        if self._taken is None:
            self._serve_soon()
        if len(self._waiting) > _MAX_WAITING:
            self._pause()

    def _serve_soon(self) -> None:
        if self._task is None:
            self._task = self._server.loop.create_task(self._serve())

    def read_on(self) -> None:
        """Let the socket be read again."""
        if self._is_paused and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()

    def end_if_idle(self, now: float) -> None:
        """Close when nothing, or no whole head, has come for too long."""
        if now > self.deadline and not self._is_owed:
            # Who has not read the last answer by now never will.
            (self.transport.close if self._can_write is None else self.transport.abort)()

    def end(self) -> None:
        """Close as soon as what has come is answered."""
        self._is_last = True
        if not self._is_owed:
            self.transport.close()

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    async def _serve(self) -> None:
        try:
            while self._waiting and not self.transport.is_closing():
                request, body, keeps_alive = self._waiting[0]
                request.is_here = body.is_complete
                answer = await self._server.application.answer(request, body.receive)
                keeps_alive = keeps_alive and body.is_complete and _CLOSE not in answer.headers
                self._write(answer, request)
                if not keeps_alive:
                    self._is_last = True
                    self.transport.close()
                    return
                self._waiting.popleft()
                self.read_on()
                if self._can_write is not None:
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await self._can_write.wait()
        except TimeoutError:
            self.transport.abort()  # it asks, but does not read the answers
        finally:
            self._task = None
            self.deadline = self._server.loop.time() + _IDLE_SECONDS
        if self._is_last:
            self.transport.close()

    def _write(self, answer: Answer, request: Request) -> None:
        if self.transport.is_closing():
            return
        body = answer.body
        parts = [
            _STATUS[answer.status], answer.content_type,
            b"\r\ncontent-length: %d\r\nx-request-id: " % len(body), request.request_id.encode(),
        ]  # fmt: skip
        for name, value in answer.headers:
            parts += (b"\r\n", name, b": ", value)
        parts.append(b"\r\n\r\n")
        if request.method != "HEAD":
            parts.append(body)
        self.transport.write(b"".join(parts))

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read as HTTP, after what was read before, and close."""
        self._is_last = True
        if not self._is_owed and not self.transport.is_closing():
            head = _STATUS[status] + b"text/plain\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head)
            self.transport.close()
        self._body.is_gone = True
        self._body.tell()


class Server:
    """Listens, and ends in order."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.connections: set[Connection] = set()
        self.loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()

    async def run(
        self, host: str, port: int, on_ready: Callable[[int], None] | None = None
    ) -> None:
        """Serve until SIGTERM or SIGINT, or `stop`; then answer what has come and let go."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.stop)
        await self.application.start()
        server = await self.loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        sweeper = asyncio.ensure_future(self._sweep())
        _LOG.info("listening on %s:%d", host, port)
        if on_ready is not None:
            on_ready(server.sockets[0].getsockname()[1])
        await self._stopping.wait()
        server.close()
        sweeper.cancel()
        await self._end_connections()
        await self.application.stop()

    def stop(self) -> None:
        """Begin to end."""
        self._stopping.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self.loop.time()
            for connection in tuple(self.connections):
                connection.end_if_idle(now)

    async def _end_connections(self) -> None:
        for connection in tuple(self.connections):
            connection.end()
        until = self.loop.time() + _STOP_SECONDS
        while self.connections and self.loop.time() < until:
            await asyncio.sleep(0.02)


def _target(url: bytes) -> bytes:
    """Return path and query of a request's target, which may be a whole address."""
    if url.startswith(b"/"):
        return url
    try:
        parsed = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return b"/"
    return (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
