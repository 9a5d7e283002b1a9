"""Ranges and buckets of time in a zone; pure functions, the clock is passed in.

A period is half-open: `start` included, `end` excluded. Local days may have 23 or 25 hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schemas.load import RULES
from serving.errors import QueryError, query_error

UNITS: Final = ("minute", "hour", "day", "week", "month")
DAYS: Final = {"day": 1, "7d": 7, "28d": 28, "30d": 30, "91d": 91}
MONTHS: Final = {"month": 1, "6mo": 6, "12mo": 12}
NAMES: Final = (*DAYS, "24h", *MONTHS, "year", "all")
MAX_BUCKETS: Final = 5_000
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
_WEEK: Final = timedelta(days=7)
_STEP: Final = timedelta(minutes=15)  # every offset in use today is a multiple of this
Bucket = date | datetime


@dataclass(frozen=True)
class Span:
    """A resolved range in a zone; `start` and `end` are instants in UTC."""

    start: datetime
    end: datetime
    zone: str

    @property
    def tz(self) -> ZoneInfo:
        """The zone whose days and hours count."""
        return ZoneInfo(self.zone)

    @property
    def first_date(self) -> date:
        """The local date of the first instant."""
        return self.start.astimezone(self.tz).date()

    @property
    def last_date(self) -> date:
        """The local date of the last instant."""
        return (self.end - timedelta(microseconds=1)).astimezone(self.tz).date()


def midnight(day: date, zone: str) -> datetime:
    """Return the first instant of a local date, in UTC.

    TRICKY: where the clock skips midnight the day starts at the end of the gap; an ambiguous
    midnight is the first of the two (fold=0).
    """
    naive = datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(zone))
    instant = naive.astimezone(UTC)
    if instant.astimezone(naive.tzinfo).replace(tzinfo=None) != naive.replace(tzinfo=None):
        instant = naive.replace(fold=1).astimezone(UTC)
        while instant.astimezone(naive.tzinfo).date() < day:
            instant += _STEP
    return instant


def of_dates(first: date, last: date, zone: str) -> Span:
    """Return the span of two local dates, both included."""
    return Span(midnight(first, zone), midnight(last + timedelta(days=1), zone), zone)


def days_asked(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return the first and last local date asked for: of a week, and until today, if not said."""
    last = last or today
    first = first or max(date.min + _WEEK, last) - _WEEK + timedelta(days=1)
    for place, day in (("to", last), ("from", first)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise _no_year((place,), str(day))
    if last < first:
        raise query_error(("to",), "It lies before `from`.", "Exchange the two.")
    return first, last


def named(name: str, zone: str, now: datetime, first_ever: date) -> Span:
    """Return the span of a name; all but `24h` start with a local day and end with today."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if name == "24h":
        end = floor(now, "hour", zone) + timedelta(hours=1)
        return Span(end - timedelta(hours=24), end, zone)
    if name == "all":
        return of_dates(min(first_ever, today), today, zone)
    if name == "year":
        return of_dates(today.replace(month=1, day=1), today, zone)
    if name in MONTHS:
        return of_dates(months_before(today.replace(day=1), MONTHS[name] - 1), today, zone)
    return of_dates(today - timedelta(days=DAYS[name] - 1), today, zone)


def resolve(asked: str | list[str], zone: str, now: datetime, first_ever: date) -> Span:
    """Return the span of a `date_range`, or raise QueryError saying what may stand there."""
    if isinstance(asked, str):
        if asked not in NAMES:
            raise query_error(
                ("date_range",),
                f"{asked!r} is not a date range.",
                f"Use one of {', '.join(NAMES)}, or [from, to].",
            )
        return named(asked, zone, now, first_ever)
    return between(asked, zone, ("date_range",))


def between(asked: list[str], zone: str, loc: tuple[str | int, ...]) -> Span:
    """Return the span of `[from, to]`: two dates, or two instants with an offset."""
    if len(asked) != 2:
        raise query_error(loc, "A date range has two ends.", 'Write ["2026-03-01", "2026-03-31"].')
    start, end = (_parsed(text, (*loc, index)) for index, text in enumerate(asked))
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise query_error(loc, "One end is a date, the other an instant.", "Use two of a kind.")
    if isinstance(start, datetime) and isinstance(end, datetime):
        span = Span(start.astimezone(UTC), end.astimezone(UTC), zone)
    else:
        span = of_dates(start, end, zone)
    if span.end <= span.start:
        raise query_error(loc, "The range ends before it starts.", "Swap its two ends.")
    return span


def _parsed(text: str, loc: tuple[str | int, ...]) -> Bucket:
    try:
        found: Bucket = (
            date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        )
    except ValueError:
        raise query_error(
            loc,
            f"{text!r} is neither a date nor an instant.",
            "Write 2026-03-01, or 2026-03-01T08:00:00+01:00.",
        ) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _no_year(loc, text)
    if isinstance(found, datetime) and found.tzinfo is None:
        raise query_error(loc, f"{text!r} has no offset.", f"Write {text}Z for UTC.")
    return found


def _no_year(loc: tuple[str | int, ...], text: str) -> QueryError:
    return query_error(loc, f"The year of {text!r} is not between {FIRST_YEAR} and {LAST_YEAR}.")


def before(span: Span, now: datetime) -> Span:
    """Return the period of the same length just before.

    Whole days move by whole local days. A span that still runs is compared with as much of
    the earlier one as has passed of it, to the minute, so that part is not set beside whole.
    """
    days = (span.last_date - span.first_date).days + 1
    if _is_whole_days(span):
        earlier = of_dates(
            span.first_date - timedelta(days=days), span.first_date - timedelta(days=1), span.zone
        )
    else:
        earlier = Span(span.start - (span.end - span.start), span.start, span.zone)
    return _cut(earlier, span, now)


def year_before(span: Span, now: datetime) -> Span:
    """Return the same dates a year earlier; 29 February becomes the 28th."""
    earlier = Span(_year_back(span.start, span.zone), _year_back(span.end, span.zone), span.zone)
    return _cut(earlier, span, now)


def _year_back(instant: datetime, zone: str) -> datetime:
    local = instant.astimezone(ZoneInfo(zone))
    day = months_before(local.date(), 12)
    return datetime.combine(day, local.time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _cut(earlier: Span, span: Span, now: datetime) -> Span:
    if not span.start < now < span.end:
        return earlier
    local = now.astimezone(span.tz)
    days = (local.date() - span.first_date).days
    clock = local.time().replace(second=0, microsecond=0)
    if _is_whole_days(span):
        day = earlier.first_date + timedelta(days=days)
        end = datetime.combine(day, clock, tzinfo=span.tz).astimezone(UTC)
    else:
        end = earlier.start + (now.replace(second=0, microsecond=0) - span.start)
    return Span(earlier.start, max(earlier.start, min(end, earlier.end)), span.zone)


def _is_whole_days(span: Span) -> bool:
    return midnight(span.first_date, span.zone) == span.start and span.end == midnight(
        span.last_date + timedelta(days=1), span.zone
    )


def months_before(day: date, months: int) -> date:
    """Return the same day some months earlier, at most the last day of that month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def floor(instant: datetime, unit: str, zone: str) -> datetime:
    """Return the start of the bucket an instant lies in, in UTC."""
    local = instant.astimezone(ZoneInfo(zone))
    if unit == "minute":
        return instant.astimezone(UTC).replace(second=0, microsecond=0)
    if unit == "hour":
        within = timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return instant.astimezone(UTC) - within
    return midnight(bucket_date(local.date(), unit), zone)


def bucket_date(day: date, unit: str) -> date:
    """Return the date that names the day, week or month of a date."""
    if unit == "week":
        return day - timedelta(days=(day.isoweekday() - RULES.sessions.first_day_of_week) % 7)
    return day.replace(day=1) if unit == "month" else day


def buckets(span: Span, unit: str, now: datetime) -> list[Bucket]:
    """Return all buckets of a span in order, up to the one that runs now.

    Days, weeks, months are dates; hours and minutes are instants in the zone.
    """
    end = min(span.end, max(now, span.start + timedelta(microseconds=1)))
    found: list[Bucket] = []
    for bucket in _walk(Span(span.start, end, span.zone), unit):
        if len(found) == MAX_BUCKETS:
            raise query_error(
                ("dimensions",),
                f"time:{unit} makes more than {MAX_BUCKETS} buckets of this range.",
                "Ask for a longer unit or a shorter range.",
            )
        found.append(bucket)
    return found


def _walk(span: Span, unit: str) -> Iterator[Bucket]:
    if unit in ("minute", "hour"):
        yield from _walk_clock(span, unit)
        return
    day = bucket_date(span.first_date, unit)
    while day <= span.last_date:
        yield day
        day = bucket_date(day + timedelta(days={"day": 1, "week": 7, "month": 32}[unit]), unit)


def _walk_clock(span: Span, unit: str) -> Iterator[datetime]:
    step = timedelta(minutes=1) if unit == "minute" else _STEP
    instant, last = floor(span.start, unit, span.zone), None
    while instant < span.end:
        bucket = floor(instant, unit, span.zone)
        if bucket != last:
            yield bucket.astimezone(span.tz)
            last = bucket
        instant += step


def written(bucket: Bucket) -> str:
    """Write a bucket as answers do: a date, or an instant with the offset of its zone."""
    return bucket.isoformat(timespec="seconds") if isinstance(bucket, datetime) else str(bucket)
