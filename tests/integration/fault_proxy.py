"""A proxy in front of the real edge that can answer in its place, or lose its answer."""

import gzip
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["503", "lost"] | Callable[[], None]


@dataclass
class Passage:
    """One request that came by: the events in it and the status that went back; 0 = lost."""

    events: list[Any]
    status: int


@dataclass
class FaultProxy:
    """Where clients send. `faults` are used up by the first requests; the others pass.

    One that can be called is called, and the request then passes.
    """

    edge: str
    faults: list[Fault] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    address: str = ""

    def next_fault(self) -> Fault | None:
        with self.lock:
            return self.faults.pop(0) if self.faults else None


@contextmanager
def fault_proxy(edge: str, *faults: Fault) -> Iterator[FaultProxy]:
    """Run a proxy in front of the edge at that address."""
    proxy = FaultProxy(edge, list(faults))

    class Handler(_Handler):
        known = proxy

    server = _Server(("127.0.0.1", 0), Handler)
    proxy.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    known: FaultProxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Pass the request on, unless a fault is due."""
        body = self._body()
        fault = self.known.next_fault()
        if callable(fault):
            fault()
        if fault == "503":
            self._answer(503, {"Retry-After": "1"}, b'{"code": "not_durable", "message": "later"}')
            self.known.passages.append(Passage(_events(body), 503))
            return
        status, headers, text = self._forward(body)
        if fault == "lost":
            self.known.passages.append(Passage(_events(body), 0))
            self.close_connection = True
            self.connection.close()
            return
        self.known.passages.append(Passage(_events(body), status))
        self._answer(status, headers, text)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        host = urlsplit(self.known.edge).netloc
        hop = ("host", "connection", "transfer-encoding", "content-length")
        sent = {name: value for name, value in self.headers.items() if name.lower() not in hop}
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("POST", self.path, body, sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], text: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _events(body: bytes) -> list[Any]:
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return [one["properties"]["n"] for one in json.loads(text)["batch"]]
