"""Numbers, dates and visitors' own words as people read them; formatting only."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.load import RULES
from serving.query.schemas import Number, Value
from serving.reports.figures import Figures
from serving.reports.periods import Every, Period, hours_of

NONE: Final = "\u2013"
_NOTHING: Final = "(none)"
_MINUS: Final = "\u2212"
_BREAK: Final = "\u200b"  # takes no room; a mail program that meets it makes no link
_LINKING: Final = ".:@"
_MOST: Final = 10.0  # beyond tenfold the digits of a change say nothing
_DAY_HOURS: Final = 24


def value(number: Number, unit: str) -> str:
    """Write a metric in full, as the dashboard does."""
    if number is None:
        return NONE
    match unit:
        case "ratio":
            return f"{number:.1%}"
        case "ms":
            return duration(number)
        case "USD":
            return f"{_MINUS if number < 0 else ''}${abs(number):,.2f}"
        case "number":
            return f"{number:,.2f}"
        case _:
            return f"{number:,.0f}"


def duration(ms: float) -> str:
    """Write milliseconds as `1h 02m`, `4m 05s` or `12s`."""
    minutes, seconds = divmod(round(ms / 1000), 60)
    if not minutes:
        return f"{seconds}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s"


def change(share: float | None) -> str:
    """Write a change (0.12 = 12 % more) with its sign; one from nothing has no number."""
    if share is None:
        return NONE
    if abs(share) >= _MOST:
        return ">+1,000%" if share > 0 else f"<{_MINUS}1,000%"
    sign = "+" if share > 0 else _MINUS if share < 0 else ""
    return f"{sign}{abs(share):.{1 if abs(share) < 0.0995 else 0}%}"


def shown(text: Value) -> str:
    """Write what a visitor sent: in one line, short, and never a link or a change of direction.

    Whoever sends events chooses this text. Mail programs make links of what looks like an
    address, so the characters of addresses are followed by a break of no width.
    """
    if text is None or not text.strip():
        return _NOTHING
    plain = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    plain = " ".join(plain.split()) or _NOTHING
    if len(plain) > RULES.reports.value_length:
        plain = plain[: RULES.reports.value_length - 1] + "\u2026"
    return "".join(one + _BREAK if one in _LINKING else one for one in plain)


def name(text: str) -> str:
    """Write a site's name in one line, as a header of a mail must be."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def day(one: date) -> str:
    """Write a date with its weekday."""
    return f"{one:%a} {one.day} {one:%b}"


def dates(every: Every, period: Period) -> str:
    """Write a period: a day, or a week by its two ends."""
    last = period.last
    if every is Every.DAILY:
        return f"{last:%A} {last.day} {last:%B %Y}"
    first = period.first
    begin = f"{first.day} {first:%b}" + (f" {first:%Y}" if first.year != last.year else "")
    return f"{begin} {NONE} {last.day} {last:%b %Y}"


def clock(instant: datetime, zone: str) -> str:
    """Write an instant as the site's own clock shows it."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} {local:%Y %H:%M %Z}"


def subject(figures: Figures) -> str:
    """Write the line that a mailbox shows: site, period and the first total."""
    first = figures.totals[0]
    told = "" if first.change is None else f" ({change(first.change)})"
    return (
        f"{name(figures.site_name)}, {dates(figures.every, figures.period)}: "
        f"{value(first.value, first.unit)} {first.label.lower()}{told}"
    )


def freshness(figures: Figures) -> str:
    """Say up to when events are in, and where a day is longer or shorter than others."""
    if figures.as_of is None:
        told = "No event has come yet."
    else:
        told = f"Every event that came until {clock(figures.as_of, figures.zone)} is counted."
    odd = [
        f"{day(one)} had {hours:g} hours."
        for one in figures.period.dates()
        if (hours := hours_of(one, figures.zone)) != _DAY_HOURS
    ]
    return " ".join([told, *odd])


def provisional(figures: Figures) -> str:
    """Say which days may still change; empty if none of the period's can."""
    if not figures.open_dates:
        return ""
    listed = ", ".join(day(one) for one in figures.open_dates)
    return f"Provisional: the figures of {listed} may still change, until the day is restated."


def written_at(figures: Figures) -> str:
    """Write when the figures were read, in UTC."""
    return f"{figures.asked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
