"""Made-up days through Kafka, Flink and the lake equal a plain computation, row by row.

HEADWATER_AGREEMENT_EVENTS: events of each way (200,000).
"""

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from confluent_kafka import Producer

from ingest_edge.partitions import key_for
from schemas.load import RECORDS, TOPICS
from tests.agreement.expected import differences, event_rows, first_copies, typed
from tests.agreement.expected_friction import friction_rows
from tests.agreement.expected_sessions import minute_rows, session_rows
from tests.agreement.scenes import Row
from tests.agreement.streams import WAYS, ZONES, Arrival, in_order, make_days, merged
from tests.integration.stack import Stack
from tests.integration.stream_home import (
    kept_home,
    running_streams,
    table_rows,
    wait_until_all_run,
)
from tests.sql.streams import HEARTBEAT

EVENTS: Final = int(os.environ.get("HEADWATER_AGREEMENT_EVENTS", "200000"))
KILLED: Final = "killed"
HOUR_MS: Final = 3_600_000
PATIENCE_S: Final = 1_200
RUN: Final = secrets.token_hex(3)
TABLES: Final = ("events", "sessions_closed", "minute_stats", "friction_live")

pytestmark = [pytest.mark.faults, pytest.mark.faults_only, pytest.mark.timeout(3_600)]


def clock_change(month: int) -> date:
    """Return the day before the clocks of Berlin changed in that month of last year."""
    last = date(datetime.now(UTC).year - 1, month, 31)
    return last - timedelta(days=last.isoweekday() % 7 + 1)


@pytest.fixture(scope="module")
def home() -> Iterator[Stack]:
    """Return a home whose broker keeps the time that a record says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWATER_CLOCK", "replay")
        with running_streams("jobs", kept_home("HEADWATER_TEST_AGREE_HOME")) as running:
            wait_until_all_run(running)
            yield running


def days_of(way: str) -> list[Arrival]:
    """Return how the days arrive that way, sites named after it."""
    # The days of the kill come after the others: a broker's time never falls.
    first_day = clock_change(10 if way == KILLED else 3)
    return WAYS.get(way, in_order)(make_days(EVENTS, first_day, f"{way}-{RUN}"))


def put(home: Stack, arrivals: Iterable[Arrival]) -> None:
    """Append records to topic `events` at their times."""
    topic = TOPICS["events"]
    sink = Producer(
        {
            "bootstrap.servers": home.environment["HEADWATER_KAFKA_BOOTSTRAP"],
            "partitioner": topic.partitioner,
            "enable.idempotence": True,
            "linger.ms": 50,
        }
    )
    headers: Any = [("schema", RECORDS["event"].header.encode())]
    for arrival in arrivals:
        content = {name: value for name, value in arrival.record.items() if value is not None}
        _produce(sink, json.dumps(content), arrival.key, arrival.appended_at, headers)
    assert sink.flush(120) == 0


def _produce(sink: Any, value: str, key: str, at: int, headers: Any) -> None:
    while True:
        try:
            sink.produce("events", value, key, timestamp=at, headers=headers)
            break
        except BufferError:
            sink.poll(0.5)


def close(home: Stack, way: str, newest_ms: int) -> None:
    """Let time pass in every partition, and wait until the last thing is told of.

    A form is begun an hour after all of it, and never sent: a row of every table. What a job made
    of earlier times, it made and committed before.
    """
    at, site_id = newest_ms + HOUR_MS, f"sentinel-{way}-{RUN}"
    form: Row = {
        **make_days(1, date(2026, 1, 1), "any")[0].event,
        "site_id": site_id,
        "event_id": "sentinel",
        "event_name": "form_start",
        "visitor_id": "sentinel",
        "sender": "browser",
        "is_flood": False,
        "event_at": at,
    }
    put(home, [Arrival(at, form)])
    _beat(home, f"{way}-{RUN}", at + HOUR_MS)
    for table in TABLES:
        _wait_for(home, table, f"site_id = '{site_id}'")


def _wait_for(home: Stack, table: str, where: str) -> None:
    def rows() -> list[Any]:
        return table_rows(home, table, ("site_id",), where)

    home.wait_until(f"{table} to tell of {where}", rows, PATIENCE_S, pause=2)


def _beat(home: Stack, name: str, at: int) -> None:
    servers = home.environment["HEADWATER_KAFKA_BOOTSTRAP"]
    sink = Producer({"bootstrap.servers": servers})
    headers: Any = [("schema", RECORDS["heartbeat"].header.encode())]
    for partition in range(TOPICS["events"].partitions):
        own = {"event_id": f"hb-{name}-{partition}", "received_at": at, "event_at": at}
        # As the edge does it: a key that the topic after this one sends to the same partition.
        key = key_for(partition, TOPICS["events"].partitions, "heartbeat-")
        value = json.dumps(HEARTBEAT | own)
        sink.produce("events", value, key, partition, timestamp=at, headers=headers)
    assert sink.flush(60) == 0


@pytest.fixture(scope="module")
def told(home: Stack) -> None:
    """Send the days all ways at once; then days in whose midst a TaskManager is killed."""
    together = merged(days_of(way) for way in WAYS)
    put(home, together)
    close(home, "all", together[-1].appended_at)
    killed = days_of(KILLED)
    half = len(killed) // 2
    put(home, killed[:half])
    home.wait_until("some of it is counted", lambda: rows_of(home, "minute_stats", KILLED), 600)
    home.kill("taskmanager")
    put(home, killed[half:])
    close(home, KILLED, killed[-1].appended_at)


def rows_of(home: Stack, table: str, way: str) -> list[Row]:
    sites = ", ".join(f"'{way}-{RUN}/{name}'" for name in ZONES)
    return table_rows(home, table, ("*",), f"site_id IN ({sites})")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("way", [*WAYS, KILLED])
def test_every_table_is_what_a_plain_computation_says(home: Stack, way: str) -> None:
    copies = first_copies(days_of(way))
    minutes = [row for row in rows_of(home, "minute_stats", way) if row["is_final"]]
    compared = (
        ("event_row", rows_of(home, "events", way), event_rows(copies)),
        ("session", rows_of(home, "sessions_closed", way), session_rows(copies)),
        ("minute_stats", minutes, minute_rows(copies)),
        ("friction", rows_of(home, "friction_live", way), friction_rows(copies)),
    )
    found = {
        record: differences((typed(record, row) for row in rows), wanted)
        for record, rows, wanted in compared
    }
    assert found == {record: [] for record, _, _ in compared}
