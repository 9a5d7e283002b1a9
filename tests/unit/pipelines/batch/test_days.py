"""Days, what closes them, and which are switched together."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batch.days import (
    DueDay,
    begin_of,
    due_now,
    end_of,
    is_closed,
    linked_to,
    may_stay_open,
    runs_of,
    with_linked,
)

D = date(2026, 3, 10)
DAYS = st.dates(date(2025, 1, 1), date(2025, 3, 1))


def day(offset: int = 0, *, site: str = "s", has_run: bool = True) -> DueDay:
    return DueDay(site, D + timedelta(days=offset), "UTC", has_run, ("unseen rows",))


def at(hour: float, offset: int = 0) -> datetime:
    return datetime(2026, 3, 10, tzinfo=UTC) + timedelta(days=offset, hours=hour)


@pytest.mark.parametrize(
    ("zone", "local_date", "hours"),
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # no midnight: the day begins at 01:00
        ("America/Havana", date(2026, 11, 1), 25),  # midnight twice: the first counts
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, local_date: date, hours: float) -> None:
    length = end_of(local_date, zone) - begin_of(local_date, zone)
    assert length == timedelta(hours=hours)


def test_a_day_begins_at_local_midnight() -> None:
    assert begin_of(date(2026, 3, 30), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("watermark", "closed"),
    [(None, False), (at(24), False), (at(25), False), (at(25.001), True)],
)
def test_a_day_closes_an_hour_after_its_end_by_the_watermark(
    watermark: datetime | None, closed: bool
) -> None:
    assert is_closed(D, "UTC", watermark) is closed


def test_an_open_session_keeps_a_day_dirty_for_three_days() -> None:
    assert may_stay_open(D, "UTC", at(24, 3))
    assert not may_stay_open(D, "UTC", at(24.1, 3))
    assert may_stay_open(D, "UTC", None)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(DAYS))
def test_stretches_hold_every_date_once_and_leave_gaps_between(dates: list[date]) -> None:
    stretches = list(runs_of(dates))
    assert [d for stretch in stretches for d in stretch] == sorted(set(dates))
    for one, other in zip(stretches, stretches[1:], strict=False):
        assert other[0] - one[-1] > timedelta(days=1)
    for stretch in stretches:
        assert stretch[-1] - stretch[0] == timedelta(days=len(stretch) - 1)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(DAYS, min_size=1), st.lists(DAYS))
def test_links_only_add_candidates_that_touch(dates: list[date], linked: list[date]) -> None:
    found = with_linked(dates, linked)
    assert set(dates) <= set(found) <= set(dates) | set(linked)
    left_out = set(linked) - set(found)
    assert not any(abs((out - one).days) == 1 for out in left_out for one in found)


def test_a_dirty_neighbour_is_switched_in_the_same_commit() -> None:
    found = linked_to([D], [day(-1), day(1), day(3)], at(0, 9))
    assert found == (date(2026, 3, 9), D, date(2026, 3, 11))


def test_a_neighbour_that_the_stream_still_tells_is_left_alone() -> None:
    assert linked_to([D], [day(1, has_run=False)], at(26)) == (D,)


def test_a_neighbour_restated_while_open_is_taken_along() -> None:
    assert linked_to([D], [day(1, has_run=True)], at(26)) == (D, date(2026, 3, 11))


def test_closed_days_are_due_by_site() -> None:
    due = due_now([day(site="b"), day(site="a"), day(1)], at(26), recent_days=2)
    assert due == {"a": (D,), "b": (D,)}


def test_an_old_day_restated_before_waits_for_the_night() -> None:
    days = [day(), day(-1, has_run=False)]
    assert due_now(days, at(0, 9), recent_days=2) == {"s": (date(2026, 3, 9),)}
    assert due_now(days, at(0, 9), recent_days=None) == {"s": (date(2026, 3, 9), D)}


def test_without_a_watermark_nothing_is_due() -> None:
    assert due_now([day()], None, recent_days=None) == {}
