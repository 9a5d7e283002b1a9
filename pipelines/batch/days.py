"""Days as a site's zone has them, and which of them to restate together: pure functions."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schemas.load import RULES

MOVED: Final = "changed sessions"  # a reason: a session of the day and rows of another meet
_DAY: Final = timedelta(days=1)


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


@dataclass(frozen=True)
class Room:
    """What a run has room for: days, and events by their counts; one day always fits."""

    days: int
    events: int
    counts: Mapping[date, int]

    def holds(self, dates: Sequence[date]) -> bool:
        """Whether a run may take all of the dates."""
        events = sum(self.counts.get(day, 0) for day in dates)
        return len(dates) <= 1 or (len(dates) <= self.days and events <= self.events)


def runs_of(
    dates: Iterable[date], moved: Collection[date], room: Room
) -> Iterator[tuple[date, ...]]:
    """Split dates into runs of neighbouring days, in order.

    A run is switched to at once. It ends between days that share no moved session, unless it
    has no room for all that do: then readers may meet such a session twice, or not at all, until
    the next run follows.
    """
    run: list[date] = []
    for chain in _chains(dates, moved, room):
        if run and (chain[0] != run[-1] + _DAY or not room.holds([*run, *chain])):
            yield tuple(run)
            run = []
        run += chain
    if run:
        yield tuple(run)


def _chains(dates: Iterable[date], moved: Collection[date], room: Room) -> Iterator[list[date]]:
    chain: list[date] = []
    for day in sorted(set(dates)):
        if chain and not (_are_linked(chain[-1], day, moved) and room.holds([*chain, day])):
            yield chain
            chain = []
        chain.append(day)
    if chain:
        yield chain


def _are_linked(one: date, other: date, moved: Collection[date]) -> bool:
    """Whether two days must be switched at once: a session moves between neighbours only."""
    return abs(other - one) == _DAY and (one in moved or other in moved)


def with_linked(
    dates: Iterable[date], linked: Iterable[date], moved: Collection[date]
) -> tuple[date, ...]:
    """Return the dates with every linked neighbour, and theirs, in order."""
    chosen, candidates = set(dates), set(linked)
    while news := {
        day
        for day in candidates - chosen
        if any(_are_linked(day, near, moved) for near in (day - _DAY, day + _DAY) if near in chosen)
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


def within_budget(dates: Sequence[date], recent_days: int, at_most: int) -> tuple[date, ...]:
    """Return so many of the dates at most, in order: the newest few, which people look at, then
    the oldest, because newer days look back on them."""
    ordered = sorted(dates)
    older, recent = ordered[:-recent_days], ordered[-recent_days:]
    return tuple(older[: max(0, at_most - len(recent))] + recent)


def moved_days(due: Iterable[DueDay]) -> frozenset[date]:
    """Return the days of whose sessions some take rows of a neighbour, or go over to it."""
    return frozenset(day.local_date for day in due if MOVED in day.reasons)


def linked_to(
    dates: Iterable[date], due: Sequence[DueDay], watermark: datetime | None
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
    return with_linked(dates, neighbours, moved_days(due))
