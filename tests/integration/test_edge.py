"""The edge with real Kafka and Postgres behind it, in a home of its own without the rest."""

import base64
import json
import signal
import time
import uuid
from typing import Any

import pytest

from serving.control import keys
from tests.integration.commands import post
from tests.integration.edge_topics import records, values
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow


@pytest.fixture
def site(home: Stack) -> TestSite:
    """Return a new site whose keys the edge knows."""
    made = home.make_site(f"site-{uuid.uuid4().hex[:8]}")
    home.wait_until("the new key works", lambda: send(home, made.write_key)[0] == 200, 5)
    return made


def message(**fields: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "x",
        "anonymousId": "v",
        "messageId": uuid.uuid4().hex,
    } | fields


def send(home: Stack, key: str, *messages: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send messages; return status and answer."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    body = {"batch": list(messages or (message(),))}
    return post(home.url("edge"), "/v1/batch", body, {"Authorization": f"Basic {basic}"})


def event_ids(home: Stack, site: TestSite) -> list[str]:
    """Return ids of the site's events in the topic, in the order of their partitions."""
    found = values(home, "events")
    return [value["event_id"] for value in found if value.get("site_id") == site.site_id]


def test_acknowledged_events_are_in_the_topic(home: Stack, site: TestSite) -> None:
    sent = [message() for _ in range(50)]
    status, answer = send(home, site.write_key, *sent)
    assert (status, answer["accepted"]) == (200, 50)
    found = event_ids(home, site)
    assert found[-50:] == [one["messageId"] for one in sent]


def test_new_key_works_and_revoked_one_stops_within_seconds(home: Stack, site: TestSite) -> None:
    with home.postgres() as connection:
        key = keys.create_key(connection, site.site_id, "pub", "second")
        key_id = next(
            k.key_id for k in keys.list_keys(connection, site.site_id) if k.name == "second"
        )
    started = time.monotonic()
    home.wait_until("new key works", lambda: send(home, key)[0] == 200, 4, 0.1)
    with home.postgres() as connection:
        keys.revoke_key(connection, key_id)
    home.wait_until("revoked key stops", lambda: send(home, key)[0] == 401, 4, 0.1)
    assert time.monotonic() - started < 6


def test_silent_partitions_get_a_heartbeat_a_second(home: Stack) -> None:
    def beats() -> dict[int, list[int]]:
        found: dict[int, list[int]] = {0: [], 1: []}
        for record in records(home, "events"):
            if json.loads(record.value)["record_kind"] == "heartbeat":
                found[record.partition].append(record.timestamp)
        return found

    before = {partition: len(times) for partition, times in beats().items()}
    home.wait_until(
        "five heartbeats more in each partition",
        lambda: all(len(times) - before[p] >= 5 for p, times in beats().items()),
        seconds=15,
    )
    for times in beats().values():
        newest = times[-5:]
        gaps = [after - earlier for earlier, after in zip(newest, newest[1:], strict=False)]
        assert all(900 <= gap <= 3_000 for gap in gaps), gaps


def test_events_are_taken_while_the_broker_stands_still_and_come_later(
    home: Stack, site: TestSite
) -> None:
    late = [message() for _ in range(20)]
    home.kill("kafka", signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert [send(home, site.write_key, one)[0] for one in late] == [200] * 20
        took = time.monotonic() - started
        home.kill("edge")  # what was acknowledged is on disk
        home.wait_until("edge is back", lambda: _posts(home, site), 60)
    finally:
        home.kill("kafka", signal.SIGCONT)
    assert took < 10
    sent = {one["messageId"] for one in late}
    home.wait_until("all are in the topic", lambda: sent <= set(event_ids(home, site)), 60)


def test_edge_started_while_postgres_is_away_takes_events(home: Stack, site: TestSite) -> None:
    home.kill("postgres", signal.SIGSTOP)
    try:
        home.kill("edge")
        home.wait_until("edge is back", lambda: _posts(home, site), 60)
    finally:
        home.kill("postgres", signal.SIGCONT)


def test_key_file_is_for_the_owner_only(home: Stack) -> None:
    file = home.home / "edge" / "keys.json"
    assert file.stat().st_mode & 0o077 == 0
    assert "hw_pub_" not in file.read_text()


def _posts(home: Stack, site: TestSite) -> bool:
    try:
        return send(home, site.write_key)[0] == 200
    except OSError:
        return False
