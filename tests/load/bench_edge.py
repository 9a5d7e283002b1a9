"""What a request and an event cost at the edge, in CPU-seconds of its process, acks included.

Starts Kafka, Postgres and one edge in a home of its own. The load comes from another process;
where there are two cores, edge and load each keep to one.
"""

import json
import multiprocessing
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil

from infra.local.config import CHECKOUT
from tests.integration.stack import Stack
from tests.load.report import Figure, Unmeasurable, percentile

TITLE: Final = "Edge"
DEFAULT_SIZE: Final = 20_000
_RUNS: Final = 5
_CONNECTIONS: Final = 32
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
# Batch sizes measured: the beacon, the tracker's usual batch, and one ten times that.
_BATCHES: Final = (1, 10, 100)


@dataclass(frozen=True)
class Load:
    """One run: CPU-seconds of the edge, and how long each answer took."""

    requests: int
    cpu_seconds: float
    answer_ms: list[float]


def measure(size: int) -> list[Figure]:
    """Return requests and events per CPU-second; `size` events a run."""
    busy = Figure("load average before", "", (os.getloadavg()[0],), "above 1, figures suffer")
    with _edge() as (address, process, key):
        loads = {
            batch: [_run(address, process, key, batch, size) for _ in range(_RUNS)]
            for batch in _BATCHES
        }
    return [busy, *(figure for batch, runs in loads.items() for figure in _figures(batch, runs))]


def _figures(batch: int, runs: list[Load]) -> list[Figure]:
    name = f"{batch} events a request" if batch > 1 else "1 event a request"
    requests = tuple(run.requests / run.cpu_seconds for run in runs)
    cost = tuple(run.cpu_seconds * 1e6 / (run.requests * batch) for run in runs)
    waits = tuple(percentile(run.answer_ms, 0.99) for run in runs)
    return [
        Figure(f"{name}: requests", "per CPU-s", requests),
        Figure(f"{name}: events", "per CPU-s", tuple(value * batch for value in requests)),
        Figure(f"{name}: CPU", "us per event", cost),
        Figure(f"{name}: answer p99", "ms", waits, f"{_CONNECTIONS} connections, saturated"),
    ]


@contextmanager
def _edge() -> Iterator[tuple[tuple[str, int], psutil.Process, str]]:
    """Yield address, process and a key of an edge that runs with nothing beside it."""
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(folder / "home")
    process: subprocess.Popen[bytes] | None = None
    try:
        stack.up("--only", "postgres,kafka,control,topics")
        site = stack.make_site("bench")
        environment = {**os.environ, **stack.environment}
        words = [sys.executable, "-m", "ingest_edge"]
        process = subprocess.Popen(words, env=environment, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
        watched = psutil.Process(process.pid)
        _keep_to_core(watched, 0)
        url = urlsplit(stack.url("edge"))
        address = (url.hostname or "", url.port or 0)
        stack.wait_until("edge takes events", lambda: _takes_events(address, site.write_key), 60)
        yield address, watched, site.write_key
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        stack.headwater("down", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _keep_to_core(process: psutil.Process, core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        process.cpu_affinity([core])


def _takes_events(address: tuple[str, int], key: str) -> bool:
    try:
        return bool(_drive(address, [_request(key, 1)]))
    except (OSError, Unmeasurable):
        return False


def _run(
    address: tuple[str, int], process: psutil.Process, key: str, batch: int, size: int
) -> Load:
    """Send `size` events in batches and return what it cost the edge."""
    requests = [_request(key, batch) for _ in range(max(_CONNECTIONS, size // batch))]
    with multiprocessing.get_context("fork").Pool(1, _keep_to_core_here) as pool:
        before = process.cpu_times()
        answer_ms = pool.apply(_drive, (address, requests))
        after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return Load(len(requests), spent, answer_ms)


def _keep_to_core_here() -> None:
    _keep_to_core(psutil.Process(), 1)


def _request(key: str, batch: int) -> bytes:
    """Return a tracker's batch of distinct events as a whole HTTP request."""
    now = time.time_ns() // 1_000_000
    events = [_event(now, seq) for seq in range(batch)]
    body: dict[str, Any] = {
        "key": key, "sent_at": now, "visitor_id": uuid.uuid4().hex,
        "client_session_id": uuid.uuid4().hex, "is_new_visitor_hint": True,
        "screen_width_px": 1920, "screen_height_px": 1080, "viewport_width_px": 1903,
        "viewport_height_px": 969, "language": "en-GB", "timezone": "Europe/Berlin",
        "library_name": "headwater.js", "library_version": "0.1.0", "events": events,
    }  # fmt: skip
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    head = (
        f"POST /e HTTP/1.1\r\nhost: e\r\nuser-agent: {_AGENT}\r\naccept-language: en-GB\r\n"
        f"origin: https://shop.example\r\ncontent-type: text/plain\r\n"
        f"content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _event(now: int, seq: int) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()), "event_name": "add_to_cart" if seq else "page_view",
        "client_at": now - 1_000 + seq, "seq": seq, "page_view_id": str(uuid.uuid4()),
        "page_url": f"https://shop.example/products/{seq % 50}?utm_source=google&utm_medium=cpc",
        "page_title": "Blue shoes – Shop", "referrer": "https://www.google.com/",
        "properties": {"sku": f"sku-{seq}", "price": 12.5, "category": "shoes", "size": 42},
    }  # fmt: skip


def _drive(address: tuple[str, int], requests: list[bytes]) -> list[float]:
    """Send all requests over a few connections, each waiting for its answer; return ms each."""
    waiting = list(reversed(requests))
    answer_ms: list[float] = []
    selector = selectors.DefaultSelector()
    for _ in range(min(_CONNECTIONS, len(requests))):
        connection = _Connection(address)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(waiting.pop())
    while len(answer_ms) < len(requests):
        for ready, _ in selector.select():
            took = ready.data.receive()
            if took is not None:
                answer_ms.append(took)
                if waiting:
                    ready.data.send(waiting.pop())
    for ready in list(selector.get_map().values()):
        ready.data.socket.close()
    return answer_ms


class _Connection:
    """One kept connection with one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send one request."""
        self._received, self._sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> float | None:
        """Take what has come; return ms since the request once the answer is whole."""
        self._received += self.socket.recv(65_536)
        if not self._received.startswith(b"HTTP/1.1 200"):
            raise Unmeasurable(f"the edge did not take a batch: {self._received[:300]!r}")
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if not separator or len(body) < length:
            return None
        return (time.perf_counter() - self._sent_at) * 1_000
