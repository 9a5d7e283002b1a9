"""Days as a site's zone has them, and which of them to restate together: pure functions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.load import RULES

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DueDay:
    """A site-day that a restatement would change, and why."""

    site_id: str
    local_date: date
    zone: str
    has_run: bool
    reasons: tuple[str, ...]


def begin_of(local_date: date, zone: str) -> datetime:
    """Return when the day begins, in UTC.

    Where clocks skip midnight the day begins at the first time it has; where they show it
    twice, at the first of the two.
    """
    return datetime.combine(local_date, time(), ZoneInfo(zone)).astimezone(UTC)


def end_of(local_date: date, zone: str) -> datetime:
    """Return when the next day begins, in UTC: a day has 23, 24 or 25 hours."""
    return begin_of(local_date + _DAY, zone)


def is_closed(local_date: date, zone: str, watermark: datetime | None) -> bool:
    """Whether the table's watermark has passed the day's end by the closing delay."""
    delay = timedelta(minutes=RULES.delivery.day_close_minutes)
    return watermark is not None and watermark > end_of(local_date, zone) + delay


def may_stay_open(local_date: date, zone: str, watermark: datetime | None) -> bool:
    """Whether a session still open keeps the day dirty: not for ever."""
    limit = timedelta(days=RULES.sessions.open_day_max_days)
    return watermark is None or watermark <= end_of(local_date, zone) + limit


def looks_until(local_date: date, zone: str) -> datetime:
    """Return how far past its end a day is read to see its sessions close."""
    return end_of(local_date, zone) + timedelta(hours=RULES.sessions.restate_lookahead_hours)


def runs_of(dates: Iterable[date]) -> Iterator[tuple[date, ...]]:
    """Split dates into stretches without a missing day, each in order.

    A session links neighbouring days only, so a stretch is what must be switched at once.
    """
    stretch: list[date] = []
    for local_date in sorted(set(dates)):
        if stretch and local_date != stretch[-1] + _DAY:
            yield tuple(stretch)
            stretch = []
        stretch.append(local_date)
    if stretch:
        yield tuple(stretch)


def with_linked(dates: Iterable[date], linked: Iterable[date]) -> tuple[date, ...]:
    """Return the dates with every linked neighbour, and theirs, in order."""
    chosen, candidates = set(dates), set(linked)
    while news := {
        day for day in candidates - chosen if day - _DAY in chosen or day + _DAY in chosen
    }:
        chosen |= news
    return tuple(sorted(chosen))


def due_now(
    days: Iterable[DueDay], watermark: datetime | None, *, recent_days: int | None
) -> dict[str, tuple[date, ...]]:
    """Return by site the closed days that are due.

    `recent_days` leaves days that were restated before and ended longer ago to the nightly
    run, which passes None.
    """
    due: dict[str, set[date]] = {}
    for day in days:
        if not is_closed(day.local_date, day.zone, watermark) or watermark is None:
            continue
        age = watermark - end_of(day.local_date, day.zone)
        if not day.has_run or recent_days is None or age <= timedelta(days=recent_days):
            due.setdefault(day.site_id, set()).add(day.local_date)
    return {site: tuple(sorted(dates)) for site, dates in sorted(due.items())}


def linked_to(
    dates: Iterable[date], due: Iterable[DueDay], watermark: datetime | None
) -> tuple[date, ...]:
    """Return the dates and the due neighbours that must be switched in the same commit.

    A neighbour that nobody restated and that has not closed is still told by the stream: it is
    left alone.
    """
    neighbours = (
        day.local_date
        for day in due
        if day.has_run or is_closed(day.local_date, day.zone, watermark)
    )
    return with_linked(dates, neighbours)
