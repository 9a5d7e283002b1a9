"""Which local days a report is about and when it is due: pure functions, the clock passed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from schemas.load import RULES
from serving.query.periods import bucket_date, midnight

_DAY: Final = timedelta(days=1)


class Every(StrEnum):
    """How often a report comes, and so how long it looks back."""

    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def days(self) -> int:
        """The number of local days a report is about."""
        return 1 if self is Every.DAILY else 7


@dataclass(frozen=True)
class Period:
    """Local days, both included, of a site's zone."""

    first: date
    last: date

    def dates(self) -> list[date]:
        """Return every day of the period."""
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]


def containing(every: Every, day: date) -> Period:
    """Return the day itself, or its week as `sessions.first_day_of_week` has it."""
    first = day if every is Every.DAILY else bucket_date(day, "week")
    return Period(first, first + (every.days - 1) * _DAY)


def newest(every: Every, zone: str, now: datetime) -> Period:
    """Return the newest period that has ended in the zone."""
    current = containing(every, now.astimezone(ZoneInfo(zone)).date())
    return containing(every, current.first - _DAY)


def due_at(period: Period, hour: int, zone: str) -> datetime:
    """Return when a report is wanted, in UTC: that hour of the day after the period.

    An hour that the clock skips is the one after it; of an hour shown twice it is the first.
    """
    local = datetime.combine(period.last + _DAY, time(hour), ZoneInfo(zone))
    return local.astimezone(UTC)


def due(
    every: Every, hour: int, zone: str, since: datetime, now: datetime
) -> Iterator[tuple[Period, datetime]]:
    """Yield the periods whose reports came due after `since` and are not too old, newest first."""
    oldest = max(since, now - timedelta(days=RULES.reports.pending_days))
    period = newest(every, zone, now)
    while (wanted := due_at(period, hour, zone)) > oldest:
        if wanted <= now:
            yield period, wanted
        period = containing(every, period.first - _DAY)


def closes_at(day: date, zone: str) -> datetime:
    """Return the instant that the tables must have passed for a day to be whole."""
    return midnight(day + _DAY, zone) + timedelta(minutes=RULES.delivery.day_close_minutes)


def hours_of(day: date, zone: str) -> float:
    """Return how long a local day is: 23 or 25 hours where the clock is changed."""
    return (midnight(day + _DAY, zone) - midnight(day, zone)) / timedelta(hours=1)
