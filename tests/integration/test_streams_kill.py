"""Whatever dies, every acknowledged event counts exactly once and sessions are what they were.

HEADWATER_FAULTS_FULL=1: 500 events/s, two minutes around every fault.
"""

import json
import os
import secrets
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Producer

from infra.local.probes import read_json
from orchestration.opening import mirror_sites, open_lake
from pipelines.batch.restate import restate
from pipelines.flink_jobs import launches
from pipelines.flink_jobs.restore import Launch
from pipelines.lake.config import load_config
from tests.integration.edge_topics import records
from tests.integration.ledger import Load
from tests.integration.stack import Stack, TestSite
from tests.integration.stream_home import (
    COLLECT,
    PATIENCE_S,
    alive,
    table_rows,
    wait_until_all_run,
    wait_until_it_runs,
)

FULL: Final = os.environ.get("HEADWATER_FAULTS_FULL") == "1"
RATE: Final = 500 if FULL else 100
BEFORE_AND_AFTER: Final = RATE * (60 if FULL else 8)  # events on either side of a fault

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def checkpoints_of(stack: Stack) -> Path:
    return Path(urlsplit(stack.environment["HEADWATER_CHECKPOINTS"]).path)


def newest_launch(stack: Stack) -> Launch:
    return launches.read(stack.home, COLLECT)[-1]


def new_launch_after(stack: Stack, before: Launch) -> Launch:
    """Wait until the launcher has started the job again and it runs."""

    def again() -> Launch | None:
        launch = newest_launch(stack)
        job = alive(stack).get(COLLECT)
        return launch if launch.job_id != before.job_id and job else None

    return stack.wait_until("collect_events was started again", again, PATIENCE_S)


def rows_of(stack: Stack, site: TestSite) -> list[Any]:
    chosen = f"site_id = '{site.site_id}'"
    return table_rows(stack, "events", ("event_id", "is_late"), chosen)


def passed_on(stack: Stack, site: TestSite) -> Counter[str]:
    """Return what a reader of committed records finds in unique-events."""
    values = [
        json.loads(record.value) for record in records(stack, "unique-events", committed=True)
    ]
    return Counter(each["event_id"] for each in values if each["site_id"] == site.site_id)


def assert_exactly_once(stack: Stack, load: Load) -> None:
    """Wait until every acknowledged event is a row, then count rows and records."""
    site, ledger = load.site, load.ledger
    stack.wait_until(
        "every acknowledged event is a row",
        lambda: ledger.acknowledged <= {row["event_id"] for row in rows_of(stack, site)},
        PATIENCE_S,
        pause=2,
    )
    rows = rows_of(stack, site)
    ids = Counter(row["event_id"] for row in rows)
    assert len(ledger.acknowledged) >= 2 * BEFORE_AND_AFTER
    assert [event_id for event_id, count in ids.items() if count > 1] == []
    assert set(ids) - set(ledger.sent) == set()
    on_time = sum(not row["is_late"] for row in rows)
    stack.wait_until(
        "every event on time is passed on",
        lambda: sum(passed_on(stack, site).values()) >= on_time,
        60,
        pause=2,
    )
    assert max(passed_on(stack, site).values()) == 1
    assert sum(passed_on(stack, site).values()) == on_time


def assert_sessions(stack: Stack, load: Load) -> None:
    """Restate the days of the load: views and sessions are what the ledger makes of its events."""
    lake, name = open_lake(load_config(stack.environment)), load.site.site_id
    with stack.postgres() as control:
        mirror_sites(control, lake)
    days = {moment.date() for _, moment in load.ledger.sent.values()}
    restate(lake, name, days, "test")
    ids = [row[0] for row in stack.sql(f"SELECT event_id FROM analytics.events {_of(name)}")]
    assert sorted(ids) == sorted(row["event_id"] for row in rows_of(stack, load.site))
    sessions = defaultdict(list)
    for visitor_id, event_count in stack.sql(
        f"SELECT visitor_id, event_count FROM analytics.sessions {_of(name)} ORDER BY started_at"
    ):
        sessions[visitor_id].append(event_count)
    assert sessions == load.ledger.sessions(ids)


def _of(site_id: str) -> str:
    return f"WHERE site_id = '{site_id}'"


