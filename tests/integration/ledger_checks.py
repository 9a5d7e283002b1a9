"""What tables must hold after a load, whatever was hurt meanwhile: the ledger decides."""

import json
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from confluent_kafka import Producer

from infra.local.probes import read_json
from orchestration.opening import mirror_sites, open_lake
from pipelines.batch.restate import restate
from pipelines.lake.config import load_config
from tests.integration.edge_topics import records
from tests.integration.ledger import Load
from tests.integration.stack import Stack, TestSite
from tests.integration.stream_home import COLLECT, PATIENCE_S, alive, table_rows


def rows_of(stack: Stack, site: TestSite) -> list[Any]:
    chosen = f"site_id = '{site.site_id}'"
    return table_rows(stack, "events", ("event_id", "is_late"), chosen)


def passed_on(stack: Stack, site: TestSite) -> Counter[str]:
    """Return what a reader of committed records finds in unique-events."""
    values = [
        json.loads(record.value) for record in records(stack, "unique-events", committed=True)
    ]
    return Counter(each["event_id"] for each in values if each["site_id"] == site.site_id)


def assert_exactly_once(stack: Stack, load: Load, at_least: int) -> None:
    """Wait until every acknowledged event is a row, then count rows and records."""
    site, ledger = load.site, load.ledger
    stack.wait_until(
        "every acknowledged event is a row",
        lambda: ledger.acknowledged <= {row["event_id"] for row in rows_of(stack, site)},
        PATIENCE_S,
        pause=5,
    )
    rows = rows_of(stack, site)
    ids = Counter(row["event_id"] for row in rows)
    assert len(ledger.acknowledged) >= at_least
    assert [event_id for event_id, count in ids.items() if count > 1] == []
    assert set(ids) - set(ledger.sent) == set()
    on_time = sum(not row["is_late"] for row in rows)
    found: Counter[str] = Counter()

    def is_passed_on() -> bool:
        found.clear()
        found.update(passed_on(stack, site))
        return found.total() >= on_time

    stack.wait_until("every event on time is passed on", is_passed_on, PATIENCE_S, pause=5)
    assert max(found.values()) == 1
    assert found.total() == on_time


def assert_sessions(stack: Stack, load: Load) -> None:
    """Restate the days of the load: views and sessions are what the ledger makes of its events."""
    lake, name = open_lake(load_config(stack.environment)), load.site.site_id
    with stack.postgres() as control:
        mirror_sites(control, lake)
    days = {moment.date() for _, moment in load.ledger.sent.values()}
    restate(lake, name, days, "test")
    rows = stack.sql(f"SELECT event_id, is_flood FROM analytics.events {_of(name)}")
    assert sorted(row[0] for row in rows) == sorted(
        row["event_id"] for row in rows_of(stack, load.site)
    )
    counted = [event_id for event_id, is_flood in rows if not is_flood]
    wanted = load.ledger.sessions(counted)
    sessions = defaultdict(list)
    for visitor_id, event_count in stack.sql(
        f"SELECT visitor_id, event_count FROM analytics.sessions {_of(name)} ORDER BY started_at"
    ):
        sessions[visitor_id].append(event_count)
    assert sessions == wanted
    totals = "sum(event_count), sum(session_count)"
    ((events, began),) = stack.sql(f"SELECT {totals} FROM analytics.daily_site {_of(name)}")
    assert (events, began) == (len(rows), sum(map(len, wanted.values())))


def _of(site_id: str) -> str:
    return f"WHERE site_id = '{site_id}'"


# What the live tables say of a site's visitors, minutes and friction.
_COUNTED: Final = ("event_id", "event_name", "event_at", "visitor_id", "is_late", "is_flood")


def assert_live_tables(stack: Stack, site: TestSite) -> None:
    """Wait until minutes, sessions and friction count each event on time once, and no other."""
    last: list[tuple[Any, Any]] = []

    def do_agree() -> bool:
        told = (_minutes(stack, site), _sessions(stack, site), _friction(stack, site))
        last[:] = zip(told, _wanted(stack, site), strict=True)
        return all(found == wanted for found, wanted in last)

    with suppress(AssertionError):
        stack.wait_until("the live tables agree", do_agree, PATIENCE_S, pause=5)
    for found, wanted in last:
        assert found == wanted


def _wanted(stack: Stack, site: TestSite) -> tuple[Any, Any, Any]:
    rows = table_rows(stack, "events", _COUNTED, f"site_id = '{site.site_id}'")
    counted = [row for row in rows if not row["is_late"] and not row["is_flood"]]
    return _by_minute(counted), _by_visitor(counted), _failed_forms(counted)


def _by_minute(rows: list[Any]) -> dict[datetime, int]:
    return dict(Counter(row["event_at"].replace(second=0, microsecond=0) for row in rows))


def _by_visitor(rows: list[Any]) -> dict[str, int]:
    return dict(Counter(row["visitor_id"] for row in rows))


def _failed_forms(rows: list[Any]) -> list[str]:
    return sorted(row["event_id"] for row in rows if row["event_name"] == "form_error")


def _minutes(stack: Stack, site: TestSite) -> dict[datetime, int]:
    columns = "minute_at, event_count"
    return dict(
        stack.sql(f"SELECT {columns} FROM analytics.minutes {_of(site.site_id)} AND is_final")
    )


def _sessions(stack: Stack, site: TestSite) -> dict[str, int]:
    """Return how many events of each visitor are in sessions, open and closed ones."""
    columns = "visitor_id, sum(event_count)"
    rows = stack.sql(f"SELECT {columns} FROM analytics.sessions {_of(site.site_id)} GROUP BY 1")
    return {visitor: int(count) for visitor, count in rows}


def _friction(stack: Stack, site: TestSite) -> list[str]:
    rows = stack.sql(
        f"SELECT event_id FROM analytics.friction {_of(site.site_id)} AND kind = 'validation_error'"
    )
    return sorted(row[0] for row in rows)


def poison_records(token: str) -> list[bytes]:
    """Return records that nobody can read, each with the token in it."""
    return [
        f"{token}: not json".encode(),
        f'["{token}"]'.encode(),
        f'"{token}"'.encode(),
        f'{{"{token}"'.encode(),
        f'{{"{token}": "\\xff"}}'.encode().replace(b"\\xff", b"\xff"),
        f'{{"event_id": "{token}", "event_at": {{"a": [1]}}, "record_kind": "event"}}'.encode(),
        token.encode() + b"x" * 900_000,
    ]


def put_raw(stack: Stack, contents: list[bytes]) -> None:
    sink = Producer({"bootstrap.servers": stack.environment["HEADWATER_KAFKA_BOOTSTRAP"]})
    for number, content in enumerate(contents):
        sink.produce("events", content, partition=number % 2)
    assert sink.flush(30) == 0


def set_aside(stack: Stack, token: str) -> int:
    rows = table_rows(stack, "dead_letters", ("payload",), "topic_name = 'events'")
    return sum(token in row["payload"] for row in rows)


# Of the machine, not of the job: a TaskManager that gets no processor for long is given up.
STARVED: Final = ("Heartbeat of TaskManager", "NoResourceAvailableException")


def failures(stack: Stack) -> list[str]:
    """Return why the job failed since it was started, as often as it did."""
    job_id = alive(stack)[COLLECT]["jid"]
    answer = read_json(f"{stack.url('flink')}/jobs/{job_id}/exceptions")
    assert answer is not None
    told = [entry["stacktrace"] for entry in answer["exceptionHistory"]["entries"]]
    return [text for text in told if not any(words in text for words in STARVED)]
