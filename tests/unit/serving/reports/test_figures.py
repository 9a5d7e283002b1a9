"""What a report asks of the compiler, and what it makes of the answers."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from schemas.load import RULES
from serving.answers import Answers
from serving.cache import Cache
from serving.errors import LakeUnavailable
from serving.freshness import Freshness
from serving.query.sql import Sql
from serving.reports.figures import Figures, read_figures
from serving.reports.periods import Every, Period, containing
from serving.scope import SiteScope
from tests.unit.serving.fakes import NOW, Clock, FakeLake

BERLIN: Final = SiteScope("shop", "Europe/Berlin", exclude_bots=False)
YESTERDAY: Final = NOW.date() - timedelta(days=1)
DAY: Final = Period(YESTERDAY, YESTERDAY)
BEFORE: Final = datetime(2026, 3, 17, 23, tzinfo=UTC)  # when 18 March begins in Berlin


class Made:
    """A lake with some rows: days that are restated, events by day, sources of two days."""

    def __init__(self) -> None:
        self.closed = [NOW.date() - timedelta(days=n) for n in range(1, 30)]
        self.as_of: datetime | None = NOW
        self.by_day: dict[date, tuple[int, int]] = {YESTERDAY: (3, 9)}
        self.sources: dict[bool, list[Any]] = {
            False: [("google", 2, 1, Decimal("9.5"))],
            True: [("google", 1, 0, 0)],
        }
        self.lake = FakeLake(self.answer)

    def answer(self, sql: Sql) -> list[Any]:
        if "run_id" in sql.text:
            return [(day, "run") for day in self.closed]
        if "stream_progress" in sql.text:
            return [(self.as_of,)]
        is_before = BEFORE in sql.params
        if "AS date" in sql.text:
            return [(day, *values) for day, values in self.by_day.items()]
        if "SELECT source" in sql.text:
            return self.sources[is_before]
        if "GROUP BY" in sql.text:
            return []
        if "is_bounce" in sql.text:
            return [(4, 1, 4, 8000, 4)] if not is_before else [(2, 1, 2, 2000, 2)]
        return [(3, 5, 1, Decimal("9.5"))] if not is_before else [(2, 10, 0, 0)]

    def read(self, every: Every = Every.DAILY, period: Period = DAY) -> Figures:
        clock = Clock()
        answers = Answers(self.lake, Cache(clock=clock), Freshness(self.lake, clock), clock)
        return asyncio.run(read_figures(answers, BERLIN, "Shop", every, period))


def test_totals_are_those_of_the_registry_beside_the_day_before() -> None:
    found = {one.name: (one.value, one.before, one.change) for one in Made().read().totals}
    assert found == {
        "visitors": (3, 2, 0.5),
        "sessions": (4, 2, 1.0),
        "page_views": (5, 10, -0.5),
        "bounce_rate": (0.25, 0.5, -0.5),
        "session_duration": (2000.0, 1000.0, 1.0),
        "conversions": (1, 0, None),
        "revenue": (9.5, 0, None),
    }


def test_a_table_has_the_same_row_of_the_day_before() -> None:
    (sources, *_) = Made().read().tables
    (line,) = sources.lines
    assert (sources.title, line.value, sources.has_more) == ("Sources", "google", False)
    visitors, _, revenue = line.measures
    assert (visitors.value, visitors.before, visitors.change) == (2, 1, 1.0)
    assert (revenue.value, revenue.unit) == (9.5, "USD")


def test_a_table_ends_and_says_so() -> None:
    made = Made()
    made.sources[False] = [(f"s{n}", 9 - n, 0, 0) for n in range(RULES.reports.table_rows + 1)]
    sources = made.read().tables[0]
    assert len(sources.lines) == RULES.reports.table_rows
    assert sources.has_more


def test_days_are_those_of_the_zone() -> None:
    made = Made()
    made.read()
    begins = {param for sql in made.lake.figures() for param in sql.params}
    assert datetime(2026, 3, 18, 23, tzinfo=UTC) in begins
    assert BEFORE in begins


def test_the_chart_has_every_day_and_zeros_between() -> None:
    days = Made().read().days
    assert [day.date for day in days] == [
        YESTERDAY - timedelta(days=n) for n in reversed(range(RULES.reports.chart_days))
    ]
    assert [day.value for day in days[-2:]] == [0, 3]
    assert [day.is_in_period for day in days[-2:]] == [False, True]


def test_a_week_is_beside_the_week_before() -> None:
    week = containing(Every.WEEKLY, date(2026, 3, 11))
    made = Made()
    days = made.read(Every.WEEKLY, week).days
    assert [day.is_in_period for day in days] == [False] * 7 + [True] * 7
    begins = {param for sql in made.lake.figures() for param in sql.params}
    assert datetime(2026, 3, 1, 23, tzinfo=UTC) in begins  # Monday, 2 March


def test_a_day_that_is_restated_does_not_change() -> None:
    assert Made().read().open_dates == []


def test_a_day_that_is_not_restated_may_change() -> None:
    made = Made()
    made.closed.remove(YESTERDAY)
    assert made.read().open_dates == [YESTERDAY]


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_day_without_an_event_is_done_once_it_is_whole(minutes: int) -> None:
    made = Made()
    made.closed.remove(YESTERDAY)
    made.by_day = {}
    end = datetime(2026, 3, 19, 23, tzinfo=UTC)
    closing = timedelta(minutes=RULES.delivery.day_close_minutes + minutes)
    made.as_of = end + closing
    assert made.read().open_dates == ([] if minutes else [YESTERDAY])


def test_before_the_first_event_nothing_is_known() -> None:
    made = Made()
    made.closed, made.as_of, made.by_day = [], None, {}
    found = made.read()
    assert found.open_dates == [YESTERDAY]
    assert found.as_of is None


def test_freshness_is_that_of_the_answers() -> None:
    found = Made().read()
    assert (found.as_of, found.asked_at) == (NOW, NOW)
    assert found.notes == ()


def test_a_lake_that_is_away_is_said_to_be() -> None:
    made = Made()
    made.lake.is_away = True
    with pytest.raises(LakeUnavailable):
        made.read()