def load_around(stack: Stack, name: str, fault: Callable[[], None]) -> Load:
    """Load a fresh site, let the fault happen in the middle, and go on."""
    wait_until_it_runs(stack)
    site = stack.make_site(f"{name}-{secrets.token_hex(4)}")
    with Load(stack, site, RATE) as load:
        load.wait_for(BEFORE_AND_AFTER)
        fault()
        load.wait_for(BEFORE_AND_AFTER)
    return load


def test_taskmanager_killed(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    load = load_around(stack, "kill-taskmanager", lambda: _kill(stack, "taskmanager"))
    assert_exactly_once(stack, load)
    assert_sessions(stack, load)
    assert newest_launch(stack).job_id == before.job_id  # the job went on by itself
    wait_until_all_run(stack)


@pytest.mark.faults_only
def test_jobmanager_killed(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    load = load_around(stack, "kill-jobmanager", lambda: _kill(stack, "jobmanager"))
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load)
    assert_sessions(stack, load)
    assert after.restored is not None
    assert after.restored.job_id == before.job_id
    assert after.start.run_id == before.start.run_id


@pytest.mark.faults_only
def test_checkpoints_deleted(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)

    def lose_state() -> None:
        _kill(stack, "jobmanager")
        shutil.rmtree(checkpoints_of(stack) / before.job_id)

    load = load_around(stack, "no-checkpoints", lose_state)
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load)
    assert_sessions(stack, load)
    assert after.restored is None
    assert after.start.run_id > before.start.run_id
    assert after.start.marks["events"]


@pytest.mark.faults_only
def test_older_checkpoint_offered(stack: Stack, tmp_path: Path) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    folder = checkpoints_of(stack) / before.job_id
    kept = tmp_path / "kept"

    def keep_one() -> None:
        older = stack.wait_until("a checkpoint", lambda: _completed(folder), 60)[0]
        shutil.copytree(older, kept / older.name)

    def offer_the_older() -> None:
        _kill(stack, "jobmanager")
        for newer in _completed(folder):
            shutil.rmtree(newer)
        shutil.copytree(kept, folder, dirs_exist_ok=True)

    keep_one()
    load = load_around(stack, "older-checkpoint", offer_the_older)
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load)
    assert_sessions(stack, load)
    assert after.restored is None


@pytest.mark.faults_only
def test_everything_killed_at_once(stack: Stack) -> None:
    def end_and_begin() -> None:
        stack.kill_everything()
        stack.up()

    load = load_around(stack, "kill-everything", end_and_begin)
    assert_exactly_once(stack, load)
    assert_sessions(stack, load)


def test_poison_while_it_runs(stack: Stack) -> None:
    """What nobody can read is set aside; the job goes on without a restart."""
    wait_until_it_runs(stack)
    before, token = _failures(stack), f"poison-{secrets.token_hex(8)}"
    poison = _poison(token)
    load = load_around(stack, "poison", lambda: _put(stack, poison))
    assert_exactly_once(stack, load)
    wait_until_it_runs(stack)
    assert _failures(stack) == before
    stack.wait_until("all of it is set aside", lambda: _set_aside(stack, token) == len(poison), 60)


def _poison(token: str) -> list[bytes]:
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


def _put(stack: Stack, contents: list[bytes]) -> None:
    sink = Producer({"bootstrap.servers": stack.environment["HEADWATER_KAFKA_BOOTSTRAP"]})
    for number, content in enumerate(contents):
        sink.produce("events", content, partition=number % 2)
    assert sink.flush(30) == 0


def _set_aside(stack: Stack, token: str) -> int:
    rows = table_rows(stack, "dead_letters", ("payload",), "topic_name = 'events'")
    return sum(token in row["payload"] for row in rows)


# Of the machine, not of the job: a TaskManager that gets no processor for long is given up.
STARVED: Final = ("Heartbeat of TaskManager", "NoResourceAvailableException")


def _failures(stack: Stack) -> list[str]:
    """Return why the job failed since it was started, as often as it did."""
    job_id = alive(stack)[COLLECT]["jid"]
    answer = read_json(f"{stack.url('flink')}/jobs/{job_id}/exceptions")
    assert answer is not None
    told = [entry["stacktrace"] for entry in answer["exceptionHistory"]["entries"]]
    return [text for text in told if not any(words in text for words in STARVED)]


def _kill(stack: Stack, component: str) -> None:
    stack.kill(component)


def _completed(folder: Path) -> list[Path]:
    found = [path.parent for path in folder.glob("chk-*/_metadata")]
    return sorted(found, key=lambda path: int(path.name.removeprefix("chk-")))
