"""One set of events goes in at the edge; stream, batch and API give one number for each question.

The home runs on the replay clock: days pass in a minute, sessions close as in life. What is
expected is computed in visits.py from the events sent, in lines that share nothing with the
product.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from cli.demo_site import shop
from cli.demo_site.history import TIMEZONE, make_history
from cli.demo_site.visits import Visit
from cli.demo_site.wire import browser_headers, events_of
from cli.edge import EdgeClient
from tests.integration.commands import ask_api, run_dagster_job
from tests.integration.stack import Stack, TestSite
from tests.integration.visits import (
    CONVERSIONS,
    Session,
    move_clock,
    sessions_in,
    sessions_of,
    when,
)

ZONE: Final = ZoneInfo(TIMEZONE)
# Far enough back that the clock is never moved into the future, where the broker takes no record:
# with two days it was, between midnight and four in the morning.
LAST_DAY: Final = datetime.now(UTC).astimezone(ZONE).date() - timedelta(days=3)
DAYS: Final = (LAST_DAY - timedelta(days=1), LAST_DAY)
# The day that Flink does not see end.
NEXT_DAY: Final = LAST_DAY + timedelta(days=1)
METRICS: Final = ["page_views", "visitors", "sessions", "events", "conversions", "bounce_rate"]
# Who wrote a row and when; the stream knows new visitors by the tracker's hint only.
_OWN: Final = {"run_id", "emitted_at", "is_new_visitor"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def replay() -> Iterator[Stack]:
    """Return a home of its own whose edge takes the time from the batches."""
    kept = os.environ.get("HEADWATER_TEST_REPLAY_HOME")
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="headwater-replay-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWATER_CLOCK", "replay")
        running = Stack.at(home)
        running.up()
        yield running
        if not kept:
            running.down()
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def site(replay: Stack) -> TestSite:
    name = f"agree-{uuid.uuid4().hex[:8]}"
    return replay.make_site(name, timezone=TIMEZONE, allowed_hosts=[shop.HOST])


@pytest.fixture(scope="module")
def events(replay: Stack, site: TestSite) -> list[dict[str, Any]]:
    """Send two days of the shop's visits, each event at its time; return what was sent."""
    sent = events_of_days(DAYS)
    send(replay, site, sent)
    move_clock(replay, site, when(sent[-1][0]) + timedelta(hours=2))
    return [event for event, _ in sent]


@pytest.fixture(scope="module")
def expected(events: list[dict[str, Any]]) -> list[Session]:
    return sessions_of(events)


def events_of_days(days: tuple[date, ...]) -> list[tuple[dict[str, Any], Visit]]:
    """Return what happens in the shop in visits that begin on those days, in order of time."""
    visits = [
        visit
        for visit in make_history(days[-1], people=150)
        if visit.actions[0].happened_at.astimezone(ZONE).date() in days
    ]
    sent = [(event, visit) for visit in visits for event in events_of(visit, "agree-")]
    return sorted(sent, key=lambda pair: str(pair[0]["timestamp"]))


def send(replay: Stack, site: TestSite, sent: list[tuple[dict[str, Any], Visit]]) -> None:
    """Send each event at its time."""
    client = EdgeClient(replay.url("edge"), site.write_key)
    for event, visit in sent:
        headers = browser_headers(visit.visitor, shop.HOST)
        assert client.post_batch([event], headers, sentAt=event["timestamp"]) == []
    client.close()


