"""Probes: slow is alive, an error page is alive, silence is not."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from infra.local.probes import answers_at_all, answers_http, answers_tcp, read_json


class _Program(http.server.BaseHTTPRequestHandler):
    """Answers /ready with 503, /overview with JSON, all else with text."""

    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/ready" else 200)
        self.end_headers()
        self.wfile.write(b'{"slots-total": 6}' if self.path == "/overview" else b"fine")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def program() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Program)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_refusal_is_alive_but_not_ready(program: str) -> None:
    assert answers_at_all(f"{program}/ready")
    assert not answers_http(f"{program}/ready")


def test_json_is_read_and_text_is_not(program: str) -> None:
    assert read_json(f"{program}/overview") == {"slots-total": 6}
    assert read_json(f"{program}/") is None
    assert read_json(f"{program}/ready") is None


def test_nobody_there_is_neither() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert not answers_tcp(port)
        assert not answers_at_all(f"http://127.0.0.1:{port}/health")
        assert read_json(f"http://127.0.0.1:{port}/") is None
