"""Days, what closes them, and which are switched together."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batch.days import (
    MOVED,
    DueDay,
    Room,
    begin_of,
    due_now,
    end_of,
    is_closed,
    linked_to,
    may_stay_open,
    runs_of,
    with_linked,
    within_budget,
)

D = date(2026, 3, 10)
DAYS = st.dates(date(2025, 1, 25), date(2025, 2, 8))  # few, so that many are neighbours


def day(
    offset: int = 0, *, site: str = "s", has_run: bool = True, reason: str = "unseen rows"
) -> DueDay:
    return DueDay(site, D + timedelta(days=offset), "UTC", has_run, (reason,))


def room(days: int, events: int = 0, counts: dict[date, int] | None = None) -> Room:
    return Room(days, events, counts or {})


def many(*offsets: int) -> tuple[date, ...]:
    return tuple(D + timedelta(days=offset) for offset in offsets)


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
@given(st.lists(DAYS), st.sets(DAYS), st.integers(1, 9))
def test_runs_hold_every_date_once_and_are_as_long_as_they_may(
    dates: list[date], moved: set[date], at_most: int
) -> None:
    runs = list(runs_of(dates, moved, room(at_most)))
    assert [d for run in runs for d in run] == sorted(set(dates))
    for run in runs:
        assert run[-1] - run[0] == timedelta(days=len(run) - 1) < timedelta(days=at_most)
    for one, other in zip(runs, runs[1:], strict=False):
        assert other[0] - one[-1] > timedelta(days=1) or len(one) + len(other) > at_most


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(DAYS), st.sets(DAYS), st.integers(1, 9))
def test_a_moved_session_is_parted_only_in_a_chain_too_long_for_a_run(
    dates: list[date], moved: set[date], at_most: int
) -> None:
    runs = list(runs_of(dates, moved, room(at_most)))
    for one, other in zip(runs, runs[1:], strict=False):
        if (other[0] - one[-1]).days == 1 and {one[-1], other[0]} & moved:
            assert len(with_linked([one[-1]], dates, moved)) > at_most


def test_a_run_ends_before_days_that_belong_together() -> None:
    assert list(runs_of(many(*range(5)), {D + timedelta(days=3)}, room(3))) == [
        many(0, 1),
        many(2, 3, 4),
    ]


def test_a_run_takes_so_many_events_but_a_day_at_least() -> None:
    counts = dict(zip(many(*range(5)), (50, 50, 300, 100, 1), strict=True))
    runs = runs_of(counts, (), room(9, 100, counts))
    assert list(runs) == [many(0, 1), many(2), many(3), many(4)]


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(DAYS, min_size=1), st.lists(DAYS), st.sets(DAYS))
def test_links_only_add_candidates_that_touch(
    dates: list[date], linked: list[date], moved: set[date]
) -> None:
    found = with_linked(dates, linked, moved)
    assert set(dates) <= set(found) <= set(dates) | set(linked)
    for out in set(linked) - set(found):
        near = {one for one in found if abs((out - one).days) == 1}
        assert not near or (out not in moved and not near & moved)


def test_a_neighbour_whose_sessions_moved_is_switched_in_the_same_commit() -> None:
    due = [day(-1, reason=MOVED), day(1, reason=MOVED), day(3, reason=MOVED)]
    assert linked_to([D], due, at(0, 9)) == many(-1, 0, 1)


def test_a_neighbour_whose_rows_moved_a_session_here_is_taken_along() -> None:
    assert linked_to([D], [day(reason=MOVED), day(1)], at(0, 9)) == many(0, 1)


def test_a_neighbour_due_by_itself_waits_for_its_own_run() -> None:
    assert linked_to([D], [day(), day(1), day(2)], at(0, 9)) == (D,)


def test_a_neighbour_that_the_stream_still_tells_is_left_alone() -> None:
    assert linked_to([D], [day(reason=MOVED), day(1, has_run=False)], at(26)) == (D,)


def test_a_neighbour_restated_while_open_is_taken_along() -> None:
    assert linked_to([D], [day(1, has_run=True, reason=MOVED)], at(26)) == many(0, 1)


def test_a_budget_takes_the_newest_days_then_the_oldest() -> None:
    assert within_budget(many(*range(10)), 2, 5) == many(0, 1, 2, 8, 9)


@settings(deadline=None)  # a busy machine is no fault
@given(st.sets(DAYS), st.integers(1, 3), st.integers(4, 20))
def test_a_budget_is_kept_and_used_up(dates: set[date], recent: int, at_most: int) -> None:
    chosen = within_budget(sorted(dates), recent, at_most)
    assert set(chosen) <= dates
    assert len(chosen) == min(len(dates), at_most)
    assert list(chosen) == sorted(chosen)


def test_closed_days_are_due_by_site() -> None:
    due = due_now([day(site="b"), day(site="a"), day(1)], at(26), recent_days=2)
    assert due == {"a": (D,), "b": (D,)}


def test_an_old_day_restated_before_waits_for_the_night() -> None:
    days = [day(), day(-1, has_run=False)]
    assert due_now(days, at(0, 9), recent_days=2) == {"s": (date(2026, 3, 9),)}
    assert due_now(days, at(0, 9), recent_days=None) == {"s": (date(2026, 3, 9), D)}


def test_without_a_watermark_nothing_is_due() -> None:
    assert due_now([day()], None, recent_days=None) == {}
