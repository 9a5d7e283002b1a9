"""Visits as the events sent say they were, in lines that share nothing with the product."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite

INTERACTIVE: Final = {
    "add_to_cart",
    "checkout_started",
    "order_completed",
    "form_submit",
    "sign_up",
}
CONVERSIONS: Final = {"order_completed", "sign_up"}


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


def sessions_of(events: Iterable[dict[str, Any]]) -> list[Session]:
    """Return the sessions that events make, in order; each visitor's events come in order."""
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


def move_clock(replay: Stack, site: TestSite, to: datetime) -> None:
    """Let the edge's clock stand at a later moment."""
    body = {"writeKey": site.write_key, "batch": [], "sentAt": to.isoformat()}
    status, answer = post(replay.url("edge"), "/v1/batch", body)
    assert status == 200, answer
