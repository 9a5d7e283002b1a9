"""What the edge says while its disk or its file descriptors are exhausted, and how it recovers.

The kernel's own limits of the running process stand for the disk: whoever may run the tests may
lower them, and a write beyond them fails as on a disk that is full or read-only.
"""

import http.client
import json
import resource
import signal
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Semaphore
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.integration.commands import post
from tests.integration.edge_topics import values
from tests.integration.stack import Stack, TestSite
from tests.integration.test_edge_clients import (
    CLIENTS,
    GOOD,
    assert_nothing_again,
    kept,
    node_clients,
    run_all,
    same_key,
)

pytestmark = pytest.mark.slow
__all__ = ["node_clients"]


@pytest.fixture(scope="module")
def site(home: Stack) -> TestSite:
    made = home.make_site(f"disk-{uuid.uuid4().hex[:8]}")
    home.wait_until("the key works", lambda: send(home, made, str(uuid.uuid4()))[0] == 200, 60)
    return made


def body(site: TestSite, event_id: str) -> dict[str, Any]:
    event = {"event_id": event_id, "event_name": "bought", "client_at": 1}
    return {"key": site.write_key, "visitor_id": "v1", "sent_at": 1, "events": [event]}


def send(home: Stack, site: TestSite, event_id: str) -> tuple[int, dict[str, Any]]:
    return post(home.url("edge"), "/e", body(site, event_id), {"Origin": "https://example.com"})


def ready(home: Stack) -> tuple[int, dict[str, Any]]:
    address = urlsplit(home.url("edge"))
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("GET", "/ready")
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content)


@contextmanager
def limited(home: Stack, kind: int, value: int) -> Iterator[None]:
    """Lower a limit of the running edge; give back what it had."""
    edge = psutil.Process(home.component("edge").pid)
    before = edge.rlimit(kind)
    edge.rlimit(kind, (value, before[1]))
    try:
        yield
    finally:
        edge.rlimit(kind, before)


@contextmanager
def frozen_kafka(home: Stack) -> Iterator[None]:
    home.kill("kafka", signal.SIGSTOP)
    try:
        yield
    finally:
        home.kill("kafka", signal.SIGCONT)


@contextmanager
def no_room(home: Stack, site: TestSite) -> Iterator[str]:
    """Let the log take nothing more; yield the id of an event that the broker alone kept."""
    kept = str(uuid.uuid4())
    with limited(home, resource.RLIMIT_FSIZE, 1):
        assert send(home, site, kept)[0] == 200
        yield kept


def test_a_disk_that_takes_nothing_is_told_and_recovers(home: Stack, site: TestSite) -> None:
    refused, later = (str(uuid.uuid4()) for _ in range(2))
    with ExitStack() as kafka:
        with no_room(home, site) as kept:
            kafka.enter_context(frozen_kafka(home))
            home.wait_until("neither is left", lambda: ready(home)[0] == 503, 60)
            status, problem = send(home, site, refused)
            assert (status, problem["status"], problem["code"]) == (507, 507, "log_full")
            assert ready(home)[1]["checks"]["log"] != "ok"
        home.wait_until("ready again", lambda: ready(home)[0] == 200, 60)
        assert send(home, site, later)[0] == 200
    home.wait_until(
        "what was acknowledged is in the topic",
        lambda: {kept, later} <= {value["event_id"] for value in values(home, "events")},
        60,
    )


def test_published_clients_send_again_until_there_is_room(
    home: Stack, site: TestSite, node_clients: None
) -> None:
    theirs = home.make_site(f"clients-{uuid.uuid4().hex[:8]}")
    again = Semaphore(0)
    with ThreadPoolExecutor(1) as pool:
        with no_room(home, site), frozen_kafka(home):
            home.wait_until("neither is left", lambda: ready(home)[0] == 503, 60)
            assert send(home, site, str(uuid.uuid4()))[0] == 507
            # A client's second request says that its first was answered.
            running = pool.submit(
                run_all, home, same_key(theirs.write_key), GOOD, lambda: None, again.release
            )
            assert all(again.acquire(timeout=60) for _ in CLIENTS)
        sent = running.result()
    for client, one in sent.items():
        assert one.errors == [], client
        assert (one.statuses[0], one.statuses[-1]) == (507, 200), (client, one.statuses)
    assert_nothing_again(sent)
    assert kept(home, theirs) == dict.fromkeys(CLIENTS, [0, 1, 2])


def test_no_descriptor_left_holds_up_nobody_who_is_connected(home: Stack, site: TestSite) -> None:
    address = urlsplit(home.url("edge"))
    place = (address.hostname or "", address.port or 0)
    client = http.client.HTTPConnection(*place, timeout=30)
    client.connect()
    edge = psutil.Process(home.component("edge").pid)
    with limited(home, resource.RLIMIT_NOFILE, edge.num_fds() + 20), ExitStack() as idle:
        for _ in range(60):
            idle.enter_context(socket.create_connection(place, timeout=30))
        home.wait_until(
            "none is left", lambda: edge.num_fds() >= edge.rlimit(resource.RLIMIT_NOFILE)[0] - 2, 20
        )
        for _ in range(20):
            content = json.dumps(body(site, str(uuid.uuid4())))
            client.request("POST", "/e", content, {"Origin": "https://example.com"})
            answer = client.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
    client.close()
    home.wait_until("new ones are served", lambda: ready(home)[0] == 200, 30)
    assert send(home, site, str(uuid.uuid4()))[0] == 200
