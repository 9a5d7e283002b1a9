"""The application: find the route, answer, never let a fault out as a stack trace."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ingest_edge.clock import Clock, ReplayClock, WallClock
from ingest_edge.config import Config
from ingest_edge.custody import EVENTS, Edge
from ingest_edge.durable import DurableSink
from ingest_edge.errors import BadSetting, Forbidden, NoSuchRoute, Refused, WrongMethod
from ingest_edge.geo import Geo
from ingest_edge.heartbeats import Heartbeats
from ingest_edge.http import (
    Answer,
    Receive,
    Request,
    cors_headers,
    json_answer,
    problem_answer,
    read_body,
)
from ingest_edge.key_store import KeyStore
from ingest_edge.limits import Limits
from ingest_edge.metrics import Metrics
from ingest_edge.pointers import POINTERS
from ingest_edge.routes import service
from ingest_edge.routes.table import AT_ONCE, handler_of, max_bytes_of
from ingest_edge.salts import Salts
from pipelines.blobs import BadAddress, Blobs, open_blobs
from pipelines.enrich.device import agent_of

_LOG: Final = logging.getLogger(__name__)
_FIX: Final = "See the list of routes in the documentation of the edge."

GETS: Final = frozenset(
    {"/health", "/ready", "/metrics", "/s.js", "/openapi.json", "/.well-known/gpc.json"}
)
# No page may read these, whatever its origin.
_FOR_OPERATORS: Final = frozenset({"/health", "/ready", "/metrics"})


class App:
    """What the server serves (server.Application); holds the one Edge of the process."""

    def __init__(self, edge: Edge, run_beside: Callable[[], Awaitable[None]] | None = None) -> None:
        self.edge = edge
        self._run_beside = run_beside
        self._beside: asyncio.Future[None] | None = None

    async def answer(self, request: Request, receive: Receive) -> Answer:
        """Answer one request; `receive` gives its body, piece by piece, as ASGI has it."""
        try:
            outcome: Answer | Exception = await self._route(request, receive)
        except Exception as error:
            outcome = error
        return self._finished(request, outcome)

    def answer_at_once(self, request: Request, reply: Callable[[Answer], None]) -> bool:
        """Answer a request that has come whole, if it is of the usual kind; tell whether it is.

        `reply` is called once, perhaps before this returns. Else `answer` must be asked.
        """
        take = AT_ONCE.get(request.path)
        if take is None or request.method != "POST":
            return False

        def finish(outcome: Answer | Exception) -> None:
            request.is_read = True
            reply(self._finished(request, outcome))

        try:
            return take(self.edge, request, finish)
        except Exception as error:
            finish(error)
            return True

    def _finished(self, request: Request, outcome: Answer | Exception) -> Answer:
        """Return the answer with what all answers have, and count it."""
        answer = outcome if isinstance(outcome, Answer) else _failed(outcome, request)
        self.edge.metrics.add("headwater_edge_requests_total", str(answer.status))
        if request.method == "POST" and not request.is_read:
            # Else the server would go on reading what nobody wants, if need be for ever.
            answer.headers.append((b"connection", b"close"))
        if request.method != "OPTIONS" and request.path not in _FOR_OPERATORS:
            is_allowed = not isinstance(outcome, Forbidden)
            answer.headers += cors_headers(request, is_allowed=is_allowed)
        return answer

    async def _route(self, request: Request, receive: Receive) -> Answer:
        if request.method == "POST":
            return await self._post(request, receive)
        if request.method == "OPTIONS":
            return service.preflight(self.edge, request)
        if request.method in ("GET", "HEAD"):
            return await self._get(request)
        raise WrongMethod(("method", f"{request.method[:20]} is not taken", _FIX))

    async def _post(self, request: Request, receive: Receive) -> Answer:
        path, handler = request.path, handler_of(request.path)
        if handler is None:
            if path in GETS:
                raise WrongMethod(("method", "this address takes GET", _FIX))
            raise NoSuchRoute(("path", f"{path[:80]!r} is no route", _FIX))
        request.body = await read_body(request, receive, max_bytes_of(path))
        return await handler(self.edge, request)

    async def _get(self, request: Request) -> Answer:
        match request.path:
            case "/health":
                return service.get_health()
            case "/ready":
                return await service.get_ready(self.edge)
            case "/metrics":
                return service.get_metrics(self.edge)
            case "/s.js":
                return service.get_script(self.edge, request)
            case "/openapi.json":
                return service.get_openapi()
            case "/.well-known/gpc.json":
                return service.get_gpc()
        if handler_of(request.path):
            raise WrongMethod(("method", "this address takes POST", _FIX))
        raise NoSuchRoute(("path", f"{request.path[:80]!r} is no route", _FIX))

    async def start(self) -> None:
        """Start what runs beside the requests."""
        self.edge.keys.start()
        _warm_up()
        await self.edge.sink.start()
        if self._run_beside:
            self._beside = asyncio.ensure_future(self._run_beside())

    async def stop(self) -> None:
        """Stop it again; what was acknowledged is durable already."""
        if self._beside:
            self._beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beside
        await self.edge.sink.close()
        await asyncio.to_thread(self.edge.keys.stop)


def _failed(error: Exception, request: Request) -> Answer:
    """Return the answer to a request that is refused, or that a defect of ours has ended."""
    if isinstance(error, Refused):
        return problem_answer(error, request.request_id)
    # The last resort. What was sent is not logged, nor who sent it.
    _LOG.error("request %s failed", request.request_id, exc_info=error)
    body = {"title": "The edge failed.", "status": 500, "code": "internal"}
    return json_answer(500, {**body, "request_id": request.request_id})


def make_app(config: Config) -> App:
    """Return the application with real Kafka, Postgres and geo files behind it."""
    metrics = Metrics()
    clock: Clock = ReplayClock() if config.is_replay else WallClock()
    sink = DurableSink(config, metrics)
    beats = Heartbeats((EVENTS, POINTERS), sink, clock, metrics)
    sink.on_delivered = beats.heard
    salts = Salts(clock.now)
    edge = Edge(
        config=config,
        clock=clock,
        keys=KeyStore(config.postgres_url, config.key_file, salts),
        geo=Geo(config.geo_v4, config.geo_v6),
        sink=sink,
        metrics=metrics,
        limits=Limits(metrics),
        salts=salts,
        blobs=_open_blobs(config),
    )
    return App(edge, beats.run)


def _open_blobs(config: Config) -> Blobs:
    """Return the storage of recordings; BadSetting for an address that is none."""
    try:
        return open_blobs(config.recordings_address, config.log_floor_bytes)
    except BadAddress as error:
        raise BadSetting(f"HEADWATER_RECORDINGS: {error}") from error


def _warm_up() -> None:
    """Pay for the first event before it comes: the patterns of user agents take 0.3 s.

    What lives as long as the process is then left out of garbage collection, which would walk
    through those patterns again and again.
    """
    agent_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    gc.collect()
    gc.freeze()
