"""Ranges and buckets in zones, where days have 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serving.errors import QueryError
from serving.query import periods
from serving.query.periods import Span

NOW = datetime(2026, 3, 29, 10, 30, tzinfo=UTC)  # Europe/Berlin: 12:30, the day clocks went on
BERLIN = "Europe/Berlin"


def dates(span: Span) -> tuple[str, str]:
    return str(span.first_date), str(span.last_date)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("day", "2026-03-29", "2026-03-29"),
        ("7d", "2026-03-23", "2026-03-29"),
        ("28d", "2026-03-02", "2026-03-29"),
        ("30d", "2026-02-28", "2026-03-29"),
        ("91d", "2025-12-29", "2026-03-29"),
        ("month", "2026-03-01", "2026-03-29"),
        ("6mo", "2025-10-01", "2026-03-29"),
        ("12mo", "2025-04-01", "2026-03-29"),
        ("year", "2026-01-01", "2026-03-29"),
        ("all", "2015-05-17", "2026-03-29"),
    ],
)
def test_names_end_today(name: str, first: str, last: str) -> None:
    assert dates(periods.resolve(name, BERLIN, NOW, date(2015, 5, 17))) == (first, last)


def test_today_is_today_in_the_zone_asked_for() -> None:
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    assert dates(periods.named("day", "UTC", late, late.date())) == ("2026-06-01", "2026-06-01")
    assert dates(periods.named("day", BERLIN, late, late.date())) == ("2026-06-02", "2026-06-02")


def test_24h_is_24_whole_hours_ending_with_the_running_one() -> None:
    span = periods.named("24h", BERLIN, NOW, NOW.date())
    assert (span.start, span.end) == (
        datetime(2026, 3, 28, 11, tzinfo=UTC),
        datetime(2026, 3, 29, 11, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)]
)
def test_a_local_day_has_as_many_hours_as_the_zone_gives_it(day: str, hours: int) -> None:
    span = periods.between([day, day], BERLIN, ())
    assert span.end - span.start == timedelta(hours=hours)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert len(periods.buckets(span, "hour", later)) == hours
    assert periods.buckets(span, "day", later) == [date.fromisoformat(day)]


def test_the_repeated_hour_of_autumn_is_two_buckets() -> None:
    span = periods.between(["2026-10-25", "2026-10-25"], BERLIN, ())
    written = [periods.written(b) for b in periods.buckets(span, "hour", span.end)]
    assert written[1:5] == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_a_day_that_skips_midnight_starts_at_one_o_clock() -> None:
    assert periods.midnight(date(2018, 11, 4), "America/Sao_Paulo") == datetime(
        2018, 11, 4, 3, tzinfo=UTC
    )
    assert periods.midnight(date(2018, 11, 3), "America/Sao_Paulo") == datetime(
        2018, 11, 3, 3, tzinfo=UTC
    )


def test_an_ambiguous_midnight_is_the_first_of_the_two() -> None:
    # Clocks in Havana go from 01:00 back to 00:00.
    assert periods.midnight(date(2026, 11, 1), "America/Havana") == datetime(
        2026, 11, 1, 4, tzinfo=UTC
    )


def test_weeks_begin_on_monday_and_are_named_by_it() -> None:
    span = periods.between(["2026-03-25", "2026-04-06"], "UTC", ())
    assert periods.buckets(span, "week", span.end) == [
        date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 6),
    ]  # fmt: skip


def test_buckets_stop_at_the_running_one() -> None:
    span = periods.named("day", "UTC", NOW, NOW.date())
    assert len(periods.buckets(span, "hour", NOW)) == 11


def test_a_future_range_has_one_bucket() -> None:
    span = periods.between(["2030-01-01", "2030-01-31"], "UTC", ())
    assert periods.buckets(span, "day", NOW) == [date(2030, 1, 1)]


def test_too_many_buckets_are_refused() -> None:
    span = periods.between(["2020-01-01", "2026-01-01"], "UTC", ())
    with pytest.raises(QueryError, match="more than"):
        periods.buckets(span, "minute", NOW)


@pytest.mark.parametrize(
    "asked",
    ["yesterday", "", "28D", ["2026-01-01"], ["2026-02-01", "2026-01-01"],
     ["2026-02-30", "2026-03-01"],
     ["2026-01-01", "2026-01-02T00:00:00Z"], ["2026-01-01T00:00:00", "2026-01-02T00:00:00"],
     ["0001-01-01", "2026-01-01"], ["2026-01-01", "9999-12-31"], ["x' OR 1=1", "2026-01-01"]],
)  # fmt: skip
def test_what_is_no_range_is_refused_with_its_place(asked: str | list[str]) -> None:
    with pytest.raises(QueryError) as caught:
        periods.resolve(asked, "UTC", NOW, NOW.date())
    assert caught.value.faults[0].loc[0] == "date_range"


def test_instants_are_half_open() -> None:
    span = periods.between(["2026-01-01T00:00:00+01:00", "2026-01-01T06:00:00Z"], BERLIN, ())
    assert span.start == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert span.end == datetime(2026, 1, 1, 6, tzinfo=UTC)


def test_before_whole_days_come_as_many_whole_days() -> None:
    span = periods.between(["2026-03-24", "2026-03-30"], BERLIN, ())  # 23-hour Sunday inside
    earlier = periods.before(span, datetime(2026, 5, 1, tzinfo=UTC))
    assert dates(earlier) == ("2026-03-17", "2026-03-23")
    assert earlier.end == span.start


def test_a_running_day_is_compared_with_as_much_of_the_day_before() -> None:
    span = periods.named("day", BERLIN, NOW, NOW.date())
    earlier = periods.before(span, NOW)
    assert earlier.start == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert earlier.end.astimezone(ZoneInfo(BERLIN)).isoformat() == "2026-03-28T12:30:00+01:00"


def test_a_year_before_leap_day_is_the_28th() -> None:
    span = periods.between(["2024-02-29", "2024-02-29"], "UTC", ())
    earlier = periods.year_before(span, NOW)
    assert dates(earlier)[0] == "2023-02-28"


ZONES = st.sampled_from(
    ["UTC", BERLIN, "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu",
     "Australia/Lord_Howe",
     "Pacific/Apia", "Africa/Casablanca", "America/St_Johns", "Asia/Beirut"]
)  # fmt: skip
INSTANTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)


@settings(deadline=None, max_examples=50)
@example("Asia/Beirut", datetime(2010, 10, 29, 5, tzinfo=UTC), 40, "minute")
@given(ZONES, INSTANTS, st.integers(1, 40), st.sampled_from(periods.UNITS))
def test_buckets_run_up_without_repeating(
    zone: str, start: datetime, hours: int, unit: str
) -> None:
    span = Span(start, start + timedelta(hours=hours), zone)
    found = periods.buckets(span, unit, span.end)
    # TRICKY: two times of one zone compare by the clock, which repeats an hour in autumn.
    moments = [b.astimezone(UTC) if isinstance(b, datetime) else b for b in found]
    assert all(a < b for a, b in pairwise(moments))
    assert found


@settings(deadline=None, max_examples=50)
@given(ZONES, INSTANTS, st.sampled_from(periods.UNITS))
def test_an_instant_lies_in_the_bucket_that_floor_says(zone: str, at: datetime, unit: str) -> None:
    start = periods.floor(at, unit, zone)
    assert start <= at
    assert periods.floor(start, unit, zone) == start


@settings(deadline=None, max_examples=50)
@given(ZONES, st.dates(date(2005, 1, 1), date(2030, 1, 1)))
def test_midnight_is_the_first_instant_of_its_date(zone: str, day: date) -> None:
    start = periods.midnight(day, zone)
    tz = ZoneInfo(zone)
    if zone == "Pacific/Apia" and day == date(2011, 12, 30):
        return  # the island skipped this date
    assert start.astimezone(tz).date() == day
    assert (start - timedelta(microseconds=1)).astimezone(tz).date() < day
