"""A server of the built page with made-up numbers behind the real contract.

Questions are read by the API's own schemas and checked by its own rules, answers are built from
its own models, so a page that works here speaks the language of the API. Only the numbers are
invented: of a breakdown's row, or a bucket of time, each metric is 1000 less 100 for each row.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from schemas.load import METRICS
from serving.errors import NotFound
from serving.page import Page as Files
from serving.query.ask import DEFAULT_LIMIT, check
from serving.query.plan import views, warnings
from serving.query.schemas import (
    Answer,
    Answers,
    Comparison,
    Definition,
    Failure,
    LastMinutes,
    Meta,
    Number,
    Period,
    Problem,
    Question,
    Questions,
    Realtime,
    Row,
    SiteInfo,
    Sites,
    Totals,
)
from serving.routes.annotations import AnnotationInfo, Annotations

DIST = Path(__file__).parents[2] / "serving" / "dashboard" / "dist"
NOW = datetime(2026, 11, 21, 11, 3, 10, tzinfo=UTC)
VALUES: dict[str, list[str | None]] = {
    "page": ["/", "/pricing", "/docs?a=1,2", "<img src=x onerror=alert(1)>"],
    "channel": ["Organic Search", "Direct"],
    "country": ["DE", "US", None],
    "event_name": [f"event_{number}" for number in range(12)],
}


@dataclass
class MadeUpApi:
    """What the server answers, and what it was asked."""

    visitors: int = 1000
    sites: list[str] = field(default_factory=lambda: ["demo", "other"])
    is_empty: bool = False
    provisional: bool = True
    """Answers a whole request in place of the usual; None: the usual."""
    refuse: Callable[[str], Problem | None] = lambda path: None
    """Answers one question of a batch in place of the usual; None: the usual."""
    fail: Callable[[Question], Problem | None] = lambda question: None
    annotations: list[AnnotationInfo] = field(default_factory=list)
    asked: list[list[Question]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Let requests through until a test closes the gate."""
        self.gate.set()

    def reply(self, path: str, body: bytes) -> BaseModel:
        """Return the answer to a request."""
        self.paths.append(path)
        self.gate.wait(20)
        refused = self.refuse(path)
        if refused:
            return refused
        if path == "/api/v1/queries":
            return self._answers(Questions.model_validate_json(body).queries)
        if path == "/api/v1/sites":
            return Sites(sites=[_site(name) for name in self.sites])
        if path.endswith("/realtime"):
            return _realtime(path.split("/")[-2], 0 if self.is_empty else 7)
        if path.endswith("/annotations"):
            return Annotations(site=path.split("/")[-2], annotations=self.annotations)
        return problem(404, "not_found", "Not found")

    def _answers(self, questions: list[Question]) -> Answers:
        self.asked.append(questions)
        return Answers(answers=[self._answer(question) for question in questions])

    def _answer(self, question: Question) -> Answer | Failure:
        ask = check(question)
        views(ask)
        failure = self.fail(question)
        if failure:
            return Failure(problem=failure)
        is_series = ask.unit is not None
        keys = _buckets(ask.unit) if ask.unit else VALUES.get(question.dimensions[0], ["some"])
        limit = question.limit or DEFAULT_LIMIT
        rows = [] if self.is_empty and not is_series else keys
        return Answer(
            rows=[self._row(question, key, at) for at, key in enumerate(rows[:limit])],
            totals=Totals(**self._figures(question, 0)),
            next_cursor="more" if len(rows) > limit else None,
            query=question,
            meta=self._meta(question, keys[-1] if is_series else None, warnings(ask)),
        )

    def _row(self, question: Question, key: str | None, at: int) -> Row:
        return Row(dimensions=[key], **self._figures(question, at))

    def _figures(self, question: Question, at: int) -> dict[str, Any]:
        top: int = 0 if self.is_empty else max(self.visitors - 100 * at, 1)
        now: list[Number] = [_figure(name, top) for name in question.metrics]
        then: list[Number] = [_figure(name, top // 2) for name in question.metrics]
        change: list[Number] = [1 if top else None for _ in now]
        before = Comparison(dimensions=["2026-10-01"], metrics=then, change=change)
        return {"metrics": now, "comparison": before if question.compare else None}

    def _meta(self, question: Question, running: str | None, said: list[str]) -> Meta:
        return Meta(
            as_of=NOW,
            freshness_seconds=4,
            provisional=self.provisional,
            incomplete=running if self.provisional else None,
            period=Period(start=NOW, end=NOW, timezone="Europe/Berlin"),
            definitions=[_definition(name) for name in question.metrics],
            source=["analytics.events"],
            cached=False,
            took_ms=1,
            warnings=said,
        )


def annotation(text: str, day: str, until: str = "", at: datetime | None = None) -> AnnotationInfo:
    """Return a note as the API tells it."""
    when = {"date": day, "until": until or day, "at": at, "created_at": NOW, "updated_at": NOW}
    return AnnotationInfo.model_validate(
        {"annotation_id": text, "text": text, "created_by": "page", "updated_by": "page", **when}
    )


def problem(status: int, code: str, title: str, detail: str = "") -> Problem:
    """Return an error as the API words it."""
    return Problem(
        title=title, status=status, detail=detail, instance="/", code=code, request_id="req-0042"
    )


def _figure(name: str, size: int) -> float:
    scale = {"ratio": 0.0005, "ms": 100, "USD": 1.5}.get(METRICS[name].unit, 1)
    return size * scale


def _definition(name: str) -> Definition:
    metric = METRICS[name]
    return Definition(name=name, label=metric.label, definition=metric.definition, unit=metric.unit)


def _buckets(unit: str) -> list[str | None]:
    last = datetime(2026, 11, 21, tzinfo=UTC)
    if unit == "hour":
        return [(last + timedelta(hours=hour)).isoformat() for hour in range(12)]
    return [f"{last - timedelta(days=days):%Y-%m-%d}" for days in reversed(range(8))]


def _site(name: str) -> SiteInfo:
    return SiteInfo(
        site=name, name=name.title(), timezone="Europe/Berlin", exclude_bots=False, created_at=NOW
    )


def _realtime(site: str, visitors: int) -> Realtime:
    windows = [
        LastMinutes(minutes=minutes, visitors=visitors * minutes // 5, page_views=visitors)
        for minutes in (5, 30)
    ]
    return Realtime(
        site=site, as_of=NOW, windows=windows, by_minute=[], pages=[], sources=[], countries=[]
    )


def serve(api: MadeUpApi) -> Iterator[str]:
    """Serve the built page, as the API does, and the made-up answers; yields the address."""
    files = Files(DIST)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/api/"):
                self._reply(_json(api.reply(self.path.split("?")[0], b"")))
            else:
                self._reply(_file(files, self.path.split("?")[0], self.headers))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(_json(api.reply(self.path, body)))

        def _reply(self, response: Response) -> None:
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    api.gate.set()
    server.shutdown()
    server.server_close()


def _json(answer: BaseModel) -> Response:
    status = answer.status if isinstance(answer, Problem) else HTTPStatus.OK
    return Response(answer.model_dump_json(by_alias=True), status, media_type="application/json")


def _file(files: Files, path: str, headers: Message) -> Response:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    try:
        return files.respond(Request({"type": "http", "headers": raw}), path.lstrip("/"))
    except NotFound:
        return Response(status_code=404)
