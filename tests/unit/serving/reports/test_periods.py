"""Which days a report is about, and when it is due, in zones that change their clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.load import RULES
from serving.reports.periods import (
    Every,
    Period,
    closes_at,
    containing,
    due,
    due_at,
    hours_of,
    newest,
)

BERLIN = "Europe/Berlin"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_week_is_that_of_the_rules() -> None:
    week = containing(Every.WEEKLY, date(2026, 3, 26))
    assert RULES.sessions.first_day_of_week == 1
    assert week == Period(date(2026, 3, 23), date(2026, 3, 29))
    assert containing(Every.WEEKLY, week.first) == containing(Every.WEEKLY, week.last) == week
    assert len(week.dates()) == 7


def test_a_week_of_another_first_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sunday = type("Sessions", (), {"first_day_of_week": 7})()
    monkeypatch.setattr("serving.query.periods.RULES", type("Rules", (), {"sessions": sunday})())
    week = containing(Every.WEEKLY, date(2026, 3, 26))
    assert week == Period(date(2026, 3, 22), date(2026, 3, 28))


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("UTC", utc(5, 0, 30), 4),
        ("Pacific/Kiritimati", utc(5, 0, 30), 4),  # it is the 5th, 14:30
        ("America/Los_Angeles", utc(5, 0, 30), 3),  # it is still the 4th
    ],
)
def test_the_newest_day_is_the_one_that_ended_there(zone: str, now: datetime, day: int) -> None:
    assert newest(Every.DAILY, zone, now) == Period(date(2026, 3, day), date(2026, 3, day))


def test_the_newest_week_ended_before_this_one() -> None:
    monday, sunday = utc(30, 9), utc(29, 9)
    assert newest(Every.WEEKLY, BERLIN, monday).last == date(2026, 3, 29)
    assert newest(Every.WEEKLY, BERLIN, sunday).last == date(2026, 3, 22)


def test_a_report_is_due_at_the_local_hour_of_the_next_day() -> None:
    saturday, sunday = (containing(Every.DAILY, date(2026, 3, day)) for day in (27, 28))
    assert due_at(saturday, 8, BERLIN) == utc(28, 7)
    assert due_at(sunday, 8, BERLIN) == utc(29, 6)  # the clock went forward that night


def test_an_hour_that_is_skipped_or_shown_twice() -> None:
    spring, autumn = date(2026, 3, 28), date(2026, 10, 24)
    assert due_at(Period(spring, spring), 2, BERLIN) == utc(29, 1)  # 02:00 is 03:00
    assert due_at(Period(autumn, autumn), 2, BERLIN) == utc(25, 0, month=10)  # the first 02:00


def test_nothing_is_due_before_its_hour() -> None:
    at = utc(30, 6)  # 08:00 in Berlin
    second = timedelta(seconds=1)
    before = [period for period, _ in due(Every.DAILY, 8, BERLIN, LONG_AGO, at - second)]
    after = [period for period, _ in due(Every.DAILY, 8, BERLIN, LONG_AGO, at)]
    assert before[0].last == date(2026, 3, 28)
    assert after[0].last == date(2026, 3, 29)


def test_a_new_schedule_begins_with_its_next_hour() -> None:
    made = utc(30, 6, 1)
    assert list(due(Every.DAILY, 8, BERLIN, made, utc(31, 5, 59))) == []
    ((period, wanted),) = due(Every.DAILY, 8, BERLIN, made, utc(31, 6))
    assert (period.last, wanted) == (date(2026, 3, 30), utc(31, 6))


def test_what_was_missed_is_due_for_some_days() -> None:
    found = list(due(Every.DAILY, 8, "UTC", LONG_AGO, utc(20, 9)))
    assert [period.last.day for period, _ in found] == [19, 18, 17, 16, 15, 14, 13]
    assert len(list(due(Every.WEEKLY, 8, "UTC", LONG_AGO, utc(20, 9)))) == 1


@pytest.mark.parametrize(("day", "hours"), [((3, 29), 23), ((10, 25), 25), ((6, 1), 24)])
def test_days_have_their_hours(day: tuple[int, int], hours: int) -> None:
    assert hours_of(date(2026, *day), BERLIN) == hours


def test_a_day_is_whole_an_hour_after_its_end() -> None:
    minutes = timedelta(minutes=RULES.delivery.day_close_minutes)
    assert closes_at(date(2026, 3, 29), BERLIN) == utc(29, 22) + minutes
