"""Whatever dies between, every event the edge acknowledged is in Kafka at least once.

HEADWATER_FAULTS_EVENTS, _RATE (a second), _KILLS, _AWAY_S: the whole size is 600000, 2000, 20, 60.
HEADWATER_FAULTS_FULL=1 takes that size and runs the stream too: every event is one row then.
"""

import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any, Final

import pytest
from confluent_kafka import Consumer, TopicPartition

from serving.control.sites import set_webhook_secret
from tests.integration.edge_home import running_edge
from tests.integration.ledger import Load
from tests.integration.stack import Stack
from tests.integration.stream_home import table_rows
from tests.integration.test_edge_webhooks import SECRET
from tests.integration.test_edge_webhooks import send as send_webhook

FULL: Final = os.environ.get("HEADWATER_FAULTS_FULL") == "1"
EVENTS: Final = int(os.environ.get("HEADWATER_FAULTS_EVENTS", 600_000 if FULL else 6_000))
RATE: Final = int(os.environ.get("HEADWATER_FAULTS_RATE", 2_000 if FULL else 300))
KILLS: Final = int(os.environ.get("HEADWATER_FAULTS_KILLS", 20 if FULL else 3))
AWAY_S: Final = int(os.environ.get("HEADWATER_FAULTS_AWAY_S", 60 if FULL else 6))
SENDERS: Final = 4
PATIENCE_S: Final = 600

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(3_600)]


@pytest.fixture
def home() -> Iterator[Stack]:
    with running_edge() as stack:
        yield stack


@pytest.fixture
def streams() -> Iterator[Stack]:
    """Return a home in which events become rows."""
    folder = Path(tempfile.mkdtemp(prefix="headwater-kill-"))
    stack = Stack.at(folder)
    try:
        stack.up("--only", "jobs,edge")
        yield stack
    finally:
        stack.headwater("down", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def gauge(stack: Stack, name: str) -> float | None:
    """Return one number of the edge's /metrics; None while it is away."""
    try:
        with urllib.request.urlopen(f"{stack.url('edge')}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def copies_in_topic(stack: Stack) -> Counter[str]:
    """Return how often each event id stands in topic `events`."""
    consumer = Consumer({
        "bootstrap.servers": stack.environment["HEADWATER_KAFKA_BOOTSTRAP"],
        "group.id": "none", "enable.auto.commit": False,
    })  # fmt: skip
    found: Counter[str] = Counter()
    for part in consumer.list_topics("events", timeout=10).topics["events"].partitions:
        place = TopicPartition("events", part)
        _, end = consumer.get_watermark_offsets(place, timeout=10)
        consumer.assign([TopicPartition("events", part, 0)])
        at = 0
        while at < end:
            for message in consumer.consume(1_000, timeout=5):
                assert message.error() is None, message.error()
                at = (message.offset() or 0) + 1
                found[json.loads(message.value() or b"{}")["event_id"]] += 1
    consumer.close()
    return found


def hurt(stack: Stack, loads: list[Load]) -> None:
    """Kill the edge at even distances and take Kafka away twice, once frozen and once killed."""
    each = EVENTS // SENDERS // (KILLS + 1)
    for number in range(KILLS):
        loads[0].wait_for(each, PATIENCE_S)
        if number == KILLS // 3:
            stack.kill("kafka", SIGSTOP)
            stack.wait_until("the edge answers alone", lambda: _grew(loads), AWAY_S + 30)
            time.sleep(AWAY_S)
        stack.kill("edge")
        if number == KILLS // 3:
            stack.wait_until("the next edge answers alone", lambda: _grew(loads), AWAY_S + 60)
            stack.kill("kafka", SIGCONT)
        if number == 2 * KILLS // 3:
            stack.kill("kafka")
            time.sleep(AWAY_S)
    loads[0].wait_for(each, PATIENCE_S)


def _grew(loads: list[Load]) -> bool:
    before = sum(len(load.ledger.acknowledged) for load in loads)
    time.sleep(1)
    return sum(len(load.ledger.acknowledged) for load in loads) > before + SENDERS * 10


class WebhookLoad(Load):
    """Posts a signed webhook in place of each batch; its id is that of the first event."""

    def _post(self, events: list[dict[str, Any]]) -> None:
        event_id = events[0]["messageId"]
        address = f"{self.stack.url('edge')}/webhooks/stripe/{self.site.site_id}"
        try:
            if send_webhook(address, json.dumps({"id": event_id}).encode()) == 200:
                self.ledger.acknowledged.add(event_id)
        except (OSError, HTTPException):
            time.sleep(0.2)  # the edge is away: nothing was promised


def webhook_load(stack: Stack) -> WebhookLoad:
    """Return a load of webhooks for a site that has their secret."""
    site = stack.make_site("kill-webhooks")
    with stack.postgres() as connection:
        set_webhook_secret(connection, site.site_id, "stripe", SECRET)
    return WebhookLoad(stack, site, RATE // SENDERS)


def run(stack: Stack) -> set[str]:
    """Send events while everything is hurt; return the ids that were acknowledged, when quiet."""
    loads = [Load(stack, stack.make_site(f"kill-{n}"), RATE // SENDERS) for n in range(SENDERS)]
    loads.append(webhook_load(stack))
    with ExitStack() as running:
        for load in loads:
            running.enter_context(load)
        hurt(stack, loads)
    stack.wait_until(
        "the log is empty",
        lambda: (
            gauge(stack, "headwater_edge_log_replaying") == 0.0
            and gauge(stack, "headwater_edge_log_records") == 0.0
        ),
        PATIENCE_S,
    )
    return set().union(*(load.ledger.acknowledged for load in loads))


def test_every_acknowledged_event_is_in_the_topic(home: Stack) -> None:
    acknowledged = run(home)
    copies = copies_in_topic(home)
    print(f"{len(acknowledged)} acknowledged, {sum(copies.values())} records, {KILLS} kills")
    assert len(acknowledged) >= EVENTS // SENDERS
    assert acknowledged - set(copies) == set()
    assert [event_id for event_id in acknowledged if event_id.startswith("kill-webhooks")]


@pytest.mark.skipif(not FULL, reason="ten minutes with Flink: HEADWATER_FAULTS_FULL=1")
def test_every_acknowledged_event_is_one_row(streams: Stack) -> None:
    acknowledged = run(streams)

    def rows() -> Counter[str]:
        sites = ", ".join(f"'kill-{name}'" for name in [*range(SENDERS), "webhooks"])
        found: list[Any] = table_rows(streams, "events", ("event_id",), f"site_id IN ({sites})")
        return Counter(row["event_id"] for row in found)

    streams.wait_until("all are rows", lambda: acknowledged <= set(rows()), PATIENCE_S, pause=5)
    assert {event_id for event_id, count in rows().items() if count > 1} == set()
