"""The load of bench_edge.py: the tracker's batches over kept connections, from one process."""

import json
import selectors
import socket
import time
import uuid
from typing import Any, Final

from tests.load.report import Unmeasurable

CONNECTIONS: Final = 32
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def request(key: str, batch: int, content_type: str) -> bytes:
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
    # As a browser writes it: no spaces, no escapes for what UTF-8 has.
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    head = (
        f"POST /e HTTP/1.1\r\nhost: e\r\nuser-agent: {_AGENT}\r\naccept-language: en-GB\r\n"
        f"origin: https://shop.example\r\ncontent-type: {content_type}\r\n"
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


def drive(address: tuple[str, int], requests: list[bytes], rate: float) -> list[float]:
    """Send all requests over a few connections; return ms each took.

    `rate` a second, 0 for as fast as answers come. At a rate, a request's time counts from when it
    was due: one that had to wait for a connection has waited for the edge.
    """
    waiting = list(reversed(requests))
    answer_ms: list[float] = []
    selector = selectors.DefaultSelector()
    idle = [_Connection(address) for _ in range(min(CONNECTIONS, len(requests)))]
    for connection in idle:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    started, sent = time.perf_counter(), 0
    while len(answer_ms) < len(requests):
        now = time.perf_counter()
        while waiting and idle and (not rate or started + sent / rate <= now):
            due = started + sent / rate if rate else now
            idle.pop().send(waiting.pop(), due)
            sent += 1
        pause = max(0.0, started + sent / rate - now) if rate and waiting and idle else None
        for ready, _ in selector.select(pause):
            took = ready.data.receive()
            if took is not None:
                answer_ms.append(took)
                idle.append(ready.data)
    for ready in list(selector.get_map().values()):
        ready.data.socket.close()
    return answer_ms


class _Connection:
    """One kept connection with one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._due = 0.0

    def send(self, content: bytes, due: float) -> None:
        """Send one request that was due at a moment."""
        self._received, self._due = b"", due
        self.socket.sendall(content)

    def receive(self) -> float | None:
        """Take what has come; return ms since the request was due once the answer is whole."""
        self._received += self.socket.recv(65_536)
        if not self._received.startswith(b"HTTP/1.1 200"):
            raise Unmeasurable(f"the edge did not take a batch: {self._received[:300]!r}")
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if not separator or len(body) < length:
            return None
        return (time.perf_counter() - self._due) * 1_000
