"""Who came back: cases by hand, and all cohorts beside a computation of its own."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from schemas.load import RULES
from tests.sql.rows import RUN, insert, live_session

BY_HAND: Final = f"{RUN}-retention"
MADE: Final = f"{RUN}-retention-made"
SEED: Final = 5
Row = dict[str, Any]


def session(site: str, visitor: str, day: date, number: int = 0, **columns: Any) -> Row:
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9 + number)
    own = {"session_id": f"{visitor}/{at}", "started_at": at, "ended_at": at}
    return live_session(site_id=site, visitor_id=visitor, **own, **columns)


def by_hand() -> list[Row]:
    bought: Row = {"conversion_count": 2, "revenue_usd_amount": Decimal(30)}
    return [
        # January's last day, a Saturday: the next day is another month, the same week.
        session(BY_HAND, "ann", date(2026, 1, 31), source="news", entry_page="/a"),
        session(BY_HAND, "ann", date(2026, 2, 1), source="search", entry_page="/b", **bought),
        session(BY_HAND, "ann", date(2026, 2, 2)),
        session(BY_HAND, "bob", date(2026, 1, 31), source="news"),
        session(BY_HAND, "bob", date(2026, 1, 31), number=1, source="ads"),
    ]


def made() -> list[Row]:
    """Return 300 sessions of 60 visitors over a quarter, shuffled."""
    rng = Random(SEED)
    days = [date(2025, 12, 20) + timedelta(days=number) for number in range(90)]
    rows = [
        session(
            MADE,
            f"v{rng.randrange(60)}",
            rng.choice(days),
            number,
            conversion_count=rng.choice((0, 0, 1, 3)),
            revenue_usd_amount=Decimal(rng.randrange(50)),
            channel=rng.choice(("Direct", "Email", None)),
        )
        for number in (hour % 14 for hour in range(300))
    ]
    return list({row["session_id"]: row for row in rows}.values())


@pytest.fixture(scope="module")
def visited(lake: Lake) -> Lake:
    insert(lake.trino, "sessions_closed", by_hand() + made())
    return lake


def told(lake: Lake, view: str, site: str, period: str) -> list[Row]:
    return lake.trino.rows(
        f"SELECT * FROM lake.analytics.{view} WHERE site_id = '{site}' AND period = '{period}'"
    )


def places(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    counted = ("visitor_count", "returning_visitor_count", "rolling_visitor_count")
    return sorted(
        (str(row["cohort_date"]), row["period_number"], *(row[name] for name in counted))
        for row in rows
    )


def test_a_cohort_of_a_month_a_week_and_a_day(visited: Lake) -> None:
    assert places(told(visited, "retention", BY_HAND, "month")) == [
        ("2026-01-01", 0, 2, 2, 2),
        ("2026-01-01", 1, 2, 1, 1),
    ]
    assert places(told(visited, "retention", BY_HAND, "week")) == [
        ("2026-01-26", 0, 2, 2, 2),
        ("2026-01-26", 1, 2, 1, 1),
    ]
    assert places(told(visited, "retention", BY_HAND, "day")) == [
        ("2026-01-31", 0, 2, 2, 2),
        ("2026-01-31", 1, 2, 1, 1),
        ("2026-01-31", 2, 2, 1, 1),
    ]


def test_what_a_cohort_brings_is_in_its_period(visited: Lake) -> None:
    rows = {row["period_number"]: row for row in told(visited, "retention", BY_HAND, "month")}
    brought = ("converted_visitor_count", "conversion_count", "revenue_usd_amount")
    assert [rows[0][name] for name in brought] == [0, 0, 0]
    assert [rows[1][name] for name in brought] == [1, 2, 30]


def test_only_ended_periods_are_not_open(visited: Lake) -> None:
    rows = told(visited, "retention", BY_HAND, "month")
    assert {row["period_number"]: row["is_open"] for row in rows} == {0: False, 1: True}
    days = told(visited, "retention", BY_HAND, "day")
    assert {row["period_number"] for row in days if row["is_open"]} == {2}


def test_the_first_session_says_what_brought_a_visitor(visited: Lake) -> None:
    rows = told(visited, "visitor_periods", BY_HAND, "month")
    found = {(r["visitor_id"], r["period_number"]): (r["source"], r["entry_page"]) for r in rows}
    assert found[("ann", 0)] == found[("ann", 1)] == ("news", "/a")
    assert found[("bob", 0)][0] == "news"
    assert {row["session_count"] for row in rows if row["visitor_id"] == "bob"} == {2}


def period_of(day: date, period: str) -> date:
    return {
        "day": day,
        "week": day - timedelta(days=(day.isoweekday() - RULES.sessions.first_day_of_week) % 7),
        "month": day.replace(day=1),
    }[period]


def after(start: date, period: str) -> date:
    """Return the period that follows."""
    length = {"day": 1, "week": 7, "month": 31}[period]
    return period_of(start + timedelta(days=length), period)


def cohorts(rows: list[Row], period: str) -> list[tuple[Any, ...]]:
    """Walk from each cohort's period to the newest and look who is there."""
    came: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        came[row["visitor_id"]].add(period_of(row["started_date"], period))
    newest = max(max(starts) for starts in came.values())
    found = []
    for start in sorted({min(starts) for starts in came.values()}):
        members = [starts for starts in came.values() if min(starts) == start]
        place, number = start, 0
        while place <= newest:
            returning = sum(place in starts for starts in members)
            rolling = sum(max(starts) >= place for starts in members)
            found.append((str(start), number, len(members), returning, rolling))
            place, number = after(place, period), number + 1
    return sorted(found)


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_every_cohort_is_what_its_visitors_did(visited: Lake, period: str) -> None:
    assert places(told(visited, "retention", MADE, period)) == cohorts(made(), period)


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_cohorts_bring_together_what_sessions_bring(visited: Lake, period: str) -> None:
    names = ("conversion_count", "revenue_usd_amount")
    found = told(visited, "retention", MADE, period)
    parts = told(visited, "visitor_periods", MADE, period)
    for name in names:
        wanted = sum(row[name] for row in made())
        assert sum(row[name] for row in found) == sum(row[name] for row in parts) == wanted
    assert sum(row["session_count"] for row in parts) == len(made())
