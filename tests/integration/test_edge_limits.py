"""Senders who mean harm or are broken, on real sockets; the others are served all the while."""

import contextlib
import gzip
import json
import socket
import time
import uuid
import zlib
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import brotli
import psutil
import pytest
import zstandard

from cli.context import Context
from cli.erase import newest_offsets
from schemas.load import RULES
from serving.control import erasures, keys
from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

LIMIT: Final = RULES.delivery.max_batch_bytes
ZEROS: Final = b"0" * 50_000_000
BOMBS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: bytes(brotli.compress(body, quality=1)),
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(scope="module")
def site(home: Stack) -> TestSite:
    return home.make_site(f"limits-{uuid.uuid4().hex[:8]}")


def connection(home: Stack) -> socket.socket:
    address = urlsplit(home.url("edge"))
    return socket.create_connection((address.hostname, address.port), timeout=30)


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /e HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def answer_to(sent: socket.socket) -> tuple[int, bool]:
    """Return the status (0: none), and that the edge closed the connection after it."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := sent.recv(65_536):
            received += part
    return int(received.split()[1]) if received else 0, True


def body(site: TestSite) -> bytes:
    event = {"event_name": "page_view", "event_id": uuid.uuid4().hex}
    return json.dumps({"key": site.write_key, "visitor_id": "v", "events": [event]}).encode()


def served_ms(home: Stack, site: TestSite) -> float:
    """Send an honest batch on a connection of its own; return how long it took."""
    started = time.monotonic()
    status, _ = post(home.url("edge"), "/e", json.loads(body(site)))
    assert status == 200
    return (time.monotonic() - started) * 1000


def test_endless_body_is_cut_off_at_the_limit(home: Stack, site: TestSite) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with connection(home) as endless:
        endless.sendall(head("Transfer-Encoding: chunked", "Content-Type: text/plain"))
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 200 * LIMIT:
                endless.sendall(chunk)
                sent += len(chunk)
        # What the two sides' buffers hold, not what it would have liked to send.
        assert sent < 100 * LIMIT
    assert served_ms(home, site) < 5_000


def test_body_that_says_it_is_too_large_is_not_waited_for(home: Stack) -> None:
    with connection(home) as large:
        large.sendall(head(f"Content-Length: {LIMIT + 1}"))
        assert answer_to(large) == (413, True)


@pytest.mark.parametrize("encoding", BOMBS)
def test_bombs_are_defused(home: Stack, site: TestSite, encoding: str) -> None:
    pid = home.component("edge").pid
    assert pid is not None
    edge, bomb = psutil.Process(pid), BOMBS[encoding](ZEROS)
    before, cpu = edge.memory_info().rss, sum(edge.cpu_times()[:2])
    for _ in range(20):
        with connection(home) as thrown:
            lines = [f"Content-Encoding: {encoding}", f"Content-Length: {len(bomb)}"]
            thrown.sendall(head(*lines, "Connection: close") + bomb)
            assert answer_to(thrown) == (413, True)
    assert edge.memory_info().rss - before < 50_000_000
    assert sum(edge.cpu_times()[:2]) - cpu < 20 * 0.25
    assert served_ms(home, site) < 5_000


def test_slow_bodies_and_idle_connections_hold_nobody_up(home: Stack, site: TestSite) -> None:
    with contextlib.ExitStack() as opened:
        idle = [opened.enter_context(connection(home)) for _ in range(100)]
        slow = [opened.enter_context(connection(home)) for _ in range(50)]
        started = time.monotonic()
        for one in slow:
            one.sendall(head("Content-Length: 1000"))
        waits = []
        while time.monotonic() - started < RULES.limits.body_seconds - 2:
            for one in slow:
                one.sendall(b" ")
            waits.append(served_ms(home, site))
            time.sleep(0.1)
        assert sorted(waits)[len(waits) // 2] < 1_000
        assert {answer_to(one) for one in slow} == {(408, True)}
        assert time.monotonic() - started < RULES.limits.body_seconds + 10
        assert len(idle) == 100


def test_cut_off_body_is_no_event_and_no_fault(home: Stack, site: TestSite) -> None:
    whole = body(site)
    with connection(home) as cut:
        cut.sendall(head(f"Content-Length: {len(whole)}") + whole[:-5])
    assert served_ms(home, site) < 5_000


def test_key_past_its_limit_is_told_when_to_come_again(home: Stack, site: TestSite) -> None:
    with home.postgres() as control:
        key = keys.create_key(control, site.site_id, "pub", requests_per_minute=2)
    batch = {**json.loads(body(site)), "key": key}
    home.wait_until("key known", lambda: post(home.url("edge"), "/e", batch)[0] == 200, 10)
    statuses = [post(home.url("edge"), "/e", batch)[0] for _ in range(3)]
    assert statuses[-1] == 429
    assert served_ms(home, site) < 5_000


def test_paused_site_is_followed_both_ways(home: Stack, site: TestSite) -> None:
    paused = home.make_site(f"paused-{uuid.uuid4().hex[:8]}")
    batch = {**json.loads(body(site)), "key": paused.write_key}

    def accepted() -> int:
        status, answer = post(home.url("edge"), "/e", batch)
        assert status == 200
        return int(answer["accepted"])

    home.wait_until("taken", lambda: accepted() == 1, 5)
    home.headwater("sites", "pause", paused.site_id)
    home.wait_until("left out", lambda: accepted() == 0, 5)
    home.headwater("sites", "resume", paused.site_id)
    home.wait_until("taken again", lambda: accepted() == 1, 5)


def test_an_erased_visitor_is_refused_and_what_came_before_has_an_offset(home: Stack) -> None:
    site = home.make_site(f"erased-{uuid.uuid4().hex[:8]}")

    def send(visitor: str) -> dict[str, object]:
        batch = {**json.loads(body(site)), "visitor_id": visitor}
        status, answer = post(home.url("edge"), "/e", batch)
        assert status == 200
        return answer

    before = newest_offsets(Context(home.home))
    home.wait_until("taken", lambda: send("gone")["accepted"])
    assert len({topic for topic, _ in before}) == len(("events", "imported-events"))
    home.wait_until("in Kafka", lambda: newest_offsets(Context(home.home)) != before)
    with home.postgres() as control:
        erasures.request(control, site.site_id, ["gone"])
    home.wait_until("refused", lambda: not send("gone")["accepted"])
    assert "erased" in str(send("gone"))
    assert send("stays")["accepted"] == 1


def test_slow_heads_are_let_go_and_hold_nobody_up(home: Stack, site: TestSite) -> None:
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(connection(home)) for _ in range(50)]
        started, waits = time.monotonic(), []
        for one in slow:
            one.sendall(b"POST /e HTTP/1.1\r\nHost: x\r\n")
        is_open, drop = True, b"X-A: 1\r\n"
        while is_open and time.monotonic() - started < RULES.limits.body_seconds + 10:
            waits.append(served_ms(home, site))
            time.sleep(0.2)
            try:
                # A drop now and then keeps no connection alive.
                slow[0].sendall(drop)
            except OSError:
                is_open = False
        assert not is_open
        assert sorted(waits)[len(waits) // 2] < 1_000
        for one in slow:
            one.settimeout(10)
            answer_to(one)  # returns at the end of the connection


def test_head_without_end_is_refused(home: Stack, site: TestSite) -> None:
    with connection(home) as large:
        with contextlib.suppress(OSError):
            for number in range(2_000):
                large.sendall(f"X-{number}: {'x' * 100}\r\n".encode() if number else head()[:-2])
        assert answer_to(large)[0] in (0, 431)
    assert served_ms(home, site) < 5_000


def test_the_log_has_one_object_a_line_and_nobody_in_it(home: Stack, site: TestSite) -> None:
    address, name = "89.160.20.112", uuid.uuid4().hex
    batch = {**json.loads(body(site)), "visitor_id": name, "user_id": f"{name}@x.example"}
    headers = {"X-Forwarded-For": address, "User-Agent": name}
    for path in ("/e", f"/{name}", f"/sites/{name}/events"):
        post(home.url("edge"), path, batch, headers)
    # The broker's absence is told in the client library's words, through the same door.
    home.kill("kafka")
    home.wait_until("taken without Kafka", lambda: served_ms(home, site) < 5_000, 30)
    log = home.home / "logs" / "edge.log"
    home.wait_until("the library speaks", lambda: "rdkafka" in log.read_text("utf-8"), 30)
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert all({"at", "level", "room", "msg"} <= set(line) for line in lines)
    text = log.read_text("utf-8")
    assert [private for private in (address, name, site.write_key) if private in text] == []
