"""analytics.sessions counts no session twice and misses none, whatever has been restated.

Three hundred visitors are three hundred examples of one run. Whatever stage the lake is in, the
view is held to two laws; once nothing is due, to an independent computation.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from pipelines.batch.days import due_now, linked_to
from pipelines.batch.restate import Lake, due_days, newest_snapshot, restate
from schemas.load import RULES
from schemas.session_id import session_id
from tests.sql.rows import RUN, add_site, event, insert, live_session

SITE: Final = f"{RUN}-view"
VISITORS: Final = 300
FIRST: Final = datetime(2026, 5, 1, tzinfo=UTC)
GAP: Final = timedelta(minutes=RULES.sessions.gap_minutes)
Span = tuple[str, datetime, datetime]
Row = dict[str, Any]


class Clock:
    """The watermark of the table, moved by hand."""

    at = FIRST


def cut(rows: Iterable[Row]) -> list[list[Row]]:
    """Cut events into sessions in the plainest way."""
    by_visitor = defaultdict(list)
    for row in rows:
        by_visitor[row["visitor_id"]].append(row)
    sessions = []
    for events in by_visitor.values():
        events.sort(key=lambda row: row["event_at"])
        breaks = [
            number
            for number, (one, other) in enumerate(pairwise(events), 1)
            if other["event_at"] - one["event_at"] > GAP
        ]
        edges = [0, *breaks, len(events)]
        sessions += [events[start:end] for start, end in pairwise(edges)]
    return sessions


def spans(rows: Iterable[Row]) -> set[Span]:
    return {(s[0]["visitor_id"], s[0]["event_at"], s[-1]["event_at"]) for s in cut(rows)}


def live(rows: Iterable[Row]) -> list[Row]:
    """Return what the stream says of on-time events."""
    return [
        live_session(
            site_id=SITE,
            visitor_id=session[0]["visitor_id"],
            session_id=session_id(
                SITE, session[0]["visitor_id"], int(session[0]["event_at"].timestamp() * 1000)
            ),
            started_at=session[0]["event_at"],
            ended_at=session[-1]["event_at"],
            event_count=len(session),
        )
        for session in cut(rows)
    ]


def progress(rows: Iterable[Row]) -> list[Row]:
    """Return what the stream says of the same sessions while they grow, event by event."""
    grown = [session[:count] for session in cut(rows) for count in range(1, len(session) + 1)]
    return [{**row, "counted_until_at": row["ended_at"]} for one in grown for row in live(one)]


def random_events(chance: random.Random, *, is_late: bool) -> list[Row]:
    """Return events around the two midnights, where days and sessions meet."""
    rows = []
    for number in range(VISITORS):
        for _ in range(chance.randint(0, 1) if is_late else chance.randint(1, 5)):
            midnight = FIRST + timedelta(days=chance.choice([1, 1, 2, 2, 3]))
            at = midnight + timedelta(minutes=chance.randint(-90, 90))
            rows.append(event(site_id=SITE, visitor_id=f"v{number}", event_at=at, is_late=is_late))
    return rows


def viewed(lake: Lake) -> list[Row]:
    return lake.trino.rows(
        "SELECT visitor_id, session_id, started_at, ended_at, event_count, is_restated"
        f" FROM lake.analytics.sessions WHERE site_id = '{SITE}'"
    )


def hold_the_laws(lake: Lake, told: Iterable[Row]) -> list[Row]:
    """No two sessions of a visitor within the gap; no event that somebody told left out."""
    found = viewed(lake)
    by_visitor = defaultdict(list)
    for row in sorted(found, key=lambda row: row["started_at"]):
        by_visitor[row["visitor_id"]].append(row)
    for sessions in by_visitor.values():
        for one, other in pairwise(sessions):
            assert other["started_at"] - one["ended_at"] > GAP, (one, other)
    for row in told:
        holding = [
            session
            for session in by_visitor[row["visitor_id"]]
            if session["started_at"] <= row["event_at"] <= session["ended_at"]
        ]
        assert len(holding) == 1, (row["visitor_id"], row["event_at"], holding)
    return found


def restate_due(lake: Lake, clock: Clock, at: datetime) -> list[date]:
    """Move the table's watermark and restate what is closed and due by it."""
    clock.at = at
    snapshot = newest_snapshot(lake)
    assert snapshot is not None
    due = due_now(due_days(lake, snapshot, SITE), at, recent_days=None)
    runs = restate(lake, SITE, due.get(SITE, ()), "test")
    return [day for run in runs for day in run.dates]


