"""A broker in memory that can be told to fail, keys without Postgres, a clock moved by hand."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from ingest_edge.app import App
from ingest_edge.clock import Clock, WallClock
from ingest_edge.config import Config
from ingest_edge.custody import Edge
from ingest_edge.errors import NotDurable
from ingest_edge.geo import Geo
from ingest_edge.http import Answer, Request
from ingest_edge.key_store import KeyStore
from ingest_edge.keys import Row, ring_of
from ingest_edge.limits import Limits
from ingest_edge.metrics import GaugeName, Metrics
from ingest_edge.record import Record
from ingest_edge.salts import Salts
from ingest_edge.sink import Heard
from pipelines.blobs import LocalBlobs

NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z
CLIENT = "203.0.113.9"
PUB, SEC, API, BOUND = "hw_pub_" + "a" * 32, "hw_sec_" + "b" * 32, "hw_api_" + "c" * 32, "hw_pub_d"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass
class FakeSink:
    """Keeps what it is given; `is_away` makes every write fail."""

    records: list[Record] = field(default_factory=list)
    is_away: bool = False

    async def start(self) -> None:
        return None

    async def put(self, records: Sequence[Record]) -> None:
        if self.is_away:
            raise NotDurable(("", "the broker is away", "Send the same batch again."))
        self.records += records

    def submit(self, records: Sequence[Record], heard: Heard) -> None:
        if self.is_away:
            heard(NotDurable(("", "the broker is away", "Send the same batch again.")))
            return
        self.records += records
        heard(None)

    def put_later(self, record: Record) -> None:
        self.records.append(record)

    async def can_write(self, topic: str) -> bool:
        return not self.is_away

    async def checks(self, topic: str) -> dict[str, str]:
        return {"kafka": "away" if self.is_away else "ok"}

    def gauges(self) -> dict[GaugeName, float]:
        return {"headwater_edge_records_waiting": 0.0}

    async def close(self) -> None:
        return None

    def values(self, topic: str) -> list[dict[str, Any]]:
        """Return the decoded records of a topic."""
        return [msgspec.json.decode(r.value) for r in self.records if r.topic == topic]


@dataclass
class FakeTime:
    """A wall clock that moves only by hand."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Caller:
    """Sends requests to the application inside this process."""

    app: App
    sink: FakeSink
    time: FakeTime
    client: str | None = CLIENT
    is_fast: bool = True

    def request(
        self,
        method: str,
        path: str,
        body: Any = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = PUB,
    ) -> httpx.Response:
        """Send one request; a body that is no bytes is sent as JSON, the key as Basic user."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {
            "user-agent": FIREFOX,
            "accept-language": "de",
            "content-type": "text/plain",
            **(headers or {}),
        }
        if key and "authorization" not in sent:
            sent["authorization"] = "Basic " + b64encode(f"{key}:".encode()).decode()
        address = urlsplit(path)
        request = Request(
            method=method,
            path=unquote(address.path),
            query_string=address.query.encode(),
            headers={n.lower().encode(): v.encode("latin-1") for n, v in sent.items()},
            peer=self.client,
        )
        return asyncio.run(self._call(request, content))

    async def _call(self, request: Request, content: bytes) -> httpx.Response:
        """Ask the application as the server does; for the plain path the body is in two parts."""
        request.body = content
        answers: list[Answer] = []
        if self.is_fast and self.app.answer_at_once(request, answers.append):
            return _response(request, answers[0])
        half = len(content) // 2
        parts = [content[:half], content[half:]]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        return _response(request, await self.app.answer(request, receive))

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, body, **options)

    def batch(self, *messages: Any, key: str | None = PUB, **fields: Any) -> httpx.Response:
        """Send messages to /v1/batch."""
        return self.post("/v1/batch", {"batch": list(messages), **fields}, key=key)

    def events(self) -> list[dict[str, Any]]:
        """Return what stands in topic events."""
        return self.sink.values("events")


def _response(request: Request, answer: Answer) -> httpx.Response:
    headers = [
        (b"content-type", answer.content_type),
        (b"x-request-id", request.request_id.encode()),
        *answer.headers,
    ]
    body = b"" if request.method == "HEAD" else answer.body
    return httpx.Response(answer.status, headers=headers, content=body)


def site_row(site_id: str, **changes: Any) -> Row:
    """Return a row of the table `sites` as the edge reads it."""
    row = {"timezone": "UTC", "allowed_hosts": [], "visitor_secret": "07" * 32, "settings": {}}
    return {"site_id": site_id, **row, **changes}


def key_row(text: str, site_id: str, **changes: Any) -> Row:
    """Return a row of the table `keys` as the edge reads it."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    row: dict[str, Any] = {"kind": text[3:6], "allowed_hosts": [], "expires_at": None}
    return {"key_hash": digest, "site_id": site_id, **row, **changes}


def make_caller(tmp_path: Path, clock: Clock | None = None) -> Caller:
    """Return an edge of two sites: `shop` (any host) and `bound` (shop.example only)."""
    moved, sink = FakeTime(), FakeSink()
    keys = KeyStore("postgresql://nowhere/", tmp_path / "keys.json")
    keys.ring = ring_of(
        [
            site_row("shop", timezone="Europe/Berlin"),
            site_row("bound", allowed_hosts=["shop.example"]),
        ],
        [
            key_row(PUB, "shop"),
            key_row(SEC, "shop"),
            key_row(API, "shop"),
            key_row(BOUND, "bound", kind="pub"),
        ],
    )
    keys.is_loaded = True
    config = Config(
        home=tmp_path,
        host="127.0.0.1",
        port=1,
        is_replay=False,
        kafka_bootstrap="",
        postgres_url="",
        geo_v4=None,
        geo_v6=None,
        trusted_proxies=(),
    )
    metrics = Metrics()
    salts = Salts(moved)
    limits = Limits(metrics, lambda: moved.now / 1000)
    edge = Edge(
        config,
        clock or WallClock(moved),
        keys,
        Geo(None, None),
        sink,
        metrics,
        limits,
        salts,
        LocalBlobs(tmp_path / "recordings"),
    )
    return Caller(App(edge), sink, moved)
