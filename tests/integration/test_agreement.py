"""One set of events goes in at the edge; stream, batch and API give one number for each question.

The home runs on the replay clock: two days pass in a minute, sessions close as in life. What is
expected is computed here from the events sent, in lines that share nothing with the product.
"""

import os
import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from cli.demo_site import shop
from cli.demo_site.history import TIMEZONE, make_history
from cli.demo_site.wire import browser_headers, events_of
from cli.edge import EdgeClient
from tests.integration.commands import ask_api, post
from tests.integration.stack import Stack, TestSite

ZONE: Final = ZoneInfo(TIMEZONE)
LAST_DAY: Final = datetime.now(UTC).astimezone(ZONE).date() - timedelta(days=1)
DAYS: Final = (LAST_DAY - timedelta(days=1), LAST_DAY)
INTERACTIVE: Final = {
    "add_to_cart",
    "checkout_started",
    "order_completed",
    "form_submit",
    "sign_up",
}
CONVERSIONS: Final = {"order_completed", "sign_up"}
METRICS: Final = ["page_views", "visitors", "sessions", "events", "conversions", "bounce_rate"]
# Who wrote a row and when; the stream knows new visitors by the tracker's hint only.
_OWN: Final = {"run_id", "emitted_at", "is_new_visitor"}
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Session:
    """A session as the events say it was."""

    visitor_id: str
    started_at: datetime
    ended_at: datetime
    events: int
    page_views: int
    conversions: int
    engaged_ms: int
    entry_page: str
    exit_page: str
    is_bounce: bool


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
    visits = [
        visit
        for visit in make_history(LAST_DAY, people=150)
        if visit.actions[0].happened_at.astimezone(ZONE).date() in DAYS
    ]
    sent = [(event, visit) for visit in visits for event in events_of(visit, "agree-")]
    sent.sort(key=lambda pair: str(pair[0]["timestamp"]))
    client = EdgeClient(replay.url("edge"), site.write_key)
    for event, visit in sent:
        headers = browser_headers(visit.visitor, shop.HOST)
        assert client.post_batch([event], headers, sentAt=event["timestamp"]) == []
    client.close()
    move_clock(replay, site, when(sent[-1][0]) + timedelta(hours=2))
    return [event for event, _ in sent]


def move_clock(replay: Stack, site: TestSite, to: datetime) -> None:
    body = {"writeKey": site.write_key, "batch": [], "sentAt": to.isoformat()}
    status, answer = post(replay.url("edge"), "/v1/batch", body)
    assert status == 200, answer


@pytest.fixture(scope="module")
def expected(events: list[dict[str, Any]]) -> list[Session]:
    by_visitor = defaultdict(list)
    for event in events:
        by_visitor[event["anonymousId"]].append(event)
    sessions = []
    for own in by_visitor.values():
        held = [own[0]]
        for event in own[1:]:
            if when(event) - when(held[-1]) > timedelta(minutes=30):
                sessions.append(session_of(held))
                held = []
            held.append(event)
        sessions.append(session_of(held))
    return sorted(sessions, key=lambda one: (one.started_at, one.visitor_id))


def session_of(events: list[dict[str, Any]]) -> Session:
    names = [event["event"] for event in events]
    pages = [e["context"]["page"]["path"] for e in events if e["event"] == "page_view"]
    engaged_ms = sum(event["properties"].get("engaged_ms", 0) for event in events)
    return Session(
        visitor_id=events[0]["anonymousId"],
        started_at=when(events[0]),
        ended_at=when(events[-1]),
        events=len(events),
        page_views=len(pages),
        conversions=sum(name in CONVERSIONS for name in names),
        engaged_ms=engaged_ms,
        entry_page=pages[0],
        exit_page=pages[-1],
        is_bounce=len(pages) == 1 and not INTERACTIVE & set(names) and engaged_ms < 10_000,
    )


def when(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def sessions_in(replay: Stack, site: TestSite, table: str) -> list[Session]:
    rows = replay.sql(
        "SELECT visitor_id, started_at, ended_at, event_count, page_view_count, conversion_count,"
        f" engaged_ms, entry_page, exit_page, is_bounce FROM {table}"
        f" WHERE site_id = '{site.site_id}'"
    )
    return sorted((Session(*row) for row in rows), key=lambda one: (one.started_at, one.visitor_id))


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