def rows_without_their_own(replay: Stack, site: TestSite, table: str) -> list[dict[str, Any]]:
    """Return whole rows, but for what each writer must have of its own."""
    names = [
        row[0]
        for row in replay.sql("SHOW COLUMNS FROM lake.web.sessions_closed")
        if row[0] not in _OWN
    ]
    rows = replay.sql(
        f"SELECT {', '.join(names)} FROM {table}"
        f" WHERE site_id = '{site.site_id}' ORDER BY session_id"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def by_day(sessions: list[Session], events: list[dict[str, Any]]) -> dict[date, tuple[float, ...]]:
    """Return METRICS of each day."""
    answer: dict[date, tuple[float, ...]] = {}
    for day in DAYS:
        seen = [event for event in events if when(event).astimezone(ZONE).date() == day]
        begun = [one for one in sessions if one.started_at.astimezone(ZONE).date() == day]
        answer[day] = (
            sum(event["event"] == "page_view" for event in seen),
            len({event["anonymousId"] for event in seen}),
            len(begun),
            len(seen),
            sum(event["event"] in CONVERSIONS for event in seen),
            sum(one.is_bounce for one in begun) / len(begun),
        )
    return answer


def api_by_day(replay: Stack, site: TestSite) -> dict[date, tuple[float, ...]]:
    question = {
        "site": site.site_id,
        "metrics": METRICS,
        "dimensions": ["time:day"],
        "date_range": [DAYS[0].isoformat(), DAYS[-1].isoformat()],
    }
    rows = ask_api(replay, site.api_key, question)["rows"]
    return {date.fromisoformat(row["dimensions"][0]): tuple(row["metrics"]) for row in rows}


def api_revenue(replay: Stack, site: TestSite) -> Decimal:
    question = {
        "site": site.site_id,
        "metrics": ["revenue"],
        "date_range": [DAYS[0].isoformat(), (DAYS[-1] + timedelta(days=1)).isoformat()],
    }
    (revenue,) = ask_api(replay, site.api_key, question)["totals"]["metrics"]
    return Decimal(str(revenue))


@pytest.fixture(scope="module")
def closed(replay: Stack, site: TestSite, expected: list[Session]) -> list[Session]:
    """Wait until the stream has closed every session."""

    def all_closed() -> list[Session] | None:
        found = sessions_in(replay, site, "lake.web.sessions_closed")
        return found if len(found) >= len(expected) else None

    return replay.wait_until("all sessions to close", all_closed, seconds=120)


@pytest.fixture(scope="module")
def restated(replay: Stack, site: TestSite, closed: list[Session]) -> list[dict[str, Any]]:
    """Return the stream's rows as they were, then have the days restated."""
    before = rows_without_their_own(replay, site, "lake.analytics.sessions")
    dates = ",".join(day.isoformat() for day in DAYS)
    words = ("restate", "--site", site.site_id, "--dates", dates, "--wait")
    replay.headwater(*words, timeout=500)
    return before


def test_the_stream_closes_the_sessions_that_the_events_make(
    closed: list[Session], expected: list[Session]
) -> None:
    assert len(expected) > 40
    assert closed == expected


def test_the_api_answers_the_same_before_a_day_is_restated(
    replay: Stack,
    site: TestSite,
    closed: list[Session],
    expected: list[Session],
    events: list[dict[str, Any]],
) -> None:
    assert api_by_day(replay, site) == by_day(expected, events)


def test_restating_changes_no_session(
    replay: Stack, site: TestSite, restated: list[dict[str, Any]], expected: list[Session]
) -> None:
    assert sessions_in(replay, site, "lake.analytics.sessions") == expected
    assert rows_without_their_own(replay, site, "lake.analytics.sessions") == restated


def test_the_api_answers_the_same_after(
    replay: Stack,
    site: TestSite,
    restated: list[dict[str, Any]],
    expected: list[Session],
    events: list[dict[str, Any]],
) -> None:
    assert api_by_day(replay, site) == by_day(expected, events)


def test_daily_totals_agree(
    replay: Stack,
    site: TestSite,
    restated: list[dict[str, Any]],
    expected: list[Session],
    events: list[dict[str, Any]],
) -> None:
    rows = replay.sql(
        "SELECT local_date, page_view_count, visitor_count, session_count, event_count,"
        " conversion_count, CAST(bounce_count AS double) / session_count"
        f" FROM lake.analytics.daily_site WHERE site_id = '{site.site_id}'"
    )
    assert {row[0]: tuple(row[1:]) for row in rows} == by_day(expected, events)


def test_money_agrees_to_the_cent(
    replay: Stack, site: TestSite, restated: list[dict[str, Any]]
) -> None:
    where = f"WHERE site_id = '{site.site_id}'"
    sums = [
        replay.sql(f"SELECT sum(revenue_usd_amount) FROM {table} {where}")[0][0]
        for table in (
            "lake.analytics.events",
            "lake.web.sessions_closed",
            "lake.analytics.sessions",
        )
    ]
    assert sums[0] > 100
    assert sums == [sums[0]] * 3
    assert api_revenue(replay, site) == sums[0]


@pytest.mark.faults
@pytest.mark.faults_only
@pytest.mark.timeout(900)
def test_a_day_that_ended_while_flink_was_away_closes_later_and_whole(replay: Stack) -> None:
    """It stands last: the clock of the home never goes back."""
    site = replay.make_site(f"away-{uuid.uuid4().hex[:8]}", timezone=TIMEZONE)
    sent = events_of_days((NEXT_DAY,))
    noon = datetime.combine(NEXT_DAY, time(12), ZONE)
    send(replay, site, [pair for pair in sent if when(pair[0]) < noon])
    with replay.frozen("jobmanager", "taskmanager"):
        send(replay, site, [pair for pair in sent if when(pair[0]) >= noon])
        move_clock(replay, site, noon + timedelta(hours=18))
        run_dagster_job(replay, "restate")
        assert days_that_count(replay, site) == []

    def closed() -> bool:
        run_dagster_job(replay, "restate")
        return NEXT_DAY in days_that_count(replay, site)

    replay.wait_until("the day to close", closed, seconds=400, pause=5)
    happened = [event for event, _ in sent]
    assert event_ids(replay, site) == sorted(event["messageId"] for event in happened)
    assert sessions_in(replay, site, "lake.analytics.sessions") == sessions_of(happened)


def days_that_count(replay: Stack, site: TestSite) -> list[date]:
    rows = replay.sql(
        f"SELECT local_date FROM lake.analytics.day_runs WHERE site_id = '{site.site_id}'"
    )
    return sorted(row[0] for row in rows)


def event_ids(replay: Stack, site: TestSite) -> list[str]:
    rows = replay.sql(
        f"SELECT event_id FROM lake.analytics.events WHERE site_id = '{site.site_id}'"
    )
    return sorted(row[0] for row in rows)
