"""A checkout that was given up is the same one live and restated; open sessions are not judged."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake, restate
from schemas.load import RULES
from schemas.session_id import session_id
from tests.sql.rows import RUN, add_site, event, insert, live_session, open_session

SITE: Final = f"{RUN}-checkouts"
AT: Final = datetime(2026, 3, 8, 10, tzinfo=UTC)
GAP: Final = timedelta(minutes=RULES.sessions.gap_minutes)
MS: Final = timedelta(milliseconds=1)
Act = tuple[timedelta, dict[str, Any]]
Row = dict[str, Any]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def page(at: float) -> Act:
    return minutes(at), {}


def checkout(at: float, name: str = "checkout_started", **more: Any) -> Act:
    return minutes(at), {"event_name": name, **more}


def bought(at: timedelta, **more: Any) -> Act:
    return at, {"event_name": "purchase", "is_conversion": True, **more}


SERVER: Final = {"sender": "server"}
# Visitor -> sessions, each its events and those of servers; (count, is_abandoned) of those told.
CASES: Final[dict[str, tuple[list[list[Act]], list[tuple[int, bool]]]]] = {
    "gave_up": ([[page(0), checkout(1), page(2)]], [(1, True)]),
    "in_other_words": (
        [[checkout(0, "Checkout Started"), checkout(1, "begin_checkout")]],
        [(2, True)],
    ),
    "bought": ([[checkout(0), bought(minutes(1))]], [(1, False)]),
    "bought_before": ([[bought(minutes(0)), checkout(1)]], [(1, False)]),
    "no_checkout": ([[page(0), page(1)]], []),
    "a_server_said_checkout": ([[page(0), checkout(1, **SERVER), page(2)]], []),
    "paid_within_the_gap": (
        [[checkout(0), page(5), bought(minutes(5) + GAP, **SERVER)]],
        [(1, False)],
    ),
    "paid_too_late": (
        [[checkout(0), page(5), bought(minutes(5) + GAP + MS, **SERVER)]],
        [(1, True)],
    ),
    "bought_in_the_next_session": (
        [[checkout(0), page(1)], [page(40), bought(minutes(41))]],
        [(1, True)],
    ),
}
OPEN: Final = "still_there"


def rows_of(visitor: str, acts: list[Act]) -> list[Row]:
    own = {"site_id": SITE, "visitor_id": visitor}
    return [event(**{**own, "event_at": AT + after, **more}) for after, more in acts]


def session_of(rows: list[Row]) -> Row:
    """Return the session that the stream tells of the rows, as far as the view reads it."""
    mine = [row for row in rows if row["sender"] == "browser"]
    started, ended = mine[0]["event_at"], mine[-1]["event_at"]
    visitor = mine[0]["visitor_id"]
    first_ms = int(started.timestamp() * 1000)
    return {
        "site_id": SITE,
        "visitor_id": visitor,
        "session_id": session_id(SITE, visitor, first_ms),
        "started_at": started,
        "ended_at": ended,
    }


def told(lake: Lake, is_restated: bool) -> dict[str, list[tuple[int, bool]]]:
    found: dict[str, list[tuple[int, bool]]] = {}
    for row in lake.trino.rows(
        "SELECT visitor_id, checkout_count, is_abandoned, is_restated, checkout_at, started_at"
        f" FROM lake.analytics.checkouts WHERE site_id = '{SITE}' ORDER BY started_at"
    ):
        assert row["is_restated"] is is_restated
        assert row["checkout_at"] >= row["started_at"]
        found.setdefault(row["visitor_id"], []).append((row["checkout_count"], row["is_abandoned"]))
    return found


@pytest.fixture(scope="module")
def live_and_restated(lake: Lake) -> tuple[Any, Any]:
    """Return what the view tells by visitor before and after the day was restated."""
    sessions = [rows_of(v, acts) for v, (parts, _) in CASES.items() for acts in parts]
    still = rows_of(OPEN, [checkout(0), page(1)])
    add_site(lake.trino, SITE)
    insert(lake.trino, "events", [row for rows in [*sessions, still] for row in rows])
    insert(lake.trino, "sessions_closed", [live_session(**session_of(rows)) for rows in sessions])
    insert(lake.trino, "session_progress", [open_session(**session_of(still))])
    live = told(lake, is_restated=False)
    restate(lake, SITE, [AT.date()], "test")
    return live, told(lake, is_restated=True)


@pytest.mark.parametrize("visitor", CASES)
def test_case(visitor: str, live_and_restated: tuple[Any, Any]) -> None:
    live, restated = live_and_restated
    expected = CASES[visitor][1]
    assert live.get(visitor, []) == expected
    assert restated.get(visitor, []) == expected


def test_an_open_session_is_told_once_it_is_closed(live_and_restated: tuple[Any, Any]) -> None:
    live, restated = live_and_restated
    assert OPEN not in live
    assert restated[OPEN] == [(1, True)]
