"""The edge client: comes again when asked to, stops when it makes no sense, names what is wrong."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from cli.edge import EdgeClient, Refused
from cli.errors import CliError

Reply = tuple[int, dict[str, Any], dict[str, str]]


class ScriptedEdge(HTTPServer):
    """Answers with the replies it was given, in order, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.bodies: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedEdge

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        self.server.authorizations.append(self.headers["Authorization"])
        status, answer, headers = self.server.replies.pop(0)
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[ScriptedEdge]:
    scripted = ScriptedEdge()
    thread = Thread(target=scripted.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.shutdown()
    scripted.server_close()


@pytest.fixture
def client(server: ScriptedEdge) -> Iterator[EdgeClient]:
    made = EdgeClient(server.url, "hw_sec_x", pause=lambda _: None)
    yield made
    made.close()


def test_posts_the_batch_with_its_fields_and_key(server: ScriptedEdge, client: EdgeClient) -> None:
    server.replies = [(200, {"success": True}, {})]
    assert client.post_batch([{"messageId": "a"}], history=True) == []
    assert server.bodies == [{"batch": [{"messageId": "a"}], "history": True}]
    assert server.authorizations == ["Basic aHdfc2VjX3g6"]


@pytest.mark.parametrize("status", [429, 503, 507])
def test_comes_again_with_the_same_events(
    server: ScriptedEdge, client: EdgeClient, status: int
) -> None:
    server.replies = [(status, {}, {"Retry-After": "1"}), (200, {}, {})]
    assert client.post_batch([{"messageId": "a"}]) == []
    assert len(server.bodies) == 2
    assert server.bodies[0] == server.bodies[1]


@pytest.mark.parametrize("status", [200, 207])
def test_refused_events_are_named(server: ScriptedEdge, client: EdgeClient, status: int) -> None:
    dropped = [{"loc": "batch[1].timestamp", "msg": "is too old", "fix": "-"}]
    server.replies = [(status, {"accepted": 1, "dropped": dropped}, {})]
    assert client.post_batch([{}, {}]) == [Refused("batch[1].timestamp", "is too old")]


def test_refused_events_are_counted_even_when_not_named(
    server: ScriptedEdge, client: EdgeClient
) -> None:
    dropped = [{"loc": "batch[0]", "msg": "is too old"}]
    server.replies = [(200, {"accepted": 1, "dropped": dropped}, {})]
    assert len(client.post_batch([{}] * 5)) == 4


def test_a_key_for_elsewhere_stops_at_once_with_the_edges_words(
    server: ScriptedEdge, client: EdgeClient
) -> None:
    server.replies = [(403, {"title": "The key is not allowed here."}, {})]
    with pytest.raises(CliError, match=r"403.*The key is not allowed here") as caught:
        client.post_batch([{}])
    assert "headwater keys list" in caught.value.fix


def test_a_key_that_is_new_is_given_time_and_an_unknown_one_is_not_for_ever(
    server: ScriptedEdge, client: EdgeClient
) -> None:
    unknown: Reply = (401, {"errors": [{"msg": "no such key", "fix": "make one"}]}, {})
    server.replies = [unknown, unknown, (200, {}, {})]
    assert client.post_batch([{}]) == []
    server.replies = [unknown] * 9
    with pytest.raises(CliError, match=r"401.*no such key"):
        client.post_batch([{}])
    assert len(server.replies) == 4


def test_nothing_accepted_refuses_every_event(server: ScriptedEdge, client: EdgeClient) -> None:
    server.replies = [(400, {"errors": [{"loc": "batch.0", "msg": "no id"}]}, {})]
    refused = client.post_batch([{}, {}, {}])
    assert refused[0] == Refused("batch.0", "no id")
    assert len(refused) == 3


def test_an_edge_that_stays_away_is_an_error() -> None:
    pauses: list[float] = []
    with pytest.raises(CliError, match="did not take a batch"):
        EdgeClient("http://127.0.0.1:9", "hw_sec_x", pause=pauses.append).post_batch([{}])
    assert pauses == sorted(pauses)
    assert 5 < sum(pauses) < 60


def test_an_answer_that_is_no_json_does_not_confuse(
    server: ScriptedEdge, client: EdgeClient
) -> None:
    server.replies = [(413, ["not an object"], {})]  # type: ignore[list-item]
    with pytest.raises(CliError, match="413"):
        client.post_batch([{}])