@pytest.mark.parametrize("seed", [1])
def test_whatever_is_restated_no_session_is_told_twice_or_missed(
    lake: Lake, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    add_site(lake.trino, SITE)
    on_time, late = random_events(chance, is_late=False), random_events(chance, is_late=True)
    insert(lake.trino, "events", on_time)
    insert(lake.trino, "session_progress", progress(on_time))
    assert spans_of(hold_the_laws(lake, on_time)) == spans(on_time)

    # Wherever the closing has come to, an open session is told of until its closed row is there.
    closed = live(on_time)
    insert(lake.trino, "sessions_closed", closed[: len(closed) // 2])
    assert spans_of(hold_the_laws(lake, on_time)) == spans(on_time)

    insert(lake.trino, "sessions_closed", closed[len(closed) // 2 :])
    assert spans_of(hold_the_laws(lake, on_time)) == spans(on_time)

    assert restate_due(lake, clock, FIRST + timedelta(days=1, hours=3)) == [FIRST.date()]
    assert spans_of(hold_the_laws(lake, on_time)) == spans(on_time)

    insert(lake.trino, "events", late)
    hold_the_laws(lake, on_time)

    # The first day is dirty and goes with the second, which was asked for.
    second = FIRST.date() + timedelta(days=1)
    clock.at = FIRST + timedelta(days=2, hours=3)
    (run,) = restate(lake, SITE, [second], "asked")
    assert run.dates == (FIRST.date(), second)
    restated = [r for r in late if r["event_at"].date() <= second]
    hold_the_laws(lake, [*on_time, *restated])

    restate_due(lake, clock, FIRST + timedelta(days=9))
    everything = [*on_time, *late]
    final = hold_the_laws(lake, everything)
    assert spans_of(final) == spans(everything)
    assert all(row["is_restated"] for row in final)
    counts = {(s[0]["visitor_id"], s[0]["event_at"]): len(s) for s in cut(everything)}
    assert {(r["visitor_id"], r["started_at"]): r["event_count"] for r in final} == counts

    assert restate_due(lake, clock, FIRST + timedelta(days=9)) == []
    restate(lake, SITE, [second], "again")
    assert _shown(viewed(lake)) == _shown(final)


def test_a_late_row_before_midnight_takes_its_day_along(lake: Lake, clock: Clock) -> None:
    """Else its session would hold a row of the next day, and nobody would tell it."""
    site, second = f"{RUN}-reach", FIRST + timedelta(days=1)
    add_site(lake.trino, site)
    on_time = {"site_id": site, "visitor_id": "v"}
    insert(lake.trino, "events", [event(**on_time, event_at=FIRST + timedelta(hours=12))])
    insert(lake.trino, "events", [event(**on_time, event_at=second + timedelta(minutes=5))])
    clock.at = second + timedelta(hours=3)
    restate(lake, site, [FIRST.date()], "test")
    insert(lake.trino, "events", [event(**on_time, event_at=second - timedelta(minutes=50))])
    assert linked(lake, site, second.date()) == (second.date(),)
    insert(lake.trino, "events", [event(**on_time, event_at=second - timedelta(minutes=10))])
    assert linked(lake, site, second.date()) == (FIRST.date(), second.date())


def linked(lake: Lake, site: str, day: date) -> tuple[date, ...]:
    snapshot = newest_snapshot(lake)
    assert snapshot is not None
    return linked_to([day], due_days(lake, snapshot, site), FIRST + timedelta(days=2, hours=3))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("pipelines.batch.restate.read_watermark", lambda lake: clock.at)
    return clock


def spans_of(rows: Iterable[Row]) -> set[Span]:
    return {(row["visitor_id"], row["started_at"], row["ended_at"]) for row in rows}


def _shown(rows: Iterable[Row]) -> list[str]:
    return sorted(map(repr, rows))
