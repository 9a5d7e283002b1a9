"""Bodies made to hurt, over real HTTP, and what was accepted of them, byte for byte."""

import gzip
import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_edge.routes.table import ROUTES, Route
from tests.integration.edge_topics import values
from tests.integration.stack import Stack, TestSite
from tests.property.edge_bodies import STRATEGIES, check
from tests.unit.ingest_edge.json_suite import MALFORMED, NAUGHTY, VALID

pytestmark = pytest.mark.slow

LAW = settings(
    max_examples=10, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    return stack.make_site(f"torture-{uuid.uuid4().hex[:8]}")


@dataclass(frozen=True)
class Line:
    """One connection to the edge that is kept open, as long as the edge keeps it."""

    connection: HTTPConnection
    headers: dict[str, str]

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
        """Return status and answer."""
        self.connection.request("POST", path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


@contextmanager
def open_line(stack: Stack, key: str) -> Iterator[Line]:
    address = urlsplit(stack.url("edge"))
    with closing(HTTPConnection(address.hostname or "", address.port, timeout=30)) as connection:
        yield Line(connection, {"X-API-Key": key, "Content-Type": "application/json"})


def body_of(value: bytes) -> bytes:
    event = b'{"event":"x","anonymousId":"v","messageId":"%s","properties":{"a":%s}}'
    return b'{"batch":[' + event % (uuid.uuid4().hex.encode(), value) + b"]}"


def test_no_body_is_a_fault_of_the_edge(stack: Stack, site: TestSite) -> None:
    with open_line(stack, site.write_key) as line:
        for route in ROUTES:
            try_bodies(line, route, route.path.format(site_id=site.site_id, vendor="stripe"))


def try_bodies(line: Line, route: Route, path: str) -> None:
    """Post bodies as the document describes them, and spoilt ones; some of them packed."""

    @LAW
    @given(body=STRATEGIES[route.path], is_packed=st.booleans())
    def holds(body: Any, is_packed: bool) -> None:
        text = json.dumps(body).encode()
        headers = {"Content-Encoding": "gzip"} if is_packed else {}
        status, answer = line.post(path, gzip.compress(text) if is_packed else text, **headers)
        check(route.path, status, answer)

    holds()


def test_malformed_is_refused_and_the_line_goes_on(stack: Stack, site: TestSite) -> None:
    with open_line(stack, site.write_key) as line:
        for text in MALFORMED:
            status, answer = line.post("/v1/batch", body_of(text))
            assert (status, bool(answer["errors"][0]["loc"])) == (400, True), text
        assert line.post("/v1/batch", body_of(b"1"))[0] == 200


def test_what_is_accepted_comes_back_byte_for_byte(stack: Stack, site: TestSite) -> None:
    sent = [*VALID, *(json.dumps(text, ensure_ascii=False).encode() for text in NAUGHTY)]
    sent = [text for text in sent if len(text) < 31_000]
    mark = uuid.uuid4().hex
    with open_line(stack, site.secret_key) as line:
        for number, text in enumerate(sent):
            event = b'{"event":"y","userId":"u","messageId":"%s-%d","properties":{"a":%s}}'
            status, answer = line.post("/v1/track", event % (mark.encode(), number, text))
            assert status == 200, (text, answer)
    wanted = {f"{mark}-{n}": '{"a":' + text.decode() + "}" for n, text in enumerate(sent)}
    held = values(stack, "events")
    found = {v["event_id"]: v["properties"] for v in held if v.get("event_id") in wanted}
    assert found == wanted
    in_table(stack, mark, wanted)


def in_table(stack: Stack, mark: str, wanted: dict[str, str]) -> None:
    """Wait for the rows in the table, and hold them to what was sent."""
    query = f"SELECT event_id, properties FROM lake.web.events WHERE event_id LIKE '{mark}-%'"
    stack.wait_until("all rows", lambda: len(stack.sql(query)) >= len(wanted), 90, pause=2)
    assert dict(stack.sql(query)) == wanted
